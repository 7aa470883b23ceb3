import { createDecipheriv, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

/** The Python tool's key derivation: PBKDF2-HMAC-SHA256. */
const ITERATIONS = 600_000;
const DEFAULT_SALT = 's3_log_extraction';
const VERSION = 0x80;
const HEAD_BYTES = 1 + 8 + 16;
const HMAC_BYTES = 32;

/**
 * Opens what the Python tool has encrypted: Fernet tokens under a key made from its password. Source: the Fernet
 * specification (github.com/fernet/spec).
 */
export class FernetOpener {
  readonly #signing: Buffer;
  readonly #encryption: Buffer;

  /** Takes about a second. */
  constructor(password: string, salt = DEFAULT_SALT) {
    const key = pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
    this.#signing = key.subarray(0, 16);
    this.#encryption = key.subarray(16);
  }

  /** @returns undefined when it was not encrypted with this password, or was changed */
  open(token: Buffer): Buffer | undefined {
    const bytes = Buffer.from(token.toString('latin1').trim(), 'base64url');
    if (bytes.length < HEAD_BYTES + 16 + HMAC_BYTES || bytes[0] !== VERSION) return undefined;
    const end = bytes.length - HMAC_BYTES;
    const hmac = createHmac('sha256', this.#signing).update(bytes.subarray(0, end)).digest();
    if (!timingSafeEqual(hmac, bytes.subarray(end))) return undefined;
    const decipher = createDecipheriv(
      'aes-128-cbc',
      this.#encryption,
      bytes.subarray(9, HEAD_BYTES),
    );
    return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, end)), decipher.final()]);
  }
}

/** Whether bytes begin as a token does: version 0x80 and a time before the year 2514, in base64. */
export function isFernet(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'gAAAA';
}
