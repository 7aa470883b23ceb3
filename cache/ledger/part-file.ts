import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import xxhash from 'xxhash-wasm';
import { PRIVATE, writeAtomically } from '../atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from '../error.js';

const { h64Raw } = await xxhash();

/** A part of the index as its manifest names it. */
export interface LedgerPart {
  /** Bare file name. */
  readonly file: string;
  readonly entries: number;
  /** XXH64 of each block, 16 hex digits: all blocks of the first column, then of the next. */
  readonly checks: readonly string[];
}

/** The columns of a part, in this order; each of 32-bit numbers. */
export const COLUMN = { high: 0, low: 1, stamp: 2, ordinal: 3 } as const;
const COLUMNS = 4;
const BYTES = 4;

/** Entries whose numbers of one column are checked together (1 MiB). */
export const BLOCK = 1 << 18;

/** A search on disk reads no less than this at once. */
const WINDOW = 512;

/** The derived index of known log files is not what it should be; it is made anew. */
export class LedgerIndexError extends S3LogExtractionError {
  constructor(path: string, why: string, cause?: unknown) {
    super('LEDGER_INDEX_DAMAGED', `The index of known log files ${path} is damaged: ${why}.`, {
      cause,
      hint: 'Run the same command again: the index is made anew from the commits.',
    });
  }
}

/** Takes the entries of one part, in the order of their upper halves. */
export type PushEntry = (high: number, low: number, stamp: number, ordinal: number) => void;

/**
 * Write one part, durably. Not in use before a manifest names it.
 *
 * @param entries exactly as many as `fill` pushes
 * @throws {CacheWriteError}
 */
export function writePart(
  folder: string,
  entries: number,
  fill: (push: PushEntry) => void,
): LedgerPart {
  const file = `${randomBytes(8).toString('hex')}.part`;
  const blocks = Math.ceil(entries / BLOCK);
  const checks: string[] = Array(blocks * COLUMNS).fill('');
  const buffers = Array.from({ length: COLUMNS }, () => new Uint32Array(Math.min(entries, BLOCK)));
  const [highs, lows, stamps, ordinals] = buffers;
  writeAtomically(join(folder, file), PRIVATE, (fd) => {
    let block = 0;
    let length = 0;
    const flush = (): void => {
      buffers.forEach((buffer, column) => {
        const bytes = new Uint8Array(buffer.buffer, 0, length * BYTES);
        const start = (column * entries + block * BLOCK) * BYTES;
        for (let done = 0; done < bytes.length; ) {
          done += writeSync(fd, bytes, done, bytes.length - done, start + done);
        }
        checks[column * blocks + block] = checkOf(bytes);
      });
      block++;
      length = 0;
    };
    fill((high, low, stamp, ordinal) => {
      highs[length] = high;
      lows[length] = low;
      stamps[length] = stamp;
      ordinals[length] = ordinal;
      if (++length === BLOCK) flush();
    });
    if (length > 0) flush();
  });
  return { file, entries, checks };
}

/** A part that is open for reading. It stays readable when another process removes its name. */
export class PartReader {
  readonly entries: number;
  private readonly fd: number;
  private readonly path: string;
  private readonly pair = new Uint32Array(1);

  /** @throws {LedgerIndexError} also when it is not there */
  constructor(
    folder: string,
    private readonly part: LedgerPart,
  ) {
    this.path = join(folder, part.file);
    this.entries = part.entries;
    try {
      this.fd = openSync(this.path, 'r');
    } catch (error) {
      throw new LedgerIndexError(this.path, systemErrorCode(error) ?? 'it cannot be read', error);
    }
    if (fstatSync(this.fd).size !== part.entries * COLUMNS * BYTES) {
      this.close();
      throw new LedgerIndexError(this.path, 'its size is another');
    }
  }

  get blocks(): number {
    return Math.ceil(this.entries / BLOCK);
  }

  close(): void {
    closeSync(this.fd);
  }

  /**
   * Read and check one block of a column.
   *
   * @param into room for {@link BLOCK} numbers, or for all there are
   * @returns the numbers read, in `into`
   * @throws {LedgerIndexError}
   */
  readBlock(column: number, block: number, into: Uint32Array): Uint32Array {
    const length = Math.min(BLOCK, this.entries - block * BLOCK);
    const numbers = into.subarray(0, length);
    this.read(column, block * BLOCK, numbers);
    const bytes = new Uint8Array(numbers.buffer, numbers.byteOffset, numbers.byteLength);
    if (checkOf(bytes) !== this.part.checks[column * this.blocks + block]) {
      throw new LedgerIndexError(this.path, 'a checksum does not match its content');
    }
    return numbers;
  }

  /** Ordinals of the commits of all entries with this hash. Reads a few kilobytes from disk. */
  find(high: number, low: number): number[] {
    let [from, to] = [0, this.entries];
    // Narrow down to where the first entry with this upper half must be.
    while (to - from > WINDOW) {
      const middle = (from + to) >>> 1;
      if (this.at(COLUMN.high, middle) < high) from = middle + 1;
      else to = middle;
    }
    const found: number[] = [];
    const window = new Uint32Array(WINDOW);
    for (; from < this.entries; from += WINDOW) {
      const highs = window.subarray(0, Math.min(WINDOW, this.entries - from));
      this.read(COLUMN.high, from, highs);
      for (let i = 0; i < highs.length; i++) {
        if (highs[i] > high) return found;
        if (highs[i] !== high || this.at(COLUMN.low, from + i) !== low) continue;
        found.push(this.at(COLUMN.ordinal, from + i));
      }
    }
    return found;
  }

  private at(column: number, entry: number): number {
    this.read(column, entry, this.pair);
    return this.pair[0];
  }

  private read(column: number, entry: number, into: Uint32Array): void {
    const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    const start = (column * this.entries + entry) * BYTES;
    for (let done = 0; done < bytes.length; ) {
      const length = this.readSome(bytes.subarray(done), start + done);
      if (length === 0) throw new LedgerIndexError(this.path, 'it ends too early');
      done += length;
    }
  }

  private readSome(into: Uint8Array, position: number): number {
    try {
      return readSync(this.fd, into, 0, into.length, position);
    } catch (error) {
      throw new LedgerIndexError(this.path, systemErrorCode(error) ?? 'it cannot be read', error);
    }
  }
}

/** Room for any block of some parts. */
export function blockRoom(parts: readonly PartReader[]): Uint32Array {
  return new Uint32Array(Math.min(BLOCK, Math.max(0, ...parts.map((part) => part.entries))));
}

function checkOf(bytes: Uint8Array): string {
  return h64Raw(bytes).toString(16).padStart(16, '0');
}
