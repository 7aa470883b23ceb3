/** Words of 32 bits in a sealed address. */
export const WORDS = 4;

/** Sealed addresses, numbered from 1 as they come; 16 zero bytes ("none") have the number 0. */
export class RequesterTable {
  /** Addresses by number, as words; number 0 is there, too. */
  words: Uint32Array;
  /** Numbers given so far, 0 among them. */
  count = 1;
  #slots: Uint32Array;

  /** @param expected how many addresses will come, roughly */
  constructor(expected = 1000) {
    let slots = 4096;
    while (slots < expected * 2) slots *= 2;
    this.#slots = new Uint32Array(slots);
    this.words = new Uint32Array(Math.max(2048, Math.ceil(expected * 1.1)) * WORDS);
  }

  /** The number of an address; a new one if it has none. */
  number(a: number, b: number, c: number, d: number): number {
    if ((a | b | c | d) === 0) return 0;
    const { words } = this;
    const mask = this.#slots.length - 1;
    // Sealed addresses are as good as random: any of their bits are a hash.
    for (let slot = (a ^ Math.imul(c, 0x9e3779b1)) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot];
      if (number === 0) return this.#add(slot, a, b, c, d);
      const at = number * WORDS;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) {
        return number;
      }
    }
  }

  /** The number of an address; 0 if it has none. */
  find(a: number, b: number, c: number, d: number): number {
    const { words } = this;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = (a ^ Math.imul(c, 0x9e3779b1)) & mask; ; slot = (slot + 1) & mask) {
      const number = slots[slot];
      if (number === 0) return 0;
      const at = number * WORDS;
      if (words[at] === a && words[at + 1] === b && words[at + 2] === c && words[at + 3] === d) {
        return number;
      }
    }
  }

  /** Numbers of addresses that stand one behind the other as words. */
  numbers(words: Uint32Array): Uint32Array {
    const numbers = new Uint32Array(words.length / WORDS);
    for (let i = 0, p = 0; i < numbers.length; i++, p += WORDS) {
      numbers[i] = this.number(words[p], words[p + 1], words[p + 2], words[p + 3]);
    }
    return numbers;
  }

  #add(slot: number, a: number, b: number, c: number, d: number): number {
    const number = this.count++;
    const at = number * WORDS;
    if (at === this.words.length) {
      const more = new Uint32Array(this.words.length * 2);
      more.set(this.words);
      this.words = more;
    }
    this.words[at] = a;
    this.words[at + 1] = b;
    this.words[at + 2] = c;
    this.words[at + 3] = d;
    this.#slots[slot] = number;
    if (this.count * 2 > this.#slots.length) this.#growSlots();
    return number;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let number = 1; number < this.count; number++) {
      const at = number * WORDS;
      let slot = (this.words[at] ^ Math.imul(this.words[at + 2], 0x9e3779b1)) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = number;
    }
    this.#slots = slots;
  }
}
