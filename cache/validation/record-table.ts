/**
 * Which record is of which hash, in 10 to 20 bytes of memory a record: its number, and 32 bits of the hash. The hashes themselves are
 * on disk, and looked up there to tell two apart.
 */
export class RecordTable {
  /** Numbers from 1; 0 is free. A power of two, at most four fifths taken. */
  #slots = new Uint32Array(1 << 10);
  #words = new Uint32Array(1 << 10);
  #count = 0;

  /** @param isOf whether a record is of that hash */
  constructor(private readonly isOf: (number: number, hash: Uint8Array) => boolean) {}

  /** @returns the number of the record of that hash */
  find(hash: Uint8Array): number | undefined {
    const found = this.#slots[this.#slotOf(hash)];
    return found === 0 ? undefined : found - 1;
  }

  /** From now on this record is the one of that hash. */
  set(hash: Uint8Array, number: number): void {
    if (this.#count * 5 >= this.#slots.length * 4) this.#grow();
    const slot = this.#slotOf(hash);
    if (this.#slots[slot] === 0) this.#count++;
    this.#slots[slot] = number + 1;
    this.#words[slot] = wordOf(hash);
  }

  /** The slot of the hash, or the free one where it belongs. */
  #slotOf(hash: Uint8Array): number {
    const mask = this.#slots.length - 1;
    const word = wordOf(hash);
    for (let slot = word & mask; ; slot = (slot + 1) & mask) {
      const found = this.#slots[slot];
      if (found === 0) return slot;
      if (this.#words[slot] === word && this.isOf(found - 1, hash)) return slot;
    }
  }

  #grow(): void {
    const slots = this.#slots;
    const words = this.#words;
    this.#slots = new Uint32Array(slots.length * 2);
    this.#words = new Uint32Array(slots.length * 2);
    const mask = this.#slots.length - 1;
    for (let old = 0; old < slots.length; old++) {
      if (slots[old] === 0) continue;
      let slot = words[old] & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = slots[old];
      this.#words[slot] = words[old];
    }
  }
}

function wordOf(hash: Uint8Array): number {
  return (hash[0] | (hash[1] << 8) | (hash[2] << 16) | (hash[3] << 24)) >>> 0;
}
