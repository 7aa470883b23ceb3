import sodium from 'libsodium-wrappers';
import { S3LogExtractionError } from './error.js';
import type { SealingKey } from './sealing-key.js';
import type { SealedText } from './settings.js';

/** A text sealed in the settings does not open: it was changed, or sealed with another key. */
export class SealedTextError extends S3LogExtractionError {
  constructor(what: string) {
    super('SEALED_TEXT_UNREADABLE', `${what} kept in the cache cannot be opened with its key.`, {
      hint: 'Set it again: "s3logextraction config skip-ips set".',
    });
  }
}

/** Seal a text with a key of its own, derived from the sealing key (XSalsa20-Poly1305). */
export async function sealText(text: string, key: SealingKey): Promise<SealedText> {
  await sodium.ready;
  const nonce = sodium.randombytes_buf(sodium.crypto_secretbox_NONCEBYTES);
  const box = sodium.crypto_secretbox_easy(text, nonce, textKey(key));
  return { nonce: sodium.to_hex(nonce), box: sodium.to_hex(box) };
}

/**
 * @param what it is, for the message
 * @throws {SealedTextError}
 */
export async function openText(sealed: SealedText, key: SealingKey, what: string): Promise<string> {
  await sodium.ready;
  try {
    const nonce = sodium.from_hex(sealed.nonce);
    return sodium.crypto_secretbox_open_easy(
      sodium.from_hex(sealed.box),
      nonce,
      textKey(key),
      'text',
    );
  } catch {
    throw new SealedTextError(what);
  }
}

function textKey(key: SealingKey): Uint8Array {
  const size = sodium.crypto_secretbox_KEYBYTES;
  return sodium.crypto_generichash(size, 's3-log-extraction settings', Uint8Array.from(key));
}
