import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Extent, readExtents, removeSpill, SpillWriter } from '../rollups/spill.js';
import { PARTITIONS, WORD, WORDS } from './line-hashes.js';

/** What was put aside, and where it is. */
export interface HashSpill {
  readonly path: string;
  readonly extents: readonly Extent[];
}

/** A line that stands elsewhere, too, and where it stands first. */
export interface EqualLine {
  readonly file: number;
  readonly offset: number;
  readonly isRecord: boolean;
  readonly bytesSent: bigint;
  readonly firstFile: number;
  readonly firstOffset: number;
}

/** Lines that are compared in one table: some 100 MB. */
const MOST_LINES = 1 << 21;

/** So many bytes of hashes are the same only in copies of one line. */
const DEEPEST = 7;

/**
 * Find lines that are there more than once, in bounded memory: partition by partition, and what is too much for one is
 * parted again by the next byte.
 *
 * @param folder for spill files
 * @param isIgnored tells files that could not be read to their end
 * @param onEqual called for every line but the first of its kind; the first is the one of the lowest number of file
 *   and offset
 */
export async function findEqualLines(
  spills: readonly HashSpill[],
  folder: string,
  isIgnored: (file: number) => boolean,
  onEqual: (line: EqualLine) => void,
  mostLines = MOST_LINES,
): Promise<void> {
  const level = async (parts: readonly HashSpill[], depth: number): Promise<void> => {
    const grouped = parts.map(({ path, extents }) => ({ path, groups: byPartition(extents) }));
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const here = grouped.map(({ path, groups }) => ({ path, extents: groups[partition] }));
      const words = here.reduce((sum, { extents }) => sum + wordsOf(extents), 0);
      if (words === 0) continue;
      if (words / WORDS <= mostLines || depth >= DEEPEST) {
        compareAll(here, isIgnored, onEqual);
      } else {
        const path = join(folder, `${depth}-${partition}.hashes`);
        const extents = partAgain(here, depth, path);
        await level([{ path, extents }], depth + 1);
        removeSpill(path);
      }
      await nextTurn();
    }
  };
  await level(spills, 1);
}

function byPartition(extents: readonly Extent[]): Extent[][] {
  const groups: Extent[][] = Array.from({ length: PARTITIONS }, () => []);
  for (const extent of extents) groups[extent.partition].push(extent);
  return groups;
}

function wordsOf(extents: readonly Extent[]): number {
  return extents.reduce((sum, { words }) => sum + words, 0);
}

/** Each extent by itself: they are of some 64 KiB. The words are valid until the next. */
function* wordsOfEach(spills: readonly HashSpill[]): Generator<Uint32Array> {
  let room = new Uint32Array(0);
  for (const { path, extents } of spills) {
    for (const extent of extents) {
      if (room.length < extent.words) room = new Uint32Array(extent.words);
      readExtents(path, [extent], room, 0);
      yield room.subarray(0, extent.words);
    }
  }
}

function partAgain(spills: readonly HashSpill[], depth: number, path: string): Extent[] {
  const writer = new SpillWriter(path);
  for (const words of wordsOfEach(spills)) {
    for (let at = 0; at < words.length; at += WORDS) {
      const partition = (words[at + (depth >> 2)] >>> (24 - 8 * (depth & 3))) & 0xff;
      const room = writer.room(partition, WORDS);
      const used = writer.used(partition);
      room.set(words.subarray(at, at + WORDS), used);
      writer.setUsed(partition, used + WORDS);
    }
  }
  return writer.finish();
}

function compareAll(
  spills: readonly HashSpill[],
  isIgnored: (file: number) => boolean,
  onEqual: (line: EqualLine) => void,
): void {
  const table = new FirstLines();
  for (const words of wordsOfEach(spills)) {
    for (let at = 0; at < words.length; at += WORDS) {
      if (!isIgnored(words[at + WORD.file])) table.add(words, at);
    }
  }
  // Only now is it known which line is the first.
  for (const words of wordsOfEach(spills)) {
    for (let at = 0; at < words.length; at += WORDS) {
      if (isIgnored(words[at + WORD.file])) continue;
      const first = table.firstOf(words, at);
      if (first !== undefined) onEqual({ ...placeOf(words, at), ...first });
    }
  }
}

function placeOf(
  words: Uint32Array,
  at: number,
): Pick<EqualLine, 'file' | 'offset' | 'isRecord' | 'bytesSent'> {
  const high = words[at + WORD.bytes + 1];
  return {
    file: words[at + WORD.file],
    offset: offsetOf(words, at),
    isRecord: high >= 2 ** 31,
    bytesSent: (BigInt(high & 0x7fffffff) << 32n) + BigInt(words[at + WORD.bytes]),
  };
}

function offsetOf(words: Uint32Array, at: number): number {
  return words[at + WORD.offset] + words[at + WORD.offset + 1] * 2 ** 32;
}

/** Words of an entry: the hash, and where it stands first. */
const ENTRY = WORD.bytes;

/** Different lines and where each stands first: a hash table that grows with them. */
class FirstLines {
  #entries = new Uint32Array(1024 * ENTRY);
  #count = 0;
  /** Numbers of entries from 1, by the last word of the hash, whose bits no partition has in common; a power of two. */
  #slots = new Int32Array(4096);

  add(words: Uint32Array, at: number): void {
    const slot = this.#find(words, at);
    const entry = (this.#slots[slot] - 1) * ENTRY;
    if (entry < 0) {
      if ((this.#count + 1) * ENTRY > this.#entries.length) this.#grow();
      this.#entries.set(words.subarray(at, at + ENTRY), this.#count * ENTRY);
      this.#slots[this.#find(words, at)] = ++this.#count;
      return;
    }
    const entries = this.#entries;
    const file = words[at + WORD.file];
    const firstFile = entries[entry + WORD.file];
    const isBefore =
      file < firstFile || (file === firstFile && offsetOf(words, at) < offsetOf(entries, entry));
    if (isBefore) entries.set(words.subarray(at, at + ENTRY), entry);
  }

  /** @returns undefined for the first itself */
  firstOf(
    words: Uint32Array,
    at: number,
  ): Pick<EqualLine, 'firstFile' | 'firstOffset'> | undefined {
    const entries = this.#entries;
    const entry = (this.#slots[this.#find(words, at)] - 1) * ENTRY;
    const firstFile = entries[entry + WORD.file];
    const firstOffset = offsetOf(entries, entry);
    const isFirst = words[at + WORD.file] === firstFile && offsetOf(words, at) === firstOffset;
    return isFirst ? undefined : { firstFile, firstOffset };
  }

  /** The slot of a hash, or the free one where it belongs. */
  #find(words: Uint32Array, at: number): number {
    const entries = this.#entries;
    const mask = this.#slots.length - 1;
    for (let slot = words[at + 3] & mask; ; slot = (slot + 1) & mask) {
      const entry = (this.#slots[slot] - 1) * ENTRY;
      if (entry < 0) return slot;
      let i = 0;
      while (i < 4 && entries[entry + i] === words[at + i]) i++;
      if (i === 4) return slot;
    }
  }

  #grow(): void {
    const entries = new Uint32Array(this.#entries.length * 2);
    entries.set(this.#entries);
    this.#entries = entries;
    this.#slots = new Int32Array(this.#slots.length * 2);
    for (let n = 0; n < this.#count; n++) this.#slots[this.#find(entries, n * ENTRY)] = n + 1;
  }
}
