/** Stands for "the log names no address"; its sealed form is 16 zero bytes (cache/FORMAT.md section 5). */
export const NO_ADDRESS = 0;

/**
 * Gives equal addresses equal small numbers. Raw addresses live only here, in memory, until
 * {@link sealAll} turns them into their sealed form for a segment.
 */
export class AddressInterner {
  #words = new Uint32Array(4 * 4096);
  #slots = new Uint32Array(8192);
  #count = 1;

  /** Number of ids, {@link NO_ADDRESS} included. */
  get count(): number {
    return this.#count;
  }

  clear(): void {
    this.#words.fill(0, 0, this.#count * 4);
    this.#slots.fill(0);
    this.#count = 1;
  }

  /** @param words an address in 16-byte form as four big-endian words */
  intern(words: Uint32Array): number {
    const [a, b, c, d] = [words[0], words[1], words[2], words[3]];
    const mask = this.#slots.length - 1;
    let slot = hash(a, b, c, d) & mask;
    for (let id = this.#slots[slot]; id !== 0; id = this.#slots[slot]) {
      const at = id * 4;
      const known = this.#words;
      if (known[at + 3] === d && known[at] === a && known[at + 1] === b && known[at + 2] === c) {
        return id;
      }
      slot = (slot + 1) & mask;
    }
    const id = this.#count++;
    if (id * 4 >= this.#words.length) this.#growWords();
    this.#words.set(words, id * 4);
    this.#slots[slot] = id;
    if (this.#count * 2 > this.#slots.length) this.#growSlots();
    return id;
  }

  /**
   * @param seal turns `count` addresses of 16 bytes each into sealed ones
   * @returns the sealed address of every id, 16 bytes each; of {@link NO_ADDRESS} zeros
   */
  sealAll(seal: (addresses: Uint8Array, count: number, out: Uint8Array) => void): Uint8Array {
    const count = this.#count - 1;
    const raw = new Uint8Array(count * 16);
    const view = new DataView(raw.buffer);
    for (let word = 0; word < count * 4; word++) view.setUint32(word * 4, this.#words[word + 4]);
    const sealed = new Uint8Array((count + 1) * 16);
    seal(raw, count, sealed.subarray(16));
    raw.fill(0);
    return sealed;
  }

  #growWords(): void {
    const words = new Uint32Array(this.#words.length * 2);
    words.set(this.#words);
    this.#words.fill(0);
    this.#words = words;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let id = 1; id < this.#count; id++) {
      const at = id * 4;
      const words = this.#words;
      let slot = hash(words[at], words[at + 1], words[at + 2], words[at + 3]) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = id;
    }
    this.#slots = slots;
  }
}

function hash(a: number, b: number, c: number, d: number): number {
  let mixed = Math.imul(d ^ Math.imul(c, 0x9e3779b1), 0x85ebca6b);
  mixed ^= mixed >>> 15;
  mixed = Math.imul(mixed ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(a, 0x27d4eb2f), 0x165667b1);
  return (mixed ^ (mixed >>> 13)) >>> 0;
}
