import { join } from 'node:path';
import { fsyncDirectory, writeFileAtomic } from './atomic-write.js';
import { systemErrorCode } from './error.js';
import { readOwnText, removeOwnFile } from './own-file.js';
import type { CachePaths } from './paths.js';
import { isListOf, isObject, isText } from './sealed-json.js';

/** Log files whose commit was withdrawn, and that are to be extracted again. */
export interface FilesAgain {
  /** The folder they are below. */
  readonly source: string;
  readonly names: readonly string[];
}

/** A repair that has withdrawn commits and is not through (FORMAT.md section 16). */
export interface PendingRepair {
  readonly version: 1;
  readonly mode: string;
  readonly again: readonly FilesAgain[];
}

/**
 * @returns undefined when there is none. One that cannot be read counts for none: its log files are in no commit, so
 *   the next extraction of their folder takes them
 */
export function readPendingRepair(paths: CachePaths): PendingRepair | undefined {
  try {
    const pending: unknown = JSON.parse(readOwnText(file(paths)));
    return isPending(pending) ? pending : undefined;
  } catch (error) {
    if (error instanceof SyntaxError || systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

function isPending(value: unknown): value is PendingRepair {
  return (
    isObject(value) && value.version === 1 && isText(value.mode) && isListOf(value.again, isAgain)
  );
}

function isAgain(value: unknown): value is FilesAgain {
  return isObject(value) && isText(value.source) && isListOf(value.names, isText);
}

/** Durable before any commit is withdrawn. @throws {CacheWriteError} */
export function writePendingRepair(paths: CachePaths, pending: PendingRepair): void {
  writeFileAtomic(file(paths), `${JSON.stringify(pending)}\n`);
}

export function removePendingRepair(paths: CachePaths): void {
  removeOwnFile(file(paths));
  fsyncDirectory(paths.root);
}

function file(paths: CachePaths): string {
  return join(paths.root, 'repair.json');
}
