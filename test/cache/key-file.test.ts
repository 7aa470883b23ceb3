import { chmodSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { keyFilePath, readKeyFile, readOrCreateKeyFile } from '../../cache/key-file.js';
import { scratchDirectory } from '../support/scratch.js';

const scratchEnv = () => ({ S3_LOG_EXTRACTION_CONFIG_DIR: join(scratchDirectory(), 'config') });

describe('the key file', () => {
  it('is made once, private, and read ever after', () => {
    const env = scratchEnv();
    const key = readOrCreateKeyFile(env);
    expect(key).toHaveLength(32);
    expect(readOrCreateKeyFile(env)).toEqual(key);
    expect(readKeyFile(env)).toEqual(key);
    expect(readFileSync(keyFilePath(env), 'utf8')).toBe(`${Buffer.from(key).toString('hex')}\n`);
    expect(statSync(keyFilePath(env)).mode & 0o777).toBe(0o600);
    expect(statSync(env.S3_LOG_EXTRACTION_CONFIG_DIR).mode & 0o777).toBe(0o700);
    expect(readdirSync(env.S3_LOG_EXTRACTION_CONFIG_DIR)).toEqual(['key']);
  });

  it('differs from user to user', () => {
    expect(readOrCreateKeyFile(scratchEnv())).not.toEqual(readOrCreateKeyFile(scratchEnv()));
  });

  it('is not made where a cache needs the one it had', () => {
    const env = scratchEnv();
    expect(() => readKeyFile(env)).toThrow(expect.objectContaining({ code: 'KEY_FILE_MISSING' }));
    expect(() => statSync(keyFilePath(env))).toThrow(/ENOENT/);
  });

  it.each([0o640, 0o604, 0o620, 0o644])('is refused with mode %o', (mode) => {
    const env = scratchEnv();
    readOrCreateKeyFile(env);
    chmodSync(keyFilePath(env), mode);
    for (const act of [readKeyFile, readOrCreateKeyFile]) {
      expect(() => act(env)).toThrow(
        expect.objectContaining({
          code: 'KEY_FILE_EXPOSED',
          hint: expect.stringContaining('chmod 600'),
        }),
      );
    }
  });

  it.each([
    ['empty', ''],
    ['short', 'ab'.repeat(31)],
    ['long', 'ab'.repeat(33)],
    ['not hexadecimal', 'xy'.repeat(32)],
    ['huge', 'ab'.repeat(1000)],
  ])('is refused when it is %s, without a word of its content', (_what, text) => {
    const env = scratchEnv();
    mkdirSync(env.S3_LOG_EXTRACTION_CONFIG_DIR);
    writeFileSync(keyFilePath(env), text, { mode: 0o600 });
    for (const act of [readKeyFile, readOrCreateKeyFile]) {
      expect(() => act(env)).toThrow(expect.objectContaining({ code: 'KEY_FILE_DAMAGED' }));
      expect(() => act(env)).not.toThrow(/abab|xyxy/);
    }
  });

  it('is read without its line end, as a copy may have it', () => {
    const env = scratchEnv();
    const key = readOrCreateKeyFile(env);
    writeFileSync(keyFilePath(env), Buffer.from(key).toString('hex'), { mode: 0o600 });
    expect(readKeyFile(env)).toEqual(key);
  });
});
