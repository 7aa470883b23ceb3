import { crc32 } from 'node:zlib';
import { CHECKED_WHOLE_BYTES } from '../content-check.js';

const EDGE_BYTES = CHECKED_WHOLE_BYTES / 2;

/** What `contentCheck` says of a file, of the bytes of an object as they come. */
export class EdgeCheck {
  #at = 0;
  #crc = 0;

  constructor(private readonly sizeBytes: number) {}

  add(bytes: Uint8Array): void {
    const from = this.#at;
    this.#at += bytes.length;
    if (this.sizeBytes <= CHECKED_WHOLE_BYTES) {
      this.#crc = crc32(bytes, this.#crc);
      return;
    }
    if (from < EDGE_BYTES) this.#crc = crc32(bytes.subarray(0, EDGE_BYTES - from), this.#crc);
    const tail = this.sizeBytes - EDGE_BYTES;
    if (this.#at > tail) this.#crc = crc32(bytes.subarray(Math.max(0, tail - from)), this.#crc);
  }

  /** Take the last bytes without those before. @returns the check */
  withTail(bytes: Uint8Array): number {
    this.#at = this.sizeBytes - bytes.length;
    this.add(bytes);
    return this.value;
  }

  get value(): number {
    return this.#crc;
  }
}
