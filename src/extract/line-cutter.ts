import { LF } from './bytes.js';
import { CHUNK_BYTES, LONGEST_LINE } from './record-batch.js';

/** The beginning of a line and a chunk; what takes the lines may need some bytes more behind them. */
const CAPACITY_BYTES = CHUNK_BYTES + LONGEST_LINE;

/** New bytes that are worth a look. */
const LEAST_NEW_BYTES = 1 << 14;

/**
 * Cuts the bytes of one log file, coming in pieces of any size, into lines, in a buffer
 * of fixed size. The result does not depend on where the pieces end.
 *
 * Use: fill `room()` (or part of it), then `took(bytes)`; at the end of the file `finish()`.
 */
export abstract class LineCutter {
  private filled = 0;
  /** How much of it has been looked through for lines. */
  private seen = 0;
  /** Offset in the log file of the buffer's first byte. */
  private offset = 0;
  private skipping: 'no' | 'to the first line' | 'a long line' = 'no';
  private limit = Number.POSITIVE_INFINITY;

  /** @param buffer of at least 2 MiB and one byte: room for a chunk, a line, and an end of its own */
  constructor(protected readonly buffer: Buffer) {}

  /**
   * Take all lines that end in a line feed before `end` of the buffer, which the first of them begins; with
   * `isLast` also what stands after the last line feed.
   *
   * @param fileOffset offset in the log file of the buffer's first byte
   * @param limit lines that begin at this position of the buffer or later are left alone
   * @returns the position after the last line taken
   */
  protected abstract takeLines(
    end: number,
    isLast: boolean,
    fileOffset: number,
    limit: number,
  ): number;

  /** Take a line that is longer than any that is looked at. @param fileOffset where it begins */
  protected abstract takeLongLine(fileOffset: number): void;

  /** @returns the offset to read from: one byte before `start`, to see whether a line begins there */
  protected beginAt(start: number, end: number): number {
    this.filled = 0;
    this.seen = 0;
    this.offset = Math.max(0, start - 1);
    this.skipping = start > 0 ? 'to the first line' : 'no';
    this.limit = end;
    return this.offset;
  }

  /** Whether no further line begins in the part asked for. */
  get isDone(): boolean {
    return this.offset >= this.limit;
  }

  /** Where the next bytes go. */
  room(): Buffer {
    return this.buffer.subarray(this.filled, Math.min(this.filled + CHUNK_BYTES, CAPACITY_BYTES));
  }

  /** Take the lines that are complete now that `count` bytes were added. */
  took(count: number): void {
    this.filled += count;
    // Decoders may give byte after byte: the beginning of a long line must not be looked through for each.
    if (this.filled - this.seen < LEAST_NEW_BYTES) return;
    this.advance(false);
    this.seen = this.filled;
    // What is left is the beginning of one line.
    if (this.filled > LONGEST_LINE && this.skipping === 'no' && !this.isDone) {
      this.takeLongLine(this.offset);
      this.skipping = 'a long line';
      this.discard(this.filled);
      this.seen = 0;
    }
  }

  /** Take the last line, which may lack its line feed. */
  finish(): void {
    this.advance(true);
  }

  private advance(isLast: boolean): void {
    if (this.skipping !== 'no') {
      const feed = this.buffer.indexOf(LF);
      if (feed < 0 || feed >= this.filled) {
        this.discard(this.filled);
        return;
      }
      this.discard(feed + 1);
      this.skipping = 'no';
    }
    this.discard(this.takeLines(this.filled, isLast, this.offset, this.limit - this.offset));
  }

  private discard(count: number): void {
    if (count === 0) return;
    this.buffer.copyWithin(0, count, this.filled);
    this.filled -= count;
    this.offset += count;
  }
}
