import { lstatSync, readdirSync, realpathSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory, TEMPORARY_SUFFIX } from '../../cache/atomic-write.js';
import { S3LogExtractionError } from '../../cache/error.js';
import { acquireLock, CacheLockedError, describeOwner, type Lock } from '../../cache/lock.js';
import { realPlace } from '../../cache/real-place.js';
import { requireSource } from '../source/require-source.js';
import { isSpool, MOVING, type SpoolPaths, spoolPaths, watchCommandFor } from './spool-paths.js';

/** A spool that this process watches, and nobody else. */
export interface Spool {
  readonly paths: SpoolPaths;
  readonly lock: Lock;
  close(): void;
}

/** A folder of the spool is not what the service would make. */
export class SpoolFolderError extends S3LogExtractionError {
  constructor(path: string, why: string) {
    super('SPOOL_FOLDER', `Could not use ${path} as a folder of the spool: ${why}.`, {
      hint: 'Move it away; to have archive/ or failed/ on another disk, mount that one there.',
    });
  }
}

/** The folder belongs to something else already. */
export class SpoolPlaceError extends S3LogExtractionError {
  constructor(root: string, what: string) {
    super(
      'SPOOL_MISPLACED',
      `Could not watch ${root}: ${what}.`,
      { hint: 'Nothing was done. Name the folder that logs are delivered to.' },
      2,
    );
  }
}

/** Another process watches this spool. */
export class SpoolLockedError extends S3LogExtractionError {
  constructor(root: string, cause: CacheLockedError) {
    super(
      'SPOOL_LOCKED',
      `The spool ${root} is watched by ${describeOwner(cause.owner)}.`,
      {
        cause,
        hint: 'One service watches a spool; end that one first ("s3logextraction stop", or SIGTERM). One that died on another host stops counting after 10 minutes.',
      },
      cause.exitCode,
    );
  }
}

/**
 * Take a spool: make the folders that are missing, exclude others, and remove what a watcher that was killed left
 * half copied.
 *
 * @param cacheRoot of the cache that it is watched for, for the lock to tell
 * @param folder must be there: a service that makes what is not mounted yet would watch the wrong disk
 * @param keepsExcerpts whether excerpts of rejected lines are kept in it
 * @throws {SourceNotFoundError} @throws {SpoolPlaceError} @throws {SpoolFolderError} @throws {SpoolLockedError} @throws {CacheWriteError}
 */
export function openSpool(folder: string, cacheRoot: string, keepsExcerpts = false): Spool {
  requireSource(folder);
  const paths = spoolPaths(realpathSync(folder));
  if (!statSync(paths.root).isDirectory()) throw new SpoolFolderError(paths.root, 'it is a file');
  requirePlace(paths.root, cacheRoot);
  const { archive, failed, own, lock: lockFolder, stop } = paths;
  const kept = keepsExcerpts ? [paths.excerpts, paths.rejected] : [];
  for (const path of [own, lockFolder, stop, ...kept, archive, failed]) {
    requireRealFolder(path);
    makeDirectory(path);
  }
  for (const parent of [archive, failed]) {
    requireRealFolder(join(parent, MOVING));
    makeDirectory(join(parent, MOVING));
  }
  const lock = holdLock(paths, watchCommandFor(cacheRoot));
  try {
    for (const parent of [archive, failed]) removeMatching(join(parent, MOVING), COPY);
    for (const path of [own, lockFolder]) removeMatching(path, TEMPORARY);
    removeMatching(stop, TOKEN, lock.token);
  } catch (error) {
    lock.release();
    throw error;
  }
  return { paths, lock, close: () => lock.release() };
}

/**
 * What stands in another spool, or in a cache, is that one's: its files would be taken for logs that are none.
 *
 * @param root with no links on the way to it
 */
function requirePlace(root: string, cacheRoot: string): void {
  for (let folder = root; ; folder = dirname(folder)) {
    if (isCache(folder, cacheRoot)) {
      throw new SpoolPlaceError(root, `it is in the cache ${folder}`);
    }
    if (folder !== root && isSpool(folder)) {
      throw new SpoolPlaceError(root, `it is in the spool ${folder}`);
    }
    if (folder === dirname(folder)) return;
  }
}

function isCache(folder: string, cacheRoot: string): boolean {
  const isThere = (name: string): boolean =>
    lstatSync(join(folder, name), { throwIfNoEntry: false }) !== undefined;
  return folder === realPlace(cacheRoot) || (isThere('cache.json') && isThere('commits'));
}

/** As `MOVING` holds them. */
const COPY = /^[0-9a-f]{12}$/;
const TOKEN = /^[0-9a-f]{32}$/;
const TEMPORARY = new RegExp(`\\.[0-9a-f]{12}\\${TEMPORARY_SUFFIX}$`);

function holdLock(paths: SpoolPaths, command: string): Lock {
  try {
    return acquireLock(paths, { command });
  } catch (error) {
    throw error instanceof CacheLockedError ? new SpoolLockedError(paths.root, error) : error;
  }
}

/**
 * Whoever may put files into a spool may also rename its folders and leave links in their place: what is moved then would be moved elsewhere.
 *
 * @throws {SpoolFolderError}
 */
export function requireSpoolFolders({ archive, failed }: SpoolPaths): void {
  for (const folder of [archive, failed]) {
    requireRealFolder(folder);
    requireRealFolder(join(folder, MOVING));
  }
}

function requireRealFolder(path: string): void {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined || stats.isDirectory()) return;
  throw new SpoolFolderError(
    path,
    stats.isSymbolicLink() ? 'it is a symbolic link' : 'it is no folder',
  );
}

function removeMatching(folder: string, pattern: RegExp, except?: string): void {
  for (const name of readdirSync(folder)) {
    if (pattern.test(name) && name !== except) rmSync(join(folder, name), { force: true });
  }
}
