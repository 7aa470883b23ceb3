import { randomBytes } from 'node:crypto';
import { closeSync, rmdirSync, rmSync, writeSync } from 'node:fs';
import { CacheWriteError, makeDirectory, writeFileAtomic } from './atomic-write.js';
import { S3LogExtractionError } from './error.js';
import { writeFileExclusive } from './exclusive-write.js';
import { fileSystemTimeMs } from './file-system-time.js';
import type { LockPlace } from './lock-file.js';
import {
  isHeld,
  LAST_GENERATION,
  type LockContent,
  listGenerations,
  lockFilePath,
  readHighestLock,
} from './lock-file.js';
import { DamagedCacheError, openOwnFile, WRITE_OWN } from './own-file.js';
import { currentProcess } from './process-identity.js';

/** The right to write to a cache (FORMAT.md W5). */
export interface Lock {
  /** 32 hex digits, for requests to stop. */
  readonly token: string;
  readonly generation: number;
  /**
   * To be called right before each commit (FORMAT.md W7).
   *
   * @throws {LockLostError} when another process has taken over, or the lock was released
   */
  assertHeld(): void;
  /** Let others write. Does nothing the second time, or when another has taken over. */
  release(): void;
}

/** The lock as `status` and `stop` see it. */
export interface LockState {
  /** Whether somebody writes now. */
  readonly held: boolean;
  readonly generation: number;
  /** Who holds or held it; undefined when the lock file cannot be read. */
  readonly owner: LockContent | undefined;
}

/** Another process writes to this cache. */
export class CacheLockedError extends S3LogExtractionError {
  constructor(
    root: string,
    readonly owner: LockContent | undefined,
  ) {
    super(
      'CACHE_LOCKED',
      `The cache ${root} is being written by ${describeOwner(owner)}.`,
      {
        hint:
          owner === undefined
            ? 'Its lock file cannot be read; it stops counting 10 minutes after it was last written.'
            : 'Wait until it is done, or end it gracefully with "s3logextraction stop". A process that died on another host stops counting after 10 minutes.',
      },
      4,
    );
  }
}

/** This process no longer holds the lock: it was suspended for so long that another took over. */
export class LockLostError extends S3LogExtractionError {
  constructor(root: string, why: string) {
    super('CACHE_LOCK_LOST', `Lost the lock of the cache ${root}: ${why}.`, {
      hint: 'The batch in hand does not count and what was committed before does: run the same command again.',
    });
  }
}

/** No lock file can have a higher number; no cache that was only used gets there. */
class LockNumberError extends DamagedCacheError {
  constructor(paths: LockPlace) {
    super(
      lockFilePath(paths, LAST_GENERATION),
      'its number is the last there is',
      undefined,
      'Nobody writes to this cache now. Remove that file, then run the same command again.',
    );
  }
}

const RENEWAL_INTERVAL_MS = 20_000;

/** Tokens of locks that this process has let go and could not write so: they are held by a living process, and by nobody. */
const givenUp = new Set<string>();

/** Far more than any race takes; without a limit a damaged lock directory could hang a run. */
const MAXIMUM_TURNS = 1000;

/**
 * Take the lock of a cache, at once or not at all. A lock whose owner has died is taken over.
 *
 * @param options.command what the owner does, for the message that others get
 * @param options.source of a shard
 * @throws {CacheLockedError}
 * @throws {CacheWriteError} when the directory cannot be written
 */
export function acquireLock(
  paths: LockPlace,
  { command, source }: Pick<LockContent, 'command' | 'source'>,
): Lock {
  makeDirectory(paths.lock);
  const token = randomBytes(16).toString('hex');
  const since = new Date().toISOString();
  for (let turn = 0; turn < MAXIMUM_TURNS; turn++) {
    const highest = readHighestLock(paths);
    const isGivenUp = highest?.content !== undefined && givenUp.has(highest.content.token);
    if (
      highest !== undefined &&
      !isGivenUp &&
      isHeld(highest, () => fileSystemTimeMs(paths.lock))
    ) {
      throw new CacheLockedError(paths.root, highest.content);
    }
    const generation = (highest?.generation ?? 0) + 1;
    if (generation > LAST_GENERATION) throw new LockNumberError(paths);
    const owner = currentProcess();
    const what = source === undefined ? { command } : { command, source };
    const content: LockContent = { generation, token, state: 'held', ...owner, since, ...what };
    // Whoever loses a race starts again; each turn means that another process has succeeded.
    if (!writeFileExclusive(lockFilePath(paths, generation), format(content))) continue;
    if (isOvertaken(paths, generation)) {
      rmSync(lockFilePath(paths, generation), { force: true });
      continue;
    }
    removeLowerGenerations(paths, generation);
    return hold(paths, content);
  }
  throw new CacheWriteError(paths.lock, new Error('its generations keep changing'));
}

/**
 * Let a lock that is held by somebody who has died count as free, so that they cannot come back to it. Does nothing when it is free, or nobody
 * ever held it.
 *
 * Only for a lock that was found not to be held.
 */
export function fenceLock(paths: LockPlace): void {
  const highest = readHighestLock(paths);
  if (highest === undefined || highest.content?.state === 'free') return;
  const generation = highest.generation + 1;
  if (generation > LAST_GENERATION) throw new LockNumberError(paths);
  const content: LockContent = {
    generation,
    token: randomBytes(16).toString('hex'),
    state: 'free',
    ...currentProcess(),
    since: new Date().toISOString(),
    command: 'nobody',
  };
  // Who is faster has done the same, or holds it now, which the next look shows.
  if (writeFileExclusive(lockFilePath(paths, generation), format(content))) {
    removeLowerGenerations(paths, generation);
  }
}

/** Remove a lock with its folder, unless something else is in it. Whoever holds it has lost it. */
export function removeLock(paths: LockPlace): void {
  for (const generation of listGenerations(paths)) {
    rmSync(lockFilePath(paths, generation), { force: true });
  }
  try {
    rmdirSync(paths.lock);
  } catch {
    // Something is in it, if only the lock of somebody who came just now.
  }
}

/**
 * Who writes to a cache, for `status` and `stop`. Writes nothing: an owner on another host is
 * judged by the clock of this one.
 *
 * @returns undefined when nobody ever did
 */
export function readLock(paths: LockPlace): LockState | undefined {
  const lock = readHighestLock(paths);
  if (lock === undefined) return undefined;
  return { held: isHeld(lock, Date.now), generation: lock.generation, owner: lock.content };
}

/**
 * Whether there is a higher generation than the one just made. A process that was held up between
 * reading generation n and creating n + 1 may find that name free again, because others have made,
 * released and removed it in the meantime. The highest generation is never removed, so it shows.
 */
function isOvertaken(paths: LockPlace, generation: number): boolean {
  // Twice: a listing that runs while one file is added and another removed may show neither.
  return [1, 2].some(() => listGenerations(paths).at(-1) !== generation);
}

function removeLowerGenerations(paths: LockPlace, generation: number): void {
  for (const lower of listGenerations(paths)) {
    if (lower < generation) rmSync(lockFilePath(paths, lower), { force: true });
  }
}

function hold(paths: LockPlace, content: LockContent): Lock {
  const path = lockFilePath(paths, content.generation);
  let released = false;
  const timer = setInterval(() => renew(path), RENEWAL_INTERVAL_MS);
  timer.unref();

  /** Nobody but us has made a file of this generation: one that cannot be read is ours all the same. */
  const whose = (): 'ours' | 'unreadable' | 'theirs' => {
    const highest = readHighestLock(paths);
    if (highest?.generation !== content.generation) return 'theirs';
    if (highest.content === undefined) return 'unreadable';
    return highest.content.token === content.token && highest.content.state === 'held'
      ? 'ours'
      : 'theirs';
  };
  const giveBack = (): void => {
    if (whose() !== 'theirs') writeFileAtomic(path, format({ ...content, state: 'free' }));
  };
  return {
    token: content.token,
    generation: content.generation,
    assertHeld() {
      if (released) throw new LockLostError(paths.root, 'it was released');
      // Renewed first: from then on nobody takes us for dead for another ten minutes.
      renew(path);
      const state = whose();
      if (state === 'theirs') {
        throw new LockLostError(paths.root, 'another process has taken over');
      }
      if (state === 'unreadable') throw new LockLostError(paths.root, `${path} cannot be read`);
    },
    release() {
      if (released) return;
      released = true;
      clearInterval(timer);
      try {
        giveBack();
      } catch (error) {
        givenUp.add(content.token);
        retry(giveBack);
        throw error;
      }
    },
  };
}

/** Until it is done, or the process ends: then the lock is that of a dead one. */
function retry(giveBack: () => void): void {
  const timer = setInterval(() => {
    try {
      giveBack();
      clearInterval(timer);
    } catch {
      // In 20 seconds again.
    }
  }, RENEWAL_INTERVAL_MS);
  timer.unref();
}

/**
 * Renew the modification time by writing the first byte again, not by setting a time: so it is the
 * clock of the file system that counts on both sides, not those of two hosts.
 */
function renew(path: string): void {
  try {
    const fd = openOwnFile(path, WRITE_OWN);
    try {
      writeSync(fd, '{', 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    // Gone: `assertHeld` finds out. Else the next renewal, 20 seconds on, may succeed.
  }
}

function format(content: LockContent): string {
  return `${JSON.stringify(content)}\n`;
}

/** Who holds a lock, in words. */
export function describeOwner(owner: LockContent | undefined): string {
  if (owner === undefined) return 'an unknown process';
  const { pid, host, command, since } = owner;
  return printable(`process ${pid} on ${host} (${command}, since ${since})`);
}

/** A lock file is data: it must not send control sequences to a terminal. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, 300);
}
