import { closeSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { CacheWriteError } from '../atomic-write.js';
import { openOwnFile } from '../own-file.js';

/** Words of one partition on their way to disk. */
export interface Extent {
  readonly partition: number;
  /** Byte offset in the spill file. */
  readonly offset: number;
  readonly words: number;
}

/** Words of a group before its key. */
export const GROUP_HEAD_WORDS = 3;

/** Words that a buffer of one partition holds; a group that needs more gets a larger one. */
const BUFFER_WORDS = 1 << 14;

/**
 * Groups of records, put aside by partition. A group is `length of key * 2 + wide`, `rows`, length of the
 * dataset at the beginning of the key, the key padded
 * with zeros to whole words, and so many words for each row as `wide` says:
 *
 * - 3: requester, and 2^31 for a download; day, and bytes >> 32 above 16 bits; lower half of bytes
 * - 5 (wide; for what does not fit): requester; download; day; lower and upper half of bytes
 *
 * A group may come in several pieces, also of one key in one segment.
 */
export class SpillWriter {
  readonly path: string;
  readonly #fd: number;
  readonly #buffers: (Uint32Array | undefined)[] = [];
  readonly #lengths: number[] = [];
  readonly #extents: Extent[] = [];
  #offset = 0;

  constructor(path: string) {
    this.path = path;
    this.#fd = writing(path, () => openSync(path, 'wx+', 0o600));
  }

  /** A buffer of a partition with room for so many words behind {@link used}. */
  room(partition: number, words: number): Uint32Array {
    const buffer = this.#buffers[partition];
    if (buffer !== undefined && (this.#lengths[partition] as number) + words <= buffer.length) {
      return buffer;
    }
    this.#flush(partition);
    const made =
      buffer !== undefined && words <= buffer.length
        ? buffer
        : new Uint32Array(Math.max(words, BUFFER_WORDS));
    this.#buffers[partition] = made;
    return made;
  }

  /** Words of the partition's buffer that are taken. */
  used(partition: number): number {
    return this.#lengths[partition] ?? 0;
  }

  setUsed(partition: number, words: number): void {
    this.#lengths[partition] = words;
  }

  /** Write what is left and close the file, which stays. */
  finish(): Extent[] {
    for (let partition = 0; partition < this.#buffers.length; partition++) this.#flush(partition);
    closeSync(this.#fd);
    return this.#extents;
  }

  #flush(partition: number): void {
    const words = this.used(partition);
    this.#lengths[partition] = 0;
    const buffer = this.#buffers[partition];
    if (buffer === undefined || words === 0) return;
    const bytes = new Uint8Array(buffer.buffer, 0, words * 4);
    writing(this.path, () => {
      for (let done = 0; done < bytes.length; ) {
        done += writeSync(this.#fd, bytes, done, bytes.length - done, this.#offset + done);
      }
    });
    this.#extents.push({ partition, offset: this.#offset, words });
    this.#offset += bytes.length;
  }
}

function writing<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new CacheWriteError(path, error);
  }
}

/** Read extents one behind the other. */
export function readExtents(
  path: string,
  extents: readonly Extent[],
  into: Uint32Array,
  at: number,
): number {
  const fd = openOwnFile(path);
  try {
    let end = at;
    for (const { offset, words } of extents) {
      const bytes = new Uint8Array(into.buffer, into.byteOffset + end * 4, words * 4);
      for (let done = 0; done < bytes.length; ) {
        const read = readSync(fd, bytes, done, bytes.length - done, offset + done);
        if (read === 0) throw new Error('a scratch file is shorter than what was written');
        done += read;
      }
      end += words;
    }
    return end;
  } finally {
    closeSync(fd);
  }
}

export function removeSpill(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // The next writer does it (FORMAT.md W3).
  }
}
