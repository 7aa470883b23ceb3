import { constants, lstatSync, openSync, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import type { CachePaths } from './paths.js';

/** A commit record, a file it names or another file of the cache is not what was written. */
export class DamagedCacheError extends S3LogExtractionError {
  /** @param hint for what `repair` cannot mend */
  constructor(path: string, why: string, cause?: unknown, hint = REPAIR_HINT) {
    super('CACHE_DAMAGED', `The cache file ${path} is damaged: ${why}.`, { cause, hint });
  }
}

const REPAIR_HINT =
  'No numbers are published from a damaged cache. Run "s3logextraction repair": it makes derived files anew, and extracts just the log files of damaged commits again.';

/** A folder of the cache is a link to one somewhere else. */
export class LinkedFolderError extends S3LogExtractionError {
  constructor(path: string) {
    super(
      'LINKED_FOLDER',
      `The folder ${basename(path)} in ${dirname(path)} is a symbolic link, and a cache follows none.`,
      {
        hint: 'Put a folder of its own in its place. To keep a cache on another disk, let the cache directory as a whole be the link.',
      },
    );
  }
}

/** Not defined on Windows, where making a link is a privilege. */
const NO_FOLLOW = (constants.O_NOFOLLOW as number | undefined) ?? 0;
/** A named pipe is found to be empty, rather than waited for; regular files take no notice. */
const NO_WAIT = (constants.O_NONBLOCK as number | undefined) ?? 0;

/** How files of the cache are opened for reading (FORMAT.md W7). */
export const READ_OWN = constants.O_RDONLY | NO_FOLLOW | NO_WAIT;
/** How files of the cache that are there are opened for writing. */
export const WRITE_OWN = constants.O_RDWR | NO_FOLLOW | NO_WAIT;
/** As `a+`: how a file that only grows is made, or opened. */
export const GROW_OWN =
  constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW | NO_WAIT;
/** As `a`: how a file is made, or left as it is. */
export const APPEND_OWN =
  constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW | NO_WAIT;

/**
 * Open a file of the cache, which is never a link (FORMAT.md W7): that a file was put in the place of another is damage
 * like any other.
 *
 * @param flags of those above
 * @throws {DamagedCacheError} it is a symbolic link
 * @throws what the system says of anything else
 */
export function openOwnFile(path: string, flags = READ_OWN): number {
  return unlinked(path, () => openSync(path, flags));
}

/** As {@link openOwnFile}: all its bytes. */
export function readOwnFile(path: string): Buffer {
  return unlinked(path, () => readFileSync(path, { flag: READ_OWN as unknown as string }));
}

/** As {@link openOwnFile}: its UTF-8 text. */
export function readOwnText(path: string): string {
  return unlinked(path, () =>
    readFileSync(path, { encoding: 'utf8', flag: READ_OWN as unknown as string }),
  );
}

/** What an attempt to open a path gives, with an error that says so when there is a link. */
export function unlinked<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw linkError(path, error);
  }
}

/** What to throw for a failure to open a file of the cache. */
export function linkError(path: string, error: unknown): unknown {
  // EMLINK: FreeBSD's word for it.
  const code = systemErrorCode(error);
  if (code !== 'ELOOP' && code !== 'EMLINK') return error;
  return new DamagedCacheError(
    path,
    'it is a symbolic link, and a cache follows none',
    error,
    'Remove the link, then run "s3logextraction repair"; if the file itself is elsewhere, move it here instead.',
  );
}

/** Folders of a cache whose names are always the same; those of datasets are looked at when they are written. */
const FOLDERS = [
  ...['commits', 'segments', 'ledger', 'rollups', 'summaries', 'lock', 'stop', 'tmp', 'datasets'],
  ...['ips', 'ips/indexes', 'ips/regions', 'ips/changes', 'ips/ranges'],
  ...['validation', 'validation/lock'],
  ...['rotate', 'rotate/segments', 'rotate/commits', 'rotate/indexes', 'rotate/regions'],
];

/**
 * Refuse a cache in which a folder is a link: what is written below it would be written elsewhere. The cache directory
 * itself may be one. Asked once when a cache is opened; a link made afterwards takes somebody who may write here anyway.
 *
 * @throws {LinkedFolderError}
 */
export function requireOwnFolders({ root }: Pick<CachePaths, 'root'>): void {
  for (const folder of FOLDERS) requireOwnFolder(join(root, folder));
}

/** @throws {LinkedFolderError} */
export function requireOwnFolder(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isSymbolicLink() === true) {
    throw new LinkedFolderError(path);
  }
}
