import { inspect } from 'node:util';
import sodium from 'libsodium-wrappers';
import {
  ADDRESS_SIZE_BYTES,
  type BulkSealer,
  createBulkSealer,
  UnusableKeyError,
} from './seal-many.js';
import type { SealingKey } from './sealing-key.js';

export { ADDRESS_SIZE_BYTES, UnusableKeyError } from './seal-many.js';

declare const sealedIp: unique symbol;

/** A sealed address: 16 bytes that mean nothing without the sealing key. May be written. */
export type SealedIp = Uint8Array & { readonly [sealedIp]: true };

/**
 * A raw address, in memory only (invariant I4). Whatever prints, logs, writes or clones it gets no
 * address; only `reveal` does, so that every use of one can be found by that word.
 */
export class RawIp {
  readonly #bytes: Uint8Array;

  /** @param bytes 16 bytes, network order; IPv4 as `::ffff:a.b.c.d` */
  constructor(bytes: Uint8Array) {
    if (bytes.length !== ADDRESS_SIZE_BYTES) throw new RangeError('An address has 16 bytes.');
    this.#bytes = Uint8Array.from(bytes);
  }

  /** The 16 bytes of the address, a copy. Never write or print them. */
  reveal(): Uint8Array {
    return Uint8Array.from(this.#bytes);
  }

  toString(): string {
    return '[address]';
  }

  toJSON(): string {
    return '[address]';
  }

  [inspect.custom](): string {
    return '[address]';
  }
}

/** Seals and opens addresses under one key. */
export interface Sealer extends BulkSealer {
  /** @throws {UnusableKeyError} */
  seal(address: RawIp): SealedIp;
  open(sealed: SealedIp): RawIp;
}

/** Take 16 bytes read from the cache for a sealed address. */
export function sealedIpFromBytes(bytes: Uint8Array): SealedIp {
  if (bytes.length !== ADDRESS_SIZE_BYTES) throw new RangeError('A sealed address has 16 bytes.');
  return bytes as SealedIp;
}

/** Deterministic ipcrypt of libsodium (draft-denis-ipcrypt: AES-128 of the 16-byte form). */
export async function createSealer(key: SealingKey): Promise<Sealer> {
  await sodium.ready;
  return {
    ...createBulkSealer(key),
    seal(address) {
      const sealed = sodium.crypto_ipcrypt_encrypt(address.reveal(), key);
      if (sealed.every((byte) => byte === 0)) throw new UnusableKeyError();
      return sealed as SealedIp;
    },
    open: (sealed) => new RawIp(sodium.crypto_ipcrypt_decrypt(sealed, key)),
  };
}
