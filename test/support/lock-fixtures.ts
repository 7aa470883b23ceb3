import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { type LockContent, lockFilePath } from '../../cache/lock-file.js';
import { type CachePaths, cachePaths } from '../../cache/paths.js';
import { currentProcess } from '../../cache/process-identity.js';
import { scratchDirectory } from './scratch.js';

export const MINUTE_MS = 60_000;

/** A cache directory with an empty `lock/`. */
export function scratchPaths(): CachePaths {
  const paths = cachePaths(scratchDirectory());
  mkdirSync(paths.lock);
  return paths;
}

/** A lock file as another process could have left it; by default one that is alive: this one. */
export function leaveLock(
  paths: CachePaths,
  changes: Partial<LockContent> = {},
  ageMs = 0,
): LockContent {
  const content: LockContent = {
    generation: 1,
    token: 'a'.repeat(32),
    state: 'held',
    ...currentProcess(),
    since: '2026-11-23T06:13:49.123Z',
    command: 'extract',
    ...changes,
  };
  leaveLockText(paths, content.generation, JSON.stringify(content), ageMs);
  return content;
}

export function leaveLockText(
  paths: CachePaths,
  generation: number,
  text: string,
  ageMs = 0,
): void {
  const path = lockFilePath(paths, generation);
  writeFileSync(path, text);
  ageLock(paths, generation, ageMs);
}

export function ageLock(paths: CachePaths, generation: number, ageMs: number): void {
  const time = new Date(Date.now() - ageMs);
  utimesSync(lockFilePath(paths, generation), time, time);
}

export function lockNames(paths: CachePaths): string[] {
  return readdirSync(paths.lock).sort();
}

/** A pid that no process has: above the largest that Linux gives. */
export const NO_PID = 2 ** 22 + 1;
