import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { acquireLock } from '../../cache/lock.js';
import { type CompiledCache, compileCache } from '../support/compiled-cache.js';
import { leaveLock, lockNames, NO_PID, scratchPaths } from '../support/lock-fixtures.js';
import { scratchDirectory } from '../support/scratch.js';

/** What happens right before the next `link`, the moment in which a taker can be overtaken. */
const interruption = vi.hoisted(() => ({ next: undefined as (() => void) | undefined }));

vi.mock('node:fs', async (original) => {
  const fs = await original<typeof import('node:fs')>();
  const linkSync: typeof fs.linkSync = (from, to) => {
    const happen = interruption.next;
    interruption.next = undefined;
    happen?.();
    fs.linkSync(from, to);
  };
  return { ...fs, linkSync };
});

afterEach(() => {
  interruption.next = undefined;
});

describe('a taker that is overtaken between reading the lock and creating its own', () => {
  it('gives way to one that has taken the same dead lock', () => {
    const paths = scratchPaths();
    leaveLock(paths, { pid: NO_PID });
    interruption.next = () => void acquireLock(paths, { command: 'faster' });
    expect(() => acquireLock(paths, { command: 'slower' })).toThrow(/faster/);
    expect(lockNames(paths)).toEqual(['000000000002.json']);
  });

  it('gives way to one that came when the generation it creates was already history', () => {
    const paths = scratchPaths();
    leaveLock(paths, { pid: NO_PID });
    interruption.next = () => {
      // Generation 2 comes and goes, and generation 3 removes its file.
      acquireLock(paths, { command: 'first' }).release();
      acquireLock(paths, { command: 'second' });
      expect(lockNames(paths)).toContain('000000000003.json');
      expect(lockNames(paths)).not.toContain('000000000002.json');
    };
    expect(() => acquireLock(paths, { command: 'slower' })).toThrow(/second/);
    expect(lockNames(paths)).toEqual(['000000000003.json']);
  });

  it('takes the lock after all when the others have released it', () => {
    const paths = scratchPaths();
    leaveLock(paths, { pid: NO_PID });
    interruption.next = () => {
      acquireLock(paths, { command: 'first' }).release();
      acquireLock(paths, { command: 'second' }).release();
    };
    const lock = acquireLock(paths, { command: 'slower' });
    expect(lock.generation).toBe(4);
    lock.assertHeld();
    expect(lockNames(paths)).toEqual(['000000000004.json']);
    lock.release();
  });

  it('tries again when its temporary file is taken for garbage', () => {
    const paths = scratchPaths();
    interruption.next = () => {
      for (const name of lockNames(paths)) rmSync(join(paths.lock, name));
    };
    const lock = acquireLock(paths, { command: 'x' });
    lock.assertHeld();
    lock.release();
    expect(lockNames(paths)).toEqual(['000000000001.json']);
  });
});

/**
 * Takes the lock again and again; now and then it dies with it. The file `inside` is created
 * exclusively, so that two owners at once are noticed. Ends with 7 when they are.
 */
const CONTENDER = `
import { closeSync, openSync, rmSync, appendFileSync } from 'node:fs';
import { acquireLock, CacheLockedError } from './cache/lock.js';
import { cachePaths } from './cache/paths.js';
const [root, turns, dieAt] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])];
const pause = (ms) => new Promise((done) => setTimeout(done, ms));
for (let turn = 0; turn < turns; ) {
  let lock;
  try {
    lock = acquireLock(cachePaths(root + '/cache'), { command: 'race' });
  } catch (error) {
    if (!(error instanceof CacheLockedError)) throw error;
    await pause(1 + Math.random() * 4);
    continue;
  }
  turn++;
  try {
    closeSync(openSync(root + '/inside', 'wx'));
  } catch {
    process.exit(7);
  }
  await pause(Math.random() * 3);
  lock.assertHeld();
  appendFileSync(root + '/generations', lock.generation + '\\n');
  rmSync(root + '/inside');
  if (turn === dieAt) process.kill(process.pid, 'SIGKILL');
  lock.release();
}
`;

describe('processes that race for the lock', () => {
  let compiled: CompiledCache;
  beforeAll(() => {
    compiled = compileCache();
  });
  afterAll(() => compiled?.remove());

  it('never hold it at the same time, over a dead lock and with owners that are killed', async () => {
    const root = scratchDirectory();
    mkdirSync(join(root, 'cache', 'lock'), { recursive: true });
    leaveLock({ ...scratchPaths(), lock: join(root, 'cache', 'lock') }, { pid: NO_PID });
    const turns = 30;
    const deaths = [0, 0, 0, 3, 10, 20];
    const ends = await Promise.all(
      deaths.map((dieAt) => compiled.run(CONTENDER, [root, `${turns}`, `${dieAt}`])),
    );
    expect(ends.map(({ status, signal, output }) => signal ?? `${status}${output}`)).toEqual(
      deaths.map((dieAt) => (dieAt === 0 ? '0' : 'SIGKILL')),
    );
    const generations = readFileSync(join(root, 'generations'), 'utf8').trim().split('\n');
    expect(generations).toHaveLength(3 * turns + 3 + 10 + 20);
    const numbers = generations.map(Number);
    // Strictly rising: nobody ever wrote under a generation that had been passed.
    expect(numbers).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  });

  it('get a clear error from a directory that they may not write', async () => {
    const root = scratchDirectory();
    chmodSync(root, 0o755);
    const cache = join(root, 'cache');
    mkdirSync(join(cache, 'lock'), { recursive: true });
    writeFileSync(join(cache, 'cache.json'), '{}');
    chmodSync(join(cache, 'lock'), 0o555);
    const script = `
      import { acquireLock } from './cache/lock.js';
      import { cachePaths } from './cache/paths.js';
      try {
        acquireLock(cachePaths(process.argv[2]), { command: 'x' });
      } catch (error) {
        console.log(error.code, error.message, error.hint);
      }
    `;
    // Root may write anywhere: then the child is somebody else.
    const options = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
    const { output } = await compiled.run(script, [cache], options);
    expect(output).toMatch(/^CACHE_WRITE_FAILED Could not write .*EACCES.* permissions/s);
  });

  it('create one cache together, with one key', async () => {
    const root = scratchDirectory();
    const script = `
      import { openCacheForWriting } from './cache/open-cache.js';
      import { CacheLockedError } from './cache/lock.js';
      const [root] = process.argv.slice(2);
      const env = { S3_LOG_EXTRACTION_CONFIG_DIR: root + '/config' };
      for (;;) {
        try {
          const cache = await openCacheForWriting(root + '/cache', { command: 'x', env });
          console.log(cache.cacheFile.id, Buffer.from(cache.key).toString('hex'));
          cache.close();
          break;
        } catch (error) {
          if (!(error instanceof CacheLockedError)) throw error;
          await new Promise((done) => setTimeout(done, 10));
        }
      }
    `;
    const ends = await Promise.all([1, 2, 3, 4].map(() => compiled.run(script, [root])));
    expect(ends.map(({ status, output }) => (status === 0 ? '' : output)).join('')).toBe('');
    expect(new Set(ends.map(({ output }) => output)).size).toBe(1);
    expect(ends[0].output).toMatch(/^[0-9a-f]{32} [0-9a-f]{32}\n$/);
  });
});
