import { ByteReader } from './byte-reader.js';

/**
 * Counts the distinct requesters of one dataset that several blocks hold, each of which holds none twice.
 *
 * Those of all blocks but the largest are marked, and only then is the largest one gone through: usually that is
 * years of records, and the others are last nights. A mark is one bit, so that those of millions of requesters
 * stay in the processor's caches. A dataset of one block is not gone through at all.
 */
export class DistinctRequesters {
  readonly #marks: Uint32Array;
  /** Those marked. */
  #marked = new Uint32Array(1024);

  /** @param requesters numbers of requesters are below it */
  constructor(requesters: number) {
    this.#marks = new Uint32Array(Math.ceil(requesters / 32));
  }

  /**
   * @param sections of requesters (FORMAT.md section 9)
   * @returns how many; number 0, which stands for none, does not count
   */
  count(sections: readonly Uint8Array[]): number {
    if (sections.length === 0) return 0;
    const largest = sections.reduce((a, b) => (b.length > a.length ? b : a));
    const marked = this.#markAll(sections.filter((section) => section !== largest));
    const both = marked === 0 ? 0 : this.#countMarked(largest);
    for (let i = 0; i < marked; i++) this.#marks[this.#marked[i] >>> 5] = 0;
    return marked + distinctIn(largest) - both;
  }

  /** @returns how many are marked now */
  #markAll(sections: readonly Uint8Array[]): number {
    const marks = this.#marks;
    let count = 0;
    for (const section of sections) {
      const from = new ByteReader(section);
      for (let left = from.count(); left > 0; left--) {
        const requester = from.varint();
        const word = requester >>> 5;
        const bit = 1 << (requester & 31);
        if ((marks[word] & bit) !== 0 || requester === 0) continue;
        marks[word] |= bit;
        if (count === this.#marked.length) this.#grow();
        this.#marked[count++] = requester;
      }
    }
    return count;
  }

  /** Most of what an update reads goes through here: numbers are decoded where they are looked up. */
  #countMarked(section: Uint8Array): number {
    const from = new ByteReader(section);
    const marks = this.#marks;
    let count = 0;
    let left = from.count();
    for (let at = from.at; left > 0; left--) {
      let byte = section[at++];
      let requester = byte & 127;
      for (let shift = 7; byte >= 128; shift += 7) {
        byte = section[at++];
        requester |= (byte & 127) << shift;
      }
      count += (marks[requester >>> 5] >>> (requester & 31)) & 1;
    }
    return count;
  }

  #grow(): void {
    const more = new Uint32Array(this.#marked.length * 2);
    more.set(this.#marked);
    this.#marked = more;
  }
}

/** How many one section holds, but for number 0: the only one with a byte of 0 (varints are as short as can be). */
function distinctIn(section: Uint8Array): number {
  const from = new ByteReader(section);
  const count = from.count();
  return section.indexOf(0, from.at) === -1 ? count : count - 1;
}
