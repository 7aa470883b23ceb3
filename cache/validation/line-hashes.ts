import { hash } from 'node:crypto';
import { type Extent, SpillWriter } from '../rollups/spill.js';

/** Partitions of a spill file, by the first byte of hashes. */
export const PARTITIONS = 256;

/**
 * Words that are put aside for a line: 4 of its hash, the number of its file, its offset (lower and upper half), and
 * the bytes that it says were sent (lower half; upper half, and 2^31 when it makes a record).
 */
export const WORDS = 9;
export const WORD = { hash: 0, file: 4, offset: 5, bytes: 7 } as const;

/** Bytes of the key of hashes. */
export const HASH_KEY_BYTES = 32;

/** What is put aside of a line besides its hash. */
export interface LineFacts {
  readonly file: number;
  readonly offset: number;
  readonly isRecord: boolean;
  readonly bytesLow: number;
  readonly bytesHigh: number;
}

/**
 * Puts aside what equal lines are found by: of each line 128 bits of SHA-256 under a key that is in memory only and ends
 * with the run, so that nobody can look up by the file whether a line, and the address in it, was there.
 */
export class LineHashes {
  readonly #spill: SpillWriter;
  /** The key, and the line behind it. */
  readonly #room: Buffer;

  /**
   * @param path of a new file
   * @param longest bytes of a line
   */
  constructor(path: string, key: Uint8Array, longest: number) {
    this.#spill = new SpillWriter(path);
    this.#room = Buffer.allocUnsafeSlow(HASH_KEY_BYTES + longest);
    this.#room.set(key);
  }

  add(line: Uint8Array, { file, offset, isRecord, bytesLow, bytesHigh }: LineFacts): void {
    const room = this.#room;
    room.set(line, HASH_KEY_BYTES);
    const digest = hash('sha256', room.subarray(0, HASH_KEY_BYTES + line.length), 'buffer');
    const partition = digest[0];
    const words = this.#spill.room(partition, WORDS);
    const at = this.#spill.used(partition);
    for (let i = 0; i < 4; i++) words[at + i] = digest.readUInt32BE(4 * i);
    words[at + WORD.file] = file;
    words[at + WORD.offset] = offset >>> 0;
    words[at + WORD.offset + 1] = Math.floor(offset / 2 ** 32);
    words[at + WORD.bytes] = bytesLow;
    words[at + WORD.bytes + 1] = isRecord ? bytesHigh + 2 ** 31 : bytesHigh;
    this.#spill.setUsed(partition, at + WORDS);
  }

  /** Write what is left. Nothing may be added any more. */
  finish(): Extent[] {
    return this.#spill.finish();
  }
}
