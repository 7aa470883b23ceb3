import { createCipheriv } from 'node:crypto';
import { S3LogExtractionError } from './error.js';
import type { SealingKey } from './sealing-key.js';

/** Bytes of an address, raw or sealed. */
export const ADDRESS_SIZE_BYTES = 16;

/** Sealed at once: some megabytes, whatever the number of addresses. */
const PIECE_BYTES = 1 << 20;

/** Seals addresses under one key. */
export interface BulkSealer {
  /**
   * Seal many addresses: the hot path, nothing is kept.
   *
   * @param addresses `count` times 16 bytes, as `RawIp` has them
   * @param out takes `count` times 16 bytes; may be `addresses` itself
   * @throws {UnusableKeyError}
   */
  sealInto(addresses: Uint8Array, count: number, out: Uint8Array): void;
}

/** An address is sealed to 16 zero bytes, which mean that the log named none (FORMAT.md section 5). */
export class UnusableKeyError extends S3LogExtractionError {
  constructor() {
    super('UNUSABLE_KEY', 'The key of this cache cannot seal one of the addresses in the log.', {
      hint: 'Extract into a new cache; it gets another key. This happens once in 2^128 addresses.',
    });
  }
}

/**
 * Libsodium's deterministic ipcrypt of many addresses, without libsodium: it is AES-128 of each alone
 * (draft-denis-ipcrypt), which Node has at the speed of memory. Nothing needs to be awaited.
 */
export function createBulkSealer(key: SealingKey): BulkSealer {
  return {
    sealInto(addresses, count, out) {
      const end = count * ADDRESS_SIZE_BYTES;
      if (addresses.length < end || out.length < end) {
        throw new RangeError(`${count} addresses do not fit into the arrays given.`);
      }
      const cipher = createCipheriv('aes-128-ecb', key, null).setAutoPadding(false);
      for (let start = 0; start < end; start += PIECE_BYTES) {
        const sealed = cipher.update(addresses.subarray(start, Math.min(end, start + PIECE_BYTES)));
        if (hasZeroAddress(sealed)) throw new UnusableKeyError();
        out.set(sealed, start);
      }
      cipher.final();
    },
  };
}

function hasZeroAddress(sealed: Uint8Array): boolean {
  for (let start = 0; start < sealed.length; start += ADDRESS_SIZE_BYTES) {
    // Nearly all differ from zero in their first byte.
    if (sealed[start] === 0 && isZero(sealed, start)) return true;
  }
  return false;
}

function isZero(sealed: Uint8Array, start: number): boolean {
  for (let i = start; i < start + ADDRESS_SIZE_BYTES; i++) if (sealed[i] !== 0) return false;
  return true;
}
