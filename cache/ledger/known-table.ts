import type { FileHash } from './file-hash.js';
import { blockRoom, COLUMN, type PartReader } from './part-file.js';

/** Entries of a bucket on average, at most: they fill one line of the processor's cache or two. */
const BUCKET = 8;
const MOST_BITS = 26;

/**
 * The entries of all parts of the index, in memory, in 8 bytes each and a directory of one byte each or less:
 * 50 million known files take 0.45 GB.
 *
 * The upper bits of a hash say in which bucket an entry stands; in the bucket stand the lower 32 bits and the stamp.
 * That is 50 to 58 bits of the name's hash (more, the more files are known) and 32 bits of the stamp: enough to say
 * 'known and unchanged', see FORMAT.md section 14. Ordinals of commits stay on disk.
 */
export class KnownTable {
  private bits = 0;
  /** For each bucket the end of its entries, which is the start of the next one's. */
  private ends = new Uint32Array(1);
  private lows = new Uint32Array(0);
  private stamps = new Uint32Array(0);

  /**
   * Forget everything and take up the entries of some parts.
   *
   * @throws {LedgerIndexError} when one of them is damaged; the table is empty then
   */
  load(parts: readonly PartReader[]): void {
    const entries = parts.reduce((sum, part) => sum + part.entries, 0);
    this.reserve(entries);
    try {
      this.count(parts);
      this.place(parts);
    } catch (error) {
      this.ends.fill(0);
      throw error;
    }
  }

  /** Whether a file of that name, size and time is known. */
  has({ high, low, stamp }: FileHash): boolean {
    const bucket = this.bucketOf(high);
    for (let at = this.startOf(bucket); at < this.ends[bucket]; at++) {
      if (this.lows[at] === low && this.stamps[at] === stamp) return true;
    }
    return false;
  }

  /** Whether a file of that name may be known; false is certain. */
  mayHaveName({ high, low }: FileHash): boolean {
    const bucket = this.bucketOf(high);
    for (let at = this.startOf(bucket); at < this.ends[bucket]; at++) {
      if (this.lows[at] === low) return true;
    }
    return false;
  }

  private reserve(entries: number): void {
    this.bits = Math.min(MOST_BITS, Math.max(0, Math.ceil(Math.log2((entries + 1) / BUCKET))));
    this.ends = new Uint32Array(2 ** this.bits);
    if (this.lows.length >= entries) return;
    // What was there is no longer needed, and can be reclaimed before the new takes its room. A table
    // that grows gets room to double: memory that is not written to is not resident.
    const room = this.lows.length === 0 ? entries : entries * 2;
    this.lows = new Uint32Array(0);
    this.stamps = new Uint32Array(0);
    this.lows = new Uint32Array(room);
    this.stamps = new Uint32Array(room);
  }

  /** Check the parts, and let `ends` hold the start of each bucket. */
  private count(parts: readonly PartReader[]): void {
    const room = blockRoom(parts);
    for (const part of parts) {
      for (let block = 0; block < part.blocks; block++) {
        part.readBlock(COLUMN.ordinal, block, room);
        const highs = part.readBlock(COLUMN.high, block, room);
        for (let i = 0; i < highs.length; i++) this.ends[this.bucketOf(highs[i])]++;
      }
    }
    let start = 0;
    for (let bucket = 0; bucket < this.ends.length; bucket++) {
      const length = this.ends[bucket];
      this.ends[bucket] = start;
      start += length;
    }
  }

  /** Move the entries into place, by which the start of each bucket becomes its end. */
  private place(parts: readonly PartReader[]): void {
    const rooms = [blockRoom(parts), blockRoom(parts), blockRoom(parts)];
    for (const part of parts) {
      for (let block = 0; block < part.blocks; block++) {
        const highs = part.readBlock(COLUMN.high, block, rooms[0]);
        const lows = part.readBlock(COLUMN.low, block, rooms[1]);
        const stamps = part.readBlock(COLUMN.stamp, block, rooms[2]);
        for (let i = 0; i < highs.length; i++) {
          const at = this.ends[this.bucketOf(highs[i])]++;
          this.lows[at] = lows[i];
          this.stamps[at] = stamps[i];
        }
      }
    }
  }

  private startOf(bucket: number): number {
    return bucket === 0 ? 0 : this.ends[bucket - 1];
  }

  private bucketOf(high: number): number {
    // A shift by 32 would be one by 0.
    return this.bits === 0 ? 0 : high >>> (32 - this.bits);
  }
}
