import { createCipheriv, createDecipheriv } from 'node:crypto';
import { ADDRESS_SIZE_BYTES } from '../seal-many.js';
import type { SealingKey } from '../sealing-key.js';

/**
 * Turns addresses sealed under one key into those sealed under another, in place. 16 zero bytes, which stand for none,
 * stay. Raw addresses are in memory for a moment, and overwritten.
 */
export type Resealer = (sealed: Uint8Array) => void;

const PIECE_BYTES = 1 << 20;

/** Libsodium's ipcrypt is AES-128 of each address alone, see createBulkSealer. */
export function createResealer(from: SealingKey, to: SealingKey): Resealer {
  return (sealed) => {
    if (sealed.length % ADDRESS_SIZE_BYTES !== 0) throw new RangeError('parts of an address');
    for (let start = 0; start < sealed.length; start += PIECE_BYTES) {
      resealPiece(sealed.subarray(start, Math.min(sealed.length, start + PIECE_BYTES)), from, to);
    }
  };
}

function resealPiece(piece: Uint8Array, from: SealingKey, to: SealingKey): void {
  const raw = createDecipheriv('aes-128-ecb', from, null).setAutoPadding(false).update(piece);
  const again = createCipheriv('aes-128-ecb', to, null).setAutoPadding(false).update(raw);
  raw.fill(0);
  for (let at = 0; at < piece.length; at += ADDRESS_SIZE_BYTES) {
    const end = at + ADDRESS_SIZE_BYTES;
    if (piece.subarray(at, end).every((byte) => byte === 0)) continue;
    const own = again.subarray(at, end);
    // Once in 2^128 addresses: an address must not become the sign for none.
    if (own.every((byte) => byte === 0)) throw new RangeError('an address sealed to zeros');
    piece.set(own, at);
  }
}
