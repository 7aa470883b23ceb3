import { closeSync, fstatSync, lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { CacheReadError } from './cache-file.js';
import { systemErrorCode } from './error.js';
import { DamagedCacheError, openOwnFile } from './own-file.js';
import type { CachePaths } from './paths.js';
import { type ProcessIdentity, processStatus } from './process-identity.js';

/** What a lock file says (FORMAT.md section 11). */
export interface LockContent extends ProcessIdentity {
  readonly generation: number;
  /** 32 hex digits, random for each time the lock is taken. */
  readonly token: string;
  readonly state: 'held' | 'free';
  readonly since: string;
  readonly command: string;
  /** Of a shard: what it extracts, so that others can tell whether it is the same. */
  readonly source?: string | undefined;
}

/** Where a lock stands, and what it is of. */
export type LockPlace = Pick<CachePaths, 'root' | 'lock'>;

/** The lock file that counts. */
export interface LockFile {
  readonly generation: number;
  readonly path: string;
  /** Milliseconds since 1970, by the clock of the file system. */
  readonly modifiedMs: number;
  /** undefined: it cannot be read, or makes no sense. */
  readonly content: LockContent | undefined;
}

/** How long an owner that cannot be seen from here may be silent before it counts as dead. */
export const SILENCE_LIMIT_MS = 10 * 60 * 1000;

/**
 * @returns the lock file of the highest generation; undefined when there is none
 * @throws {CacheReadError}
 */
export function readHighestLock(paths: LockPlace): LockFile | undefined {
  for (;;) {
    const generation = listGenerations(paths).at(-1);
    if (generation === undefined) return undefined;
    const lock = readLockFile(paths, generation);
    if (lock !== undefined) return lock;
    // It was removed since: only ever done when there is a higher one.
  }
}

/** All generations there are, lowest first. */
export function listGenerations(paths: LockPlace): number[] {
  let names: string[];
  try {
    names = readdirSync(paths.lock);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw new CacheReadError(paths.lock, error);
  }
  return names
    .filter((name) => LOCK_NAME.test(name))
    .map((name) => Number(name.slice(0, 12)))
    .sort((a, b) => a - b);
}

export function lockFilePath(paths: LockPlace, generation: number): string {
  return join(paths.lock, `${String(generation).padStart(12, '0')}.json`);
}

/**
 * Whether somebody holds this lock (FORMAT.md section 11).
 *
 * @param now gives the time by the clock of the file system, in ms; asked only when it matters
 */
export function isHeld(lock: LockFile, now: () => number): boolean {
  if (lock.content?.state === 'free') return false;
  const status = lock.content === undefined ? 'unknown' : processStatus(lock.content);
  if (status !== 'unknown') return status === 'alive';
  return now() - lock.modifiedMs < SILENCE_LIMIT_MS;
}

const LOCK_NAME = /^\d{12}\.json$/;
/** That has twelve digits. */
export const LAST_GENERATION = 999_999_999_999;

/** @returns undefined when it is gone */
function readLockFile(paths: LockPlace, generation: number): LockFile | undefined {
  const path = lockFilePath(paths, generation);
  try {
    const fd = openOwnFile(path);
    try {
      const modifiedMs = fstatSync(fd).mtimeMs;
      return { generation, path, modifiedMs, content: parse(readFileSync(fd, 'utf8'), generation) };
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof DamagedCacheError) throw error;
    // Gone, or there and not to be read: the next line tells.
  }
  try {
    return { generation, path, modifiedMs: lstatSync(path).mtimeMs, content: undefined };
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new CacheReadError(path, error);
  }
}

function parse(text: string, generation: number): LockContent | undefined {
  let value: { readonly [name in keyof LockContent]?: unknown } | null;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const makesSense =
    typeof value === 'object' &&
    value !== null &&
    value.generation === generation &&
    typeof value.token === 'string' &&
    /^[0-9a-f]{32}$/.test(value.token) &&
    (value.state === 'held' || value.state === 'free') &&
    Number.isSafeInteger(value.pid) &&
    (value.pid as number) > 0 &&
    [value.host, value.since, value.command].every((member) => typeof member === 'string') &&
    (value.source === undefined || typeof value.source === 'string') &&
    [value.boot, value.startedAt].every((member) => member === null || typeof member === 'string');
  return makesSense ? (value as LockContent) : undefined;
}
