import { mkdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { acquireLock, CacheLockedError, type Lock, readLock } from '../../cache/lock.js';
import { lockFilePath } from '../../cache/lock-file.js';
import {
  ageLock,
  leaveLock,
  leaveLockText,
  lockNames,
  MINUTE_MS,
  NO_PID,
  scratchPaths,
} from '../support/lock-fixtures.js';

const onLinux = it.runIf(process.platform === 'linux');
const held: Lock[] = [];

/** Takes the lock; released after the test. */
function acquire(paths: ReturnType<typeof scratchPaths>): Lock {
  const lock = acquireLock(paths, { command: 'test' });
  held.push(lock);
  return lock;
}

afterEach(() => {
  for (const lock of held.splice(0)) lock.release();
  vi.useRealTimers();
});

describe('acquireLock', () => {
  it('takes a lock that nobody ever had, as FORMAT.md says', () => {
    const paths = scratchPaths();
    rmSync(paths.lock, { recursive: true });
    const lock = acquire(paths);
    expect(lockNames(paths)).toEqual(['000000000001.json']);
    const content = JSON.parse(readFileSync(lockFilePath(paths, 1), 'utf8'));
    expect(content).toMatchObject({
      generation: 1,
      token: lock.token,
      state: 'held',
      pid: process.pid,
      host: hostname(),
      command: 'test',
    });
    expect(lock.token).toMatch(/^[0-9a-f]{32}$/);
    expect(statSync(lockFilePath(paths, 1)).mode & 0o777).toBe(0o600);
  });

  it('takes one over that this process has let go and could not write so; it is written later', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const paths = scratchPaths();
    const lock = acquire(paths);
    const path = lockFilePath(paths, 1);
    const content = readFileSync(path);
    rmSync(path);
    mkdirSync(path);
    expect(() => lock.release()).toThrow(expect.objectContaining({ code: 'CACHE_DAMAGED' }));
    vi.advanceTimersByTime(30_000);
    rmSync(path, { recursive: true });
    writeFileSync(path, content);
    expect(readLock(paths)).toMatchObject({ held: true });
    const second = acquire(paths);
    expect(second.generation).toBe(2);
    second.release();

    rmSync(lockFilePath(paths, 2));
    writeFileSync(path, content);
    vi.advanceTimersByTime(30_000);
    expect(readLock(paths)).toMatchObject({ held: false, generation: 1 });
  });

  it('gives one back that cannot be read', () => {
    const paths = scratchPaths();
    const lock = acquire(paths);
    writeFileSync(lockFilePath(paths, 1), '{');
    expect(() => lock.assertHeld()).toThrow('cannot be read');
    lock.release();
    expect(acquire(paths).generation).toBe(2);
  });

  it('refuses while it is held, naming the holder', () => {
    const paths = scratchPaths();
    const lock = acquire(paths);
    const error = catchError(() => acquireLock(paths, { command: 'second' }));
    expect(error).toBeInstanceOf(CacheLockedError);
    expect(error).toMatchObject({ code: 'CACHE_LOCKED', exitCode: 4 });
    const { since } = JSON.parse(readFileSync(lockFilePath(paths, 1), 'utf8'));
    for (const part of [`${process.pid}`, hostname(), 'test', since, paths.root]) {
      expect((error as Error).message).toContain(part);
    }
    expect((error as Error).message).not.toContain(lock.token);
    expect(lockNames(paths)).toEqual(['000000000001.json']);
  });

  it('is taken and released in turns, by ever higher generations', () => {
    const paths = scratchPaths();
    for (const generation of [1, 2, 3]) {
      const lock = acquireLock(paths, { command: 'test' });
      expect(lock.generation).toBe(generation);
      lock.release();
      lock.release();
      expect(readLock(paths)).toMatchObject({ held: false, generation, owner: { state: 'free' } });
    }
    expect(lockNames(paths)).toEqual(['000000000003.json']);
  });

  it('takes over from a process that has died', () => {
    const paths = scratchPaths();
    leaveLock(paths, { generation: 41, pid: NO_PID });
    expect(acquire(paths).generation).toBe(42);
    expect(lockNames(paths)).toEqual(['000000000042.json']);
  });

  onLinux('takes over when another process has got the pid of the dead one', () => {
    const paths = scratchPaths();
    leaveLock(paths, { startedAt: '1' });
    expect(acquire(paths).generation).toBe(2);
  });

  onLinux('does not take over from a live process on this host, however silent', () => {
    const paths = scratchPaths();
    leaveLock(paths, {}, 1000 * MINUTE_MS);
    expect(() => acquire(paths)).toThrow(CacheLockedError);
  });

  it.each([
    ['on another host', { host: 'elsewhere', pid: NO_PID }],
    ['in another pid namespace', { boot: 'another pid:[1]', pid: NO_PID }],
    ['on a system that tells no start', { startedAt: null }],
  ])('goes by the heart-beat for an owner %s', (_where, owner) => {
    const paths = scratchPaths();
    leaveLock(paths, owner, 9 * MINUTE_MS);
    expect(() => acquire(paths)).toThrow(CacheLockedError);
    ageLock(paths, 1, 11 * MINUTE_MS);
    expect(acquire(paths).generation).toBe(2);
    expect(lockNames(paths)).toEqual(['000000000002.json']);
  });

  it('compares a heart-beat with the clock of the file system, not with its own', () => {
    const paths = scratchPaths();
    leaveLock(paths, { host: 'elsewhere' }, 0);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 1000 * MINUTE_MS });
    expect(() => acquire(paths)).toThrow(CacheLockedError);
  });

  it.each([
    ['empty', ''],
    ['cut', '{"generation":1,"tok'],
    ['of another kind', '[]'],
    ['null', 'null'],
    ['of another generation', JSON.stringify({ generation: 9 })],
  ])('counts a lock file that is %s as held until it is 10 minutes old', (_what, text) => {
    const paths = scratchPaths();
    leaveLockText(paths, 1, text, 9 * MINUTE_MS);
    expect(catchError(() => acquire(paths))).toMatchObject({
      code: 'CACHE_LOCKED',
      message: expect.stringContaining('an unknown process'),
    });
    ageLock(paths, 1, 11 * MINUTE_MS);
    expect(acquire(paths).generation).toBe(2);
  });

  it('does not hang on a lock file that cannot be opened', () => {
    const paths = scratchPaths();
    symlinkSync('nowhere', lockFilePath(paths, 1));
    expect(() => acquire(paths)).toThrow('it is a symbolic link');
    rmSync(lockFilePath(paths, 1));
    mkdirSync(lockFilePath(paths, 1));
    expect(() => acquire(paths)).toThrow('it is not a regular file but a folder');
  });

  it('does not hang when generations are used up, but says what to do', () => {
    const paths = scratchPaths();
    leaveLock(paths, { generation: 999_999_999_999, state: 'free' });
    const path = lockFilePath(paths, 999_999_999_999);
    expect(catchError(() => acquire(paths))).toMatchObject({
      code: 'CACHE_DAMAGED',
      message: expect.stringContaining(path),
      hint: expect.stringContaining('Remove that file'),
    });
    expect(lockNames(paths)).toEqual(['999999999999.json']);
    rmSync(path);
    expect(acquire(paths).generation).toBe(1);
  });

  it('is not misled by what a killed process left between link and cleanup', () => {
    const paths = scratchPaths();
    leaveLock(paths, { generation: 3, state: 'free' });
    leaveLock(paths, { generation: 4, pid: NO_PID });
    writeFileSync(`${lockFilePath(paths, 4)}.0123456789ab.tmp`, '{');
    expect(acquire(paths).generation).toBe(5);
    expect(lockNames(paths).filter((name) => name.endsWith('.json'))).toEqual([
      '000000000005.json',
    ]);
  });

  it('lets a lock file send nothing to the terminal', () => {
    const paths = scratchPaths();
    leaveLock(paths, { command: 'x\u001b]0;title\u0007\n\u202e', startedAt: null });
    const { message } = catchError(() => acquire(paths)) as Error;
    expect(message).toMatch(/^[\x20-\x7e]*$/);
  });
});

describe('a lock', () => {
  it('is held until another has taken over, and says so before a commit', () => {
    const paths = scratchPaths();
    const lock = acquire(paths);
    lock.assertHeld();
    const other = leaveLock(paths, { generation: 2, token: 'b'.repeat(32) });
    rmSync(lockFilePath(paths, 1));
    expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'CACHE_LOCK_LOST' }));
    lock.release();
    expect(readLock(paths)?.owner).toEqual(other);
    expect(lockNames(paths)).toEqual(['000000000002.json']);
  });

  it('is lost when another has taken over and its own file is still there', () => {
    const paths = scratchPaths();
    const lock = acquire(paths);
    leaveLock(paths, { generation: 2, token: 'b'.repeat(32) });
    expect(() => lock.assertHeld()).toThrow(/another process has taken over/);
  });

  it('is lost with the cache directory', () => {
    const paths = scratchPaths();
    const lock = acquire(paths);
    rmSync(paths.lock, { recursive: true });
    expect(() => lock.assertHeld()).toThrow(expect.objectContaining({ code: 'CACHE_LOCK_LOST' }));
    lock.release();
    expect(readLock(paths)).toBeUndefined();
  });

  it('is not held after its release', () => {
    const lock = acquire(scratchPaths());
    lock.release();
    expect(() => lock.assertHeld()).toThrow(/it was released/);
  });

  it('is renewed every 20 seconds and before each commit, without changing its file', () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const paths = scratchPaths();
    const lock = acquire(paths);
    const before = readFileSync(lockFilePath(paths, 1), 'utf8');
    const age = () => Date.now() - statSync(lockFilePath(paths, 1)).mtimeMs;

    for (const renewed of [() => vi.advanceTimersByTime(20_000), () => lock.assertHeld()]) {
      ageLock(paths, 1, 5 * MINUTE_MS);
      vi.advanceTimersByTime(0);
      expect(age()).toBeGreaterThan(4 * MINUTE_MS);
      renewed();
      expect(age()).toBeLessThan(4 * MINUTE_MS);
    }
    expect(readFileSync(lockFilePath(paths, 1), 'utf8')).toBe(before);

    lock.release();
    ageLock(paths, 1, 5 * MINUTE_MS);
    vi.advanceTimersByTime(60_000);
    expect(age()).toBeGreaterThan(4 * MINUTE_MS);
  });
});

describe('readLock', () => {
  it('finds nothing where nobody ever wrote, and creates nothing', () => {
    const paths = scratchPaths();
    expect(readLock(paths)).toBeUndefined();
    rmSync(paths.lock, { recursive: true });
    expect(readLock(paths)).toBeUndefined();
    expect(() => statSync(paths.lock)).toThrow(/ENOENT/);
  });

  it('tells the token of the holder', () => {
    const paths = scratchPaths();
    const lock = acquire(paths);
    expect(readLock(paths)).toMatchObject({ held: true, owner: { token: lock.token } });
  });

  it('tells that a holder has died', () => {
    const paths = scratchPaths();
    leaveLock(paths, { pid: NO_PID });
    expect(readLock(paths)).toMatchObject({ held: false, owner: { pid: NO_PID } });
  });

  it('tells when the lock file makes no sense, and writes nothing to find out', () => {
    const paths = scratchPaths();
    leaveLockText(paths, 1, '', 0);
    const { mtimeMs } = statSync(paths.lock);
    expect(readLock(paths)).toEqual({ held: true, generation: 1, owner: undefined });
    expect(statSync(paths.lock).mtimeMs).toBe(mtimeMs);
  });

  it('reads no token that could lead a path astray', () => {
    const paths = scratchPaths();
    leaveLock(paths, { token: join('..', '..', 'x') });
    expect(readLock(paths)?.owner).toBeUndefined();
  });
});

function catchError(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return error;
  }
  return expect.unreachable();
}
