import { createCipheriv, createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';

/** Keys of the Python tool: before its version 1.10.8, and since. */
export const olderKey = (password: string) => createHash('sha256').update(password).digest();
export const newerKey = (password: string, salt: string) =>
  pbkdf2Sync(password, salt, 600_000, 32, 'sha256');

/** Fernet, by its specification. */
export function fernet(key: Buffer): (text: string) => string {
  return (text) => {
    const iv = randomBytes(16);
    const cipher = createCipheriv('aes-128-cbc', key.subarray(16), iv);
    const time = Buffer.alloc(8);
    time.writeBigUInt64BE(1_720_000_000n);
    const body = Buffer.concat([
      Buffer.from([0x80]),
      time,
      iv,
      cipher.update(text),
      cipher.final(),
    ]);
    const hmac = createHmac('sha256', key.subarray(0, 16)).update(body).digest();
    const token = Buffer.concat([body, hmac]).toString('base64url');
    return token.padEnd(Math.ceil(token.length / 4) * 4, '=');
  };
}
