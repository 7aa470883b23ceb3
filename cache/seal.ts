import { inspect } from 'node:util';
import sodium from 'libsodium-wrappers';
import { S3LogExtractionError } from './error.js';
import type { SealingKey } from './sealing-key.js';

/** Bytes of an address, raw or sealed. */
export const ADDRESS_SIZE_BYTES = 16;

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
export interface Sealer {
  /**
   * Seal many addresses: the hot path, nothing is kept.
   *
   * @param addresses `count` times 16 bytes, as {@link RawIp} has them
   * @param out takes `count` times 16 bytes; may be `addresses` itself
   * @throws {UnusableKeyError}
   */
  sealInto(addresses: Uint8Array, count: number, out: Uint8Array): void;
  /** @throws {UnusableKeyError} */
  seal(address: RawIp): SealedIp;
  open(sealed: SealedIp): RawIp;
}

/** An address is sealed to 16 zero bytes, which mean that the log named none (FORMAT.md section 5). */
export class UnusableKeyError extends S3LogExtractionError {
  constructor() {
    super('UNUSABLE_KEY', 'The key of this cache cannot seal one of the addresses in the log.', {
      hint: 'Extract into a new cache; it gets another key. This happens once in 2^128 addresses.',
    });
  }
}

/** Take 16 bytes read from the cache for a sealed address. */
export function sealedIpFromBytes(bytes: Uint8Array): SealedIp {
  if (bytes.length !== ADDRESS_SIZE_BYTES) throw new RangeError('A sealed address has 16 bytes.');
  return bytes as SealedIp;
}

/** Deterministic ipcrypt of libsodium (draft-denis-ipcrypt: AES-128 of the 16-byte form). */
export async function createSealer(key: SealingKey): Promise<Sealer> {
  await sodium.ready;
  const one = new Uint8Array(ADDRESS_SIZE_BYTES);
  const sealInto: Sealer['sealInto'] = (addresses, count, out) => {
    const end = count * ADDRESS_SIZE_BYTES;
    if (addresses.length < end || out.length < end) {
      throw new RangeError(`${count} addresses do not fit into the arrays given.`);
    }
    for (let start = 0; start < end; start += ADDRESS_SIZE_BYTES) {
      for (let i = 0; i < ADDRESS_SIZE_BYTES; i++) one[i] = addresses[start + i];
      const sealed = sodium.crypto_ipcrypt_encrypt(one, key);
      let any = 0;
      for (let i = 0; i < ADDRESS_SIZE_BYTES; i++) {
        any |= sealed[i];
        out[start + i] = sealed[i];
      }
      if (any === 0) throw new UnusableKeyError();
    }
    one.fill(0);
  };
  return {
    sealInto,
    seal(address) {
      const out = new Uint8Array(ADDRESS_SIZE_BYTES);
      sealInto(address.reveal(), 1, out);
      return out as SealedIp;
    },
    open: (sealed) => new RawIp(sodium.crypto_ipcrypt_decrypt(sealed, key)),
  };
}
