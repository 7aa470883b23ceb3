import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterEach, describe, expect, it } from 'vitest';
import { acquireLock, readLock } from '../../cache/lock.js';
import {
  openCacheForReading,
  openCacheForWriting,
  type WritableCache,
} from '../../cache/open-cache.js';
import { cachePaths } from '../../cache/paths.js';
import { createSealer, RawIp } from '../../cache/seal.js';
import { requestStop } from '../../cache/stop-request.js';
import { leaveLock } from '../support/lock-fixtures.js';
import { scratchDirectory } from '../support/scratch.js';

const PASSWORD = 'kv7Qz!mmR2pk word';
const open: { close(): void }[] = [];

afterEach(() => {
  for (const cache of open.splice(0)) cache.close();
});

/** A place for a cache, and an environment with a configuration directory beside it. */
function scratch(password?: string): { root: string; env: NodeJS.ProcessEnv } {
  const directory = scratchDirectory();
  return {
    root: join(directory, 'cache'),
    env: {
      S3_LOG_EXTRACTION_CONFIG_DIR: join(directory, 'config'),
      ...(password === undefined ? {} : { S3_LOG_EXTRACTION_PASSWORD: password }),
    },
  };
}

async function openWriting(root: string, env: NodeJS.ProcessEnv): Promise<WritableCache> {
  const cache = await openCacheForWriting(root, { command: 'test', env });
  open.push(cache);
  return cache;
}

/** Every path below a directory with its size and time, to see that nothing was touched. */
function snapshot(directory: string): string[] {
  return readdirSync(directory, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { size, mtimeMs } = statSync(join(directory, name));
      return `${name} ${size} ${mtimeMs}`;
    })
    .sort();
}

describe('openCacheForWriting', () => {
  it('creates a cache with the tree and the modes of FORMAT.md', async () => {
    const { root, env } = scratch();
    const umask = process.umask(0o077);
    try {
      await openWriting(root, env);
    } finally {
      process.umask(umask);
    }
    const modes = Object.fromEntries(
      ['', ...readdirSync(root, { recursive: true, encoding: 'utf8' })].map((name) => [
        name,
        (statSync(join(root, name)).mode & 0o777).toString(8),
      ]),
    );
    expect(modes).toEqual({
      '': '700',
      'cache.json': '600',
      'cache.json.copy': '600',
      commits: '700',
      segments: '700',
      ips: '700',
      [join('ips', 'indexes')]: '700',
      rollups: '700',
      summaries: '755',
      lock: '700',
      [join('lock', '000000000001.json')]: '600',
      stop: '700',
      tmp: '700',
    });
  });

  it('opens it again with the same key', async () => {
    const { root, env } = scratch();
    const first = await openWriting(root, env);
    const sealed = (await createSealer(first.key)).seal(new RawIp(new Uint8Array(16).fill(9)));
    first.close();
    const second = await openWriting(root, env);
    expect(second.cacheFile).toEqual(first.cacheFile);
    expect((await createSealer(second.key)).open(sealed).reveal()).toEqual(
      new Uint8Array(16).fill(9),
    );
  });

  it('shows no key when it is printed', async () => {
    const { root, env } = scratch();
    const cache = await openWriting(root, env);
    const bytes = Array.from(cache.key).join(', ');
    expect(inspect(cache, { depth: 9, maxArrayLength: null, showHidden: false })).not.toContain(
      bytes,
    );
    expect(JSON.stringify(cache)).toContain('[sealing key]');
  });

  it('refuses a second writer and lets it in after close', async () => {
    const { root, env } = scratch();
    const first = await openWriting(root, env);
    await expect(openWriting(root, env)).rejects.toMatchObject({ code: 'CACHE_LOCKED' });
    first.close();
    first.close();
    const second = await openWriting(root, env);
    first.close();
    second.lock.assertHeld();
  });

  it('writes nothing for a weak password', async () => {
    const { root, env } = scratch('passwordpassword');
    await expect(openWriting(root, env)).rejects.toMatchObject({ code: 'WEAK_PASSWORD' });
    expect(readdirSync(join(root, '..'))).toEqual([]);
  });

  it('writes nothing for a wrong password, and opens with the right one', async () => {
    const { root, env } = scratch(PASSWORD);
    (await openWriting(root, env)).close();
    const before = snapshot(root);
    const wrong = { ...env, S3_LOG_EXTRACTION_PASSWORD: `${PASSWORD}.` };
    await expect(openWriting(root, wrong)).rejects.toMatchObject({ code: 'WRONG_PASSWORD' });
    const { S3_LOG_EXTRACTION_PASSWORD, ...none } = env;
    await expect(openWriting(root, none)).rejects.toMatchObject({ code: 'KEY_SOURCE_MISMATCH' });
    expect(snapshot(root)).toEqual(before);
    expect(existsSync(env.S3_LOG_EXTRACTION_CONFIG_DIR as string)).toBe(false);
    await openWriting(root, env);
    const text = readFileSync(join(root, 'cache.json'), 'utf8');
    expect(text).not.toContain(PASSWORD);
  });

  it('creates nothing in a directory that is something else', async () => {
    const { root, env } = scratch();
    mkdirSync(root);
    writeFileSync(join(root, 'thesis.txt'), '');
    await expect(openWriting(root, env)).rejects.toMatchObject({ code: 'NOT_A_CACHE' });
    expect(readdirSync(root)).toEqual(['thesis.txt']);
    expect(readdirSync(join(root, '..'))).toEqual(['cache']);
  });

  it('does not put the key into the cache', async () => {
    const { root } = scratch();
    for (const directory of [root, join(root, 'config')]) {
      const env = { S3_LOG_EXTRACTION_CONFIG_DIR: directory };
      await expect(openWriting(root, env)).rejects.toMatchObject({ code: 'KEY_FILE_IN_CACHE' });
    }
    expect(existsSync(root)).toBe(false);
    await openWriting(root, { S3_LOG_EXTRACTION_CONFIG_DIR: `${root}-config` });
  });

  it('removes what a killed run left, and requests meant for it', async () => {
    const { root, env } = scratch();
    (await openWriting(root, env)).close();
    const paths = cachePaths(root);
    const unfinished = '20261123T061349123Z-9f3a1c2b-000002-1.records.parquet';
    writeFileSync(join(paths.segments, unfinished), 'x');
    writeFileSync(join(paths.tmp, 'x'), 'x');
    requestStop(paths, 'b'.repeat(32));
    await openWriting(root, env);
    for (const directory of [paths.segments, paths.tmp, paths.stop]) {
      expect(readdirSync(directory)).toEqual([]);
    }
  });

  it('removes a request to stop it when it closes, and only that', async () => {
    const { root, env } = scratch();
    const cache = await openWriting(root, env);
    requestStop(cache.paths, cache.lock.token);
    const later = 'c'.repeat(32);
    requestStop(cache.paths, later);
    cache.close();
    expect(readdirSync(cache.paths.stop)).toEqual([later]);
  });

  it('does not release the lock of one that has taken over', async () => {
    const { root, env } = scratch();
    const cache = await openWriting(root, env);
    leaveLock(cache.paths, { generation: 2, token: 'b'.repeat(32) });
    cache.close();
    expect(readLock(cache.paths)).toMatchObject({ held: true, generation: 2 });
  });

  it('releases the lock when it cannot go on', async () => {
    const { root, env } = scratch();
    (await openWriting(root, env)).close();
    const { cacheCopy } = cachePaths(root);
    rmSync(cacheCopy);
    mkdirSync(join(cacheCopy, 'somebody'), { recursive: true });
    await expect(openWriting(root, env)).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
    expect(readLock(cachePaths(root))?.held).toBe(false);
  });

  it('needs no password for a stage that does not seal', async () => {
    const { root, env } = scratch(PASSWORD);
    (await openWriting(root, env)).close();
    const cache = await openCacheForWriting(root, { command: 'x', env: {}, needsKey: false });
    open.push(cache);
    expect('key' in cache).toBe(false);
    cache.lock.assertHeld();
  });

  it('creates no cache for a stage that does not seal', async () => {
    const { root, env } = scratch();
    await expect(
      openCacheForWriting(root, { command: 'x', env, needsKey: false }),
    ).rejects.toMatchObject({ code: 'NO_CACHE' });
    expect(existsSync(root)).toBe(false);
  });
});

describe('openCacheForReading', () => {
  it('reads while another writes, without a key, and changes nothing', async () => {
    const { root, env } = scratch();
    const writer = await openWriting(root, env);
    const before = snapshot(root);
    const reader = openCacheForReading(root);
    expect(reader.cacheFile).toEqual(writer.cacheFile);
    expect(snapshot(root)).toEqual(before);
  });

  it('says that there is no cache, and creates none', () => {
    const { root } = scratch();
    expect(() => openCacheForReading(root)).toThrow(
      expect.objectContaining({ code: 'NO_CACHE', hint: expect.stringContaining('extract') }),
    );
    expect(existsSync(root)).toBe(false);
  });

  it('leaves the lock of a dead writer alone', async () => {
    const { root, env } = scratch();
    (await openWriting(root, env)).close();
    const lock = acquireLock(cachePaths(root), { command: 'x' });
    const before = snapshot(root);
    openCacheForReading(root);
    expect(snapshot(root)).toEqual(before);
    lock.release();
  });
});
