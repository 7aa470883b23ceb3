import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  type CacheKey,
  createCacheFile,
  NotACacheError,
  readCacheFile,
} from '../../cache/cache-file.js';
import { cachePaths } from '../../cache/paths.js';
import { scratchDirectory } from '../support/scratch.js';

const HEX = '0123456789abcdef0123456789abcdef';
const KEY: CacheKey = {
  source: 'password',
  kdf: { name: 'scrypt', N: 131072, r: 8, p: 1, salt: HEX },
  check: HEX,
};

describe('createCacheFile', () => {
  it('creates a missing directory and a file that reads back the same', () => {
    const paths = cachePaths(join(scratchDirectory(), 'a', 'b'));
    expect(readCacheFile(paths)).toBeUndefined();
    const file = createCacheFile(paths, KEY);
    expect(readCacheFile(paths)).toEqual(file);
    expect(file.id).toMatch(/^[0-9a-f]{32}$/);
    expect(new Date(file.createdAt).toISOString()).toBe(file.createdAt);
    expect(statSync(paths.root).mode & 0o777).toBe(0o700);
    expect(statSync(paths.cacheFile).mode & 0o777).toBe(0o600);
  });

  it('gives the second creator what the first one wrote', () => {
    const paths = cachePaths(scratchDirectory());
    const first = createCacheFile(paths, KEY);
    const second = createCacheFile(paths, { ...KEY, check: 'f'.repeat(32) });
    expect(second).toEqual(first);
    expect(readdirSync(paths.root)).toEqual(['cache.json']);
  });

  it('refuses a directory with other content and leaves it alone', () => {
    const paths = cachePaths(scratchDirectory());
    writeFileSync(join(paths.root, 'thesis.txt'), '');
    expect(() => createCacheFile(paths, KEY)).toThrow(NotACacheError);
    expect(readdirSync(paths.root)).toEqual(['thesis.txt']);
  });

  it('refuses a folder of subfolders, even with the names of ours', () => {
    const paths = cachePaths(scratchDirectory());
    mkdirSync(paths.tmp);
    expect(() => createCacheFile(paths, KEY)).toThrow(
      expect.objectContaining({ code: 'NOT_A_CACHE' }),
    );
  });

  it('refuses a file in place of the directory', () => {
    const root = join(scratchDirectory(), 'file');
    writeFileSync(root, '');
    expect(() => createCacheFile(cachePaths(root), KEY)).toThrow(/it is not a directory/);
  });

  it('continues an interrupted creation and accepts an empty disk', () => {
    const paths = cachePaths(scratchDirectory());
    writeFileSync(join(paths.root, 'cache.json.0123456789ab.tmp'), '{"for');
    mkdirSync(join(paths.root, 'lost+found'));
    expect(createCacheFile(paths, KEY).key).toEqual(KEY);
  });
});

describe('readCacheFile', () => {
  const write = (change: (file: Record<string, unknown>) => unknown) => {
    const paths = cachePaths(scratchDirectory());
    createCacheFile(paths, KEY);
    const file = JSON.parse(readFileSync(paths.cacheFile, 'utf8'));
    writeFileSync(paths.cacheFile, JSON.stringify(change(file)));
    return paths;
  };

  it('keeps members that it does not know', () => {
    const paths = write((file) => ({ ...file, later: { a: 1 } }));
    expect(readCacheFile(paths)).toMatchObject({ later: { a: 1 } });
  });

  it('names the version that a newer cache needs', () => {
    const paths = write((file) => ({ ...file, version: 7, key: 'of another kind' }));
    expect(() => readCacheFile(paths)).toThrow(/version 7/);
    expect(() => readCacheFile(paths)).toThrow(expect.objectContaining({ code: 'CACHE_NEWER' }));
  });

  it('accepts a key file in place of a password', () => {
    const key = { source: 'keyfile', kdf: { name: 'blake2b', salt: HEX }, check: HEX };
    expect(readCacheFile(write((file) => ({ ...file, key })))?.key).toEqual(key);
  });

  it.each<[string, (file: Record<string, unknown>) => unknown]>([
    ['null', () => null],
    ['a list', () => []],
    ['another format', (file) => ({ ...file, format: 'x' })],
    ['no version', ({ version, ...file }) => file],
    ['version 0', (file) => ({ ...file, version: 0 })],
    ['an id with a path', (file) => ({ ...file, id: `../${HEX.slice(3)}` })],
    ['no key', ({ key, ...file }) => file],
    ['a short check', (file) => ({ ...file, key: { ...KEY, check: 'ab' } })],
    ['mixed sources', (file) => ({ ...file, key: { ...KEY, source: 'keyfile' } })],
    ['N = 2^23', (file) => ({ ...file, key: { ...KEY, kdf: { ...KEY.kdf, N: 2 ** 23 } } })],
    ['N not a power of 2', (file) => ({ ...file, key: { ...KEY, kdf: { ...KEY.kdf, N: 1000 } } })],
    ['8 GiB', (file) => ({ ...file, key: { ...KEY, kdf: { ...KEY.kdf, N: 2 ** 22, r: 16 } } })],
    ['minutes', (file) => ({ ...file, key: { ...KEY, kdf: { ...KEY.kdf, N: 2 ** 20, p: 4 } } })],
    ['p = 1e9', (file) => ({ ...file, key: { ...KEY, kdf: { ...KEY.kdf, p: 1e9 } } })],
  ])('calls a file with %s damaged', (_what, change) => {
    const paths = write(change);
    expect(() => readCacheFile(paths)).toThrow(expect.objectContaining({ code: 'CACHE_DAMAGED' }));
  });

  it('calls a cut file damaged', () => {
    const paths = cachePaths(scratchDirectory());
    writeFileSync(paths.cacheFile, '{"format": "s3-lo');
    expect(() => readCacheFile(paths)).toThrow(/not JSON/);
  });
});
