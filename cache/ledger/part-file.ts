import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import xxhash from 'xxhash-wasm';
import { PRIVATE, writeAtomically } from '../atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from '../error.js';
import { openOwnFile } from '../own-file.js';

const { h64Raw } = await xxhash();

/** There are few commits, mostly, beside the files in them. */
export type OrdinalBytes = 1 | 2 | 4;

/** A part of the index as its manifest names it. */
export interface LedgerPart {
  /** Bare file name. */
  readonly file: string;
  readonly entries: number;
  /** Bytes of each number in the column of ordinals; missing: 4. */
  readonly ordinalBytes?: OrdinalBytes;
  /** XXH64 of each block, 16 hex digits: all blocks of the first column, then of the next. */
  readonly checks: readonly string[];
}

/** The columns of a part, in this order; each of 32-bit numbers, but maybe for ordinals. */
export const COLUMN = { high: 0, low: 1, stamp: 2, ordinal: 3 } as const;
const COLUMNS = 4;
const BYTES = 4;

/** Entries whose numbers of one column are checked together (1 MiB where they have 32 bits). */
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

/** What ordinals up to this one need. */
export function ordinalBytesFor(most: number): OrdinalBytes {
  return most < 1 << 8 ? 1 : most < 1 << 16 ? 2 : 4;
}

/**
 * Write one part, durably. Not in use before a manifest names it.
 *
 * @param entries exactly as many as `fill` pushes
 * @param ordinalBytes see {@link ordinalBytesFor}
 * @throws {CacheWriteError}
 */
export function writePart(
  folder: string,
  entries: number,
  ordinalBytes: OrdinalBytes,
  fill: (push: PushEntry) => void,
): LedgerPart {
  const file = `${randomBytes(8).toString('hex')}.part`;
  const blocks = Math.ceil(entries / BLOCK);
  const checks: string[] = Array(blocks * COLUMNS).fill('');
  const room = Math.min(entries, BLOCK);
  const [highs, lows, stamps] = Array.from({ length: COLUMNS - 1 }, () => new Uint32Array(room));
  const ordinals = numbersOf(ordinalBytes, new ArrayBuffer(room * ordinalBytes), room);
  const buffers = [highs, lows, stamps, ordinals];
  writeAtomically(join(folder, file), PRIVATE, (fd) => {
    let block = 0;
    let length = 0;
    const flush = (): void => {
      buffers.forEach((buffer, column) => {
        const width = buffer.BYTES_PER_ELEMENT;
        const bytes = new Uint8Array(buffer.buffer, 0, length * width);
        const start = column * entries * BYTES + block * BLOCK * width;
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
  return { file, entries, ordinalBytes, checks };
}

/** A part that is open for reading. It stays readable when another process removes its name. */
export class PartReader {
  readonly entries: number;
  private readonly fd: number;
  private readonly path: string;
  private readonly single = new Uint32Array(1);
  /** Narrow numbers as they stand in the file. */
  private narrow = new ArrayBuffer(0);

  /** @throws {LedgerIndexError} also when it is not there */
  constructor(
    folder: string,
    private readonly part: LedgerPart,
  ) {
    this.path = join(folder, part.file);
    this.entries = part.entries;
    try {
      this.fd = openOwnFile(this.path);
    } catch (error) {
      throw new LedgerIndexError(this.path, systemErrorCode(error) ?? 'it cannot be read', error);
    }
    const entryBytes = (COLUMNS - 1) * BYTES + this.widthOf(COLUMN.ordinal);
    if (fstatSync(this.fd).size !== part.entries * entryBytes) {
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
    const stored = this.read(column, block * BLOCK, numbers);
    if (checkOf(stored) !== this.part.checks[column * this.blocks + block]) {
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
    this.read(column, entry, this.single);
    return this.single[0];
  }

  private widthOf(column: number): OrdinalBytes {
    return column === COLUMN.ordinal ? (this.part.ordinalBytes ?? BYTES) : BYTES;
  }

  /** Read as many numbers as there is room for. @returns their bytes in the file */
  private read(column: number, entry: number, into: Uint32Array): Uint8Array {
    const width = this.widthOf(column);
    const start = column * this.entries * BYTES + entry * width;
    if (width === BYTES) {
      const bytes = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
      this.readBytes(bytes, start);
      return bytes;
    }
    const length = into.length * width;
    if (this.narrow.byteLength < length) this.narrow = new ArrayBuffer(length);
    const bytes = new Uint8Array(this.narrow, 0, length);
    this.readBytes(bytes, start);
    into.set(numbersOf(width, this.narrow, into.length));
    return bytes;
  }

  private readBytes(bytes: Uint8Array, start: number): void {
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

function numbersOf(
  bytes: OrdinalBytes,
  buffer: ArrayBuffer,
  count: number,
): Uint8Array | Uint16Array | Uint32Array {
  if (bytes === 1) return new Uint8Array(buffer, 0, count);
  return bytes === 2 ? new Uint16Array(buffer, 0, count) : new Uint32Array(buffer, 0, count);
}

/** Room for any block of some parts. */
export function blockRoom(parts: readonly PartReader[]): Uint32Array {
  return new Uint32Array(Math.min(BLOCK, Math.max(0, ...parts.map((part) => part.entries))));
}

function checkOf(bytes: Uint8Array): string {
  return h64Raw(bytes).toString(16).padStart(16, '0');
}
