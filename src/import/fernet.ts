import { createDecipheriv, createHash, createHmac, pbkdf2Sync, timingSafeEqual } from 'node:crypto';

/** The Python tool's key derivation since its version 1.10.8: PBKDF2-HMAC-SHA256. */
const ITERATIONS = 600_000;
const DEFAULT_SALT = 's3_log_extraction';
const VERSION = 0x80;
const HEAD_BYTES = 1 + 8 + 16;
const HMAC_BYTES = 32;

/**
 * Opens what the Python tool has encrypted: Fernet tokens under a key made from its password. Source: the Fernet
 * specification (github.com/fernet/spec).
 *
 * Versions before 1.10.8 took the SHA-256 of the password for the key, without a salt. One cache may hold files of
 * both kinds, because only what is written again is encrypted anew; a token tells by its HMAC which it is.
 */
export class FernetOpener {
  readonly #older: FernetKey;
  readonly #derive: () => Buffer;
  #current: FernetKey | undefined;

  constructor(password: string, salt = DEFAULT_SALT) {
    this.#derive = () => pbkdf2Sync(password, salt, ITERATIONS, 32, 'sha256');
    this.#older = fernetKey(createHash('sha256').update(password, 'utf8').digest());
  }

  /**
   * Takes about a second the first time.
   *
   * @returns undefined when it was not encrypted with this password, or was changed
   */
  open(token: Buffer): Buffer | undefined {
    const bytes = Buffer.from(token.toString('latin1').trim(), 'base64url');
    if (bytes.length < HEAD_BYTES + 16 + HMAC_BYTES || bytes[0] !== VERSION) return undefined;
    this.#current ??= fernetKey(this.#derive());
    return openWith(this.#current, bytes) ?? openWith(this.#older, bytes);
  }
}

interface FernetKey {
  readonly signing: Buffer;
  readonly encryption: Buffer;
}

function fernetKey(bytes: Buffer): FernetKey {
  return { signing: bytes.subarray(0, 16), encryption: bytes.subarray(16) };
}

function openWith({ signing, encryption }: FernetKey, bytes: Buffer): Buffer | undefined {
  const end = bytes.length - HMAC_BYTES;
  const hmac = createHmac('sha256', signing).update(bytes.subarray(0, end)).digest();
  if (!timingSafeEqual(hmac, bytes.subarray(end))) return undefined;
  const decipher = createDecipheriv('aes-128-cbc', encryption, bytes.subarray(9, HEAD_BYTES));
  return Buffer.concat([decipher.update(bytes.subarray(HEAD_BYTES, end)), decipher.final()]);
}

/** Whether bytes begin as a token does: version 0x80 and a time before the year 2514, in base64. */
export function isFernet(bytes: Uint8Array): boolean {
  return Buffer.from(bytes.subarray(0, 5)).toString('latin1') === 'gAAAA';
}
