import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { S3LogExtractionError, systemErrorCode } from '../../../cache/error.js';

/** The file given with `--database` cannot be read as a MaxMind database. */
export class MmdbError extends S3LogExtractionError {
  constructor(path: string, why: string, cause?: unknown) {
    super('MMDB_UNREADABLE', `Could not read places from the database ${path}: ${why}.`, {
      cause,
      hint: 'Give a city database in the MaxMind format (.mmdb), unpacked.',
    });
  }
}

const BLOCK_BYTES = 1 << 16;
const MOST_BLOCKS = 256;

/**
 * A database file of any size, read in blocks of which the last used ones are kept (16 MiB).
 * Reading beyond the end is an error, so that a damaged file leads nowhere.
 */
export class MmdbFile {
  readonly path: string;
  readonly sizeBytes: number;
  readonly #fd: number;
  /** By number, least recently used first. */
  readonly #blocks = new Map<number, Buffer>();
  #block: Buffer = Buffer.alloc(0);
  #blockNumber = -1;

  /** @throws {MmdbError} */
  constructor(path: string) {
    this.path = path;
    try {
      this.#fd = openSync(path, 'r');
      this.sizeBytes = fstatSync(this.#fd).size;
    } catch (error) {
      throw new MmdbError(path, systemErrorCode(error) ?? 'it is unreadable', error);
    }
  }

  close(): void {
    closeSync(this.#fd);
  }

  byte(offset: number): number {
    const number = Math.floor(offset / BLOCK_BYTES);
    if (number !== this.#blockNumber) this.#load(number);
    const byte = this.#block[offset - number * BLOCK_BYTES];
    if (byte === undefined) throw this.damaged();
    return byte;
  }

  /** A big-endian unsigned integer of up to 6 bytes. */
  uint(offset: number, bytes: number): number {
    let value = 0;
    for (let i = 0; i < bytes; i++) value = value * 256 + this.byte(offset + i);
    return value;
  }

  /** A copy of some bytes. */
  bytes(offset: number, length: number): Buffer {
    if (offset + length > this.sizeBytes) throw this.damaged();
    const bytes = Buffer.allocUnsafe(length);
    for (let i = 0; i < length; i++) bytes[i] = this.byte(offset + i);
    return bytes;
  }

  damaged(): MmdbError {
    return new MmdbError(this.path, 'it is damaged');
  }

  #load(number: number): void {
    const kept = this.#blocks.get(number);
    if (kept === undefined && this.#blocks.size >= MOST_BLOCKS) {
      const [oldest] = this.#blocks.keys();
      this.#blocks.delete(oldest as number);
    }
    this.#block = kept ?? this.#read(number);
    this.#blocks.delete(number);
    this.#blocks.set(number, this.#block);
    this.#blockNumber = number;
  }

  #read(number: number): Buffer {
    const block = Buffer.allocUnsafe(BLOCK_BYTES);
    try {
      const read = readSync(this.#fd, block, 0, BLOCK_BYTES, number * BLOCK_BYTES);
      return block.subarray(0, read);
    } catch (error) {
      throw new MmdbError(this.path, systemErrorCode(error) ?? 'it is unreadable', error);
    }
  }
}
