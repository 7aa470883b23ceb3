import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { CacheKey } from '../../cache/cache-file.js';
import { readOrCreateKeyFile } from '../../cache/key-file.js';
import {
  createSealingKey,
  deriveSealingKey,
  openSealingKey,
  sealingKeyFromBytes,
} from '../../cache/sealing-key.js';
import { scratchDirectory } from '../support/scratch.js';

const SALT = '000102030405060708090a0b0c0d0e0f';
const SCRYPT = { name: 'scrypt', N: 1024, r: 8, p: 1, salt: SALT } as const;
const PASSWORD = 'p\u00e4ssword one two';

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');

/** A cache's key section for a password, with quick parameters. */
async function passwordKey(password: string): Promise<CacheKey> {
  const { check } = await deriveSealingKey({ source: 'password', password, kdf: SCRYPT });
  return { source: 'password', kdf: SCRYPT, check };
}

describe('deriveSealingKey', () => {
  // Expected values: hashlib.scrypt and hashlib.blake2b of Python.
  it('derives from a password as FORMAT.md says', async () => {
    const { key, check } = await deriveSealingKey({
      source: 'password',
      password: PASSWORD,
      kdf: SCRYPT,
    });
    expect(hex(key)).toBe('998e402ec07a615e481efdd6ac5b062a');
    expect(check).toBe('db682314ae821f556483a8cd87942f6a');
  });

  it('derives from a key file as FORMAT.md says', async () => {
    const { key, check } = await deriveSealingKey({
      source: 'keyfile',
      bytes: Uint8Array.from({ length: 32 }, (_, i) => 100 + i),
      kdf: { name: 'blake2b', salt: SALT },
    });
    expect(hex(key)).toBe('fce142d8b6d01a085faa08c1a1e91437');
    expect(check).toBe('6be2d0488367eac0b0f3f200fc8a58d3');
  });

  it('takes a password typed as composed or decomposed characters for the same', async () => {
    const decomposed = PASSWORD.normalize('NFD');
    expect(decomposed).not.toBe(PASSWORD);
    expect(await passwordKey(decomposed)).toEqual(await passwordKey(PASSWORD));
  });

  it('gives every salt a key of its own', async () => {
    const one = await deriveSealingKey({ source: 'password', password: PASSWORD, kdf: SCRYPT });
    const kdf = { ...SCRYPT, salt: SALT.replace('0f', '10') };
    const other = await deriveSealingKey({ source: 'password', password: PASSWORD, kdf });
    expect(hex(other.key)).not.toBe(hex(one.key));
    expect(other.check).not.toBe(one.check);
  });
});

describe('a sealing key', () => {
  it('shows nothing when it is printed or written', () => {
    const key = sealingKeyFromBytes(new Uint8Array(16).fill(171));
    const cache = { key, nested: [key] };
    for (const text of [inspect(cache), JSON.stringify(cache), `${key}`, key.toLocaleString()]) {
      expect(text).toContain('[sealing key]');
      expect(text).not.toMatch(/171|ab ?ab/);
    }
  });

  it('reaches a worker thread as its 16 bytes', () => {
    const key = sealingKeyFromBytes(Uint8Array.from({ length: 16 }, (_, i) => i));
    const there = sealingKeyFromBytes(structuredClone(key));
    expect(hex(there)).toBe(hex(key));
    expect(inspect(there)).toBe('[sealing key]');
  });

  it('has 16 bytes', () => {
    expect(() => sealingKeyFromBytes(new Uint8Array(15))).toThrow(RangeError);
  });
});

describe('createSealingKey and openSealingKey', () => {
  const scratchEnv = (password?: string): NodeJS.ProcessEnv => ({
    S3_LOG_EXTRACTION_CONFIG_DIR: join(scratchDirectory(), 'config'),
    ...(password === undefined ? {} : { S3_LOG_EXTRACTION_PASSWORD: password }),
  });

  it('create and open from a password, with the parameters of FORMAT.md', async () => {
    const env = scratchEnv(PASSWORD);
    const { key, cacheKey } = await createSealingKey(env);
    expect(cacheKey).toMatchObject({ source: 'password', kdf: { N: 131072, r: 8, p: 1 } });
    expect(hex(await openSealingKey(cacheKey, env, 'c'))).toBe(hex(key));
    expect(JSON.stringify(cacheKey)).not.toContain(hex(key));
  });

  it('create and open from a key file when the password is empty', async () => {
    const env = scratchEnv('');
    const { key, cacheKey } = await createSealingKey(env);
    expect(cacheKey.source).toBe('keyfile');
    expect(hex(await openSealingKey(cacheKey, env, 'c'))).toBe(hex(key));
    const second = await createSealingKey(env);
    expect(hex(second.key)).not.toBe(hex(key));
  });

  it('refuse a weak password before anything is created', async () => {
    const env = scratchEnv('short');
    await expect(createSealingKey(env)).rejects.toMatchObject({ code: 'WEAK_PASSWORD' });
    expect(readdirSync(join(env.S3_LOG_EXTRACTION_CONFIG_DIR as string, '..'))).toEqual([]);
  });

  it('open an old cache whose password is weak', async () => {
    const cacheKey = await passwordKey('short');
    await expect(openSealingKey(cacheKey, scratchEnv('short'), 'c')).resolves.toHaveLength(16);
  });

  it('notice a wrong password and do not repeat it', async () => {
    const cacheKey = await passwordKey(PASSWORD);
    const error = await openSealingKey(cacheKey, scratchEnv('wrong-secret'), 'c').catch((e) => e);
    expect(error).toMatchObject({ code: 'WRONG_PASSWORD' });
    expect(inspect(error)).not.toContain('wrong-secret');
  });

  it('notice another key file', async () => {
    const { cacheKey } = await createSealingKey(scratchEnv());
    const env = scratchEnv();
    readOrCreateKeyFile(env);
    await expect(openSealingKey(cacheKey, env, 'c')).rejects.toMatchObject({
      code: 'WRONG_KEY_FILE',
    });
  });

  it('say which of password and key file is needed', async () => {
    const env = scratchEnv();
    await expect(openSealingKey(await passwordKey(PASSWORD), env, 'c')).rejects.toMatchObject({
      code: 'KEY_SOURCE_MISMATCH',
      message: expect.stringContaining('is not set'),
    });
    const { cacheKey } = await createSealingKey(env);
    const both = { ...env, S3_LOG_EXTRACTION_PASSWORD: PASSWORD };
    await expect(openSealingKey(cacheKey, both, 'c')).rejects.toMatchObject({
      code: 'KEY_SOURCE_MISMATCH',
      hint: expect.stringContaining('Unset'),
    });
  });

  it('ask for the key file of a cache when it is gone, and make no other', async () => {
    const { cacheKey } = await createSealingKey(scratchEnv());
    const env = scratchEnv();
    await expect(openSealingKey(cacheKey, env, 'c')).rejects.toMatchObject({
      code: 'KEY_FILE_MISSING',
    });
    expect(readdirSync(join(env.S3_LOG_EXTRACTION_CONFIG_DIR as string, '..'))).toEqual([]);
  });
});
