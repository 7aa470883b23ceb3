import { closeSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CacheWriteError, makeDirectory, PRIVATE } from './atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { APPEND_OWN, growOwnFile } from './own-file.js';
import type { CachePaths } from './paths.js';

/** Where requests to stop are put. */
export type StopPlace = Pick<CachePaths, 'stop'>;

/**
 * Ask the run that holds the lock with this token to stop (FORMAT.md section 12). The one thing that
 * is written without holding the lock.
 *
 * @throws {CacheWriteError}
 */
export function requestStop(paths: StopPlace, token: string): void {
  const path = requestPath(paths, token);
  makeDirectory(paths.stop);
  try {
    closeSync(growOwnFile(path, APPEND_OWN, PRIVATE.file));
  } catch (error) {
    if (error instanceof S3LogExtractionError) throw error;
    throw new CacheWriteError(path, error);
  }
}

/** Whether the run with this token has been asked to stop. Cheap enough to ask for every file. */
export function isStopRequested(paths: StopPlace, token: string): boolean {
  return lstatSync(requestPath(paths, token), { throwIfNoEntry: false }) !== undefined;
}

/** Remove the request to the run with this token, if there is one: that run does so when it ends. */
export function removeStopRequest(paths: StopPlace, token: string): void {
  const path = requestPath(paths, token);
  try {
    rmSync(path, { force: true });
  } catch {
    // It stops nobody else, and the next writer removes it.
  }
}

/**
 * Remove requests to stop. Only for the holder of the lock.
 *
 * @param exceptToken requests to the run with this token stay
 */
export function clearStopRequests(paths: StopPlace, exceptToken?: string): void {
  let names: string[];
  try {
    // The names of files only: what a link points to is not ours.
    names = readdirSync(paths.stop, { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => entry.name);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return;
    throw error;
  }
  for (const name of names) {
    if (TOKEN.test(name) && name !== exceptToken) rmSync(join(paths.stop, name), { force: true });
  }
}

const TOKEN = /^[0-9a-f]{32}$/;

/** A token comes from a lock file: it is checked before it becomes part of a path. */
function requestPath(paths: StopPlace, token: string): string {
  if (!TOKEN.test(token)) throw new RangeError('The token of a lock has 32 hexadecimal digits.');
  return join(paths.stop, token);
}
