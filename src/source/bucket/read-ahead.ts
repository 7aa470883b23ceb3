import type { ObjectRange } from './get-range.js';

/** Requests that one thread has under way at once, and bytes of answers that it holds. */
const MOST_REQUESTS = 32;
const MOST_BYTES = 32 << 20;

/** Reads ranges some way ahead of who takes them, in their order; memory is bounded. */
export class ReadAhead {
  readonly #ahead: { readonly range: ObjectRange; readonly bytes: Promise<Buffer> }[] = [];
  readonly #ranges: Iterator<ObjectRange>;
  #bytes = 0;

  constructor(
    ranges: Iterable<ObjectRange>,
    private readonly read: (range: ObjectRange) => Promise<Buffer>,
  ) {
    this.#ranges = ranges[Symbol.iterator]();
  }

  /** @returns the bytes of the next range; undefined when there is none @throws what reading it threw */
  async next(): Promise<Buffer | undefined> {
    this.#fill();
    const first = this.#ahead.shift();
    if (first === undefined) return undefined;
    try {
      return await first.bytes;
    } finally {
      this.#bytes -= first.range.length;
      this.#fill();
    }
  }

  #fill(): void {
    while (
      this.#ahead.length < MOST_REQUESTS &&
      (this.#ahead.length === 0 || this.#bytes < MOST_BYTES)
    ) {
      const { value: range, done } = this.#ranges.next();
      if (done) return;
      const bytes = this.read(range);
      // Whoever takes it hears of a failure; perhaps nobody does.
      bytes.catch(() => undefined);
      this.#bytes += range.length;
      this.#ahead.push({ range, bytes });
    }
  }
}
