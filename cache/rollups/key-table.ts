import { randomBytes } from 'node:crypto';
import { GROUP_HEAD_WORDS } from './spill.js';

/** Under the hashes, so that nobody can make keys that collide. */
const SEED = randomBytes(4).readUInt32LE() | 1;

/** Numbers the keys of groups of records (see SpillWriter) from 0, as they come. */
export class KeyTable {
  readonly #words: Uint32Array;
  readonly #bytes: Buffer;
  /** Of each key: where its first group begins, and its hash. */
  #at = new Uint32Array(1 << 10);
  #hashes = new Uint32Array(1 << 10);
  /** Number + 1. */
  #slots = new Uint32Array(1 << 12);
  #count = 0;

  constructor(words: Uint32Array) {
    this.#words = words;
    this.#bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
  }

  /** The number of the key of a group. @param p where the group begins */
  number(p: number): number {
    const words = this.#words;
    const head = words[p];
    const start = p + GROUP_HEAD_WORDS;
    const end = start + (((head >>> 1) + 3) >>> 2);
    let hash = SEED ^ (head >>> 1) ^ (words[p + 2] << 20);
    for (let i = start; i < end; i++) {
      hash = Math.imul(hash ^ words[i], 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = (Math.imul(hash, 0x85ebca6b) ^ (hash >>> 13)) >>> 0;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const found = slots[slot];
      if (found === 0) return this.#add(slot, p, hash);
      if (this.#hashes[found - 1] === hash && this.#isSame(p, this.#at[found - 1], end - start)) {
        return found - 1;
      }
    }
  }

  /** The dataset, as Latin-1. */
  dataset(key: number): string {
    return this.#text(key, 0, this.#words[this.#at[key] + 2]);
  }

  /** What follows the dataset and its slash, as Latin-1. */
  asset(key: number, datasetLength: number): string {
    return this.#text(key, datasetLength + 1, this.#words[this.#at[key]] >>> 1);
  }

  #text(key: number, from: number, end: number): string {
    const start = (this.#at[key] + GROUP_HEAD_WORDS) * 4;
    return this.#bytes.toString('latin1', start + Math.min(from, end), start + end);
  }

  #isSame(one: number, other: number, keyWords: number): boolean {
    const words = this.#words;
    if (words[one] >>> 1 !== words[other] >>> 1) return false;
    for (let i = 2; i < GROUP_HEAD_WORDS + keyWords; i++) {
      if (words[one + i] !== words[other + i]) return false;
    }
    return true;
  }

  #add(slot: number, p: number, hash: number): number {
    const key = this.#count++;
    if (key === this.#at.length) {
      this.#at = doubled(this.#at);
      this.#hashes = doubled(this.#hashes);
    }
    this.#at[key] = p;
    this.#hashes[key] = hash;
    this.#slots[slot] = key + 1;
    if (this.#count * 2 > this.#slots.length) this.#growSlots();
    return key;
  }

  #growSlots(): void {
    const slots = new Uint32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let key = 0; key < this.#count; key++) {
      let slot = this.#hashes[key] & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = key + 1;
    }
    this.#slots = slots;
  }
}

function doubled(values: Uint32Array): Uint32Array<ArrayBuffer> {
  const more = new Uint32Array(values.length * 2);
  more.set(values);
  return more;
}
