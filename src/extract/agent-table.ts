/** More of a user agent is not looked at: some clients send kilobytes. */
const MOST_BYTES = 1024;

/** Distinct user agents of the records in hand, by small ids; 0 stands for a record that does not come from a line. */
export class AgentTable {
  /** How many bytes they have. */
  bytes = 0;
  readonly #ids = new Map<string, number>([['', 0]]);
  #texts: string[] = [''];

  get count(): number {
    return this.#texts.length;
  }

  /** @returns the id of the bytes from `start` up to `end` */
  intern(bytes: Buffer, start: number, end: number): number {
    const key = bytes.toString('latin1', start, Math.min(end, start + MOST_BYTES));
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    const id = this.#texts.push(key) - 1;
    this.#ids.set(key, id);
    this.bytes += key.length;
    return id;
  }

  /** Decoded as UTF-8. */
  text(id: number): string {
    return Buffer.from(this.#texts[id], 'latin1').toString('utf8');
  }

  clear(): void {
    this.#ids.clear();
    this.#ids.set('', 0);
    this.#texts = [''];
    this.bytes = 0;
  }
}
