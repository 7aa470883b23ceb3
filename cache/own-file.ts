import { constants as bufferConstants } from 'node:buffer';
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readFileSync,
  renameSync,
  rmdirSync,
  rmSync,
  type Stats,
} from 'node:fs';
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

/** How files of the cache are opened for reading (FORMAT.md W8). */
export const READ_OWN = constants.O_RDONLY | NO_FOLLOW | NO_WAIT;
/** How files of the cache that are there are opened for writing. */
export const WRITE_OWN = constants.O_RDWR | NO_FOLLOW | NO_WAIT;
/** As `a+`: how a file that only grows is made, or opened. */
export const GROW_OWN =
  constants.O_RDWR | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW | NO_WAIT;
/** As `a`: how a file is made, or left as it is. */
export const APPEND_OWN =
  constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND | NO_FOLLOW | NO_WAIT;

/** Larger than any file that is read as a whole: 50 million names of a ledger segment take a tenth of it. */
const LARGEST_WHOLE = 2 ** 31 - 1;
/** Whatever could be a string at all. */
const LARGEST_TEXT = bufferConstants.MAX_STRING_LENGTH;

/**
 * Open a file of the cache, which is never a link and always a regular file (FORMAT.md W8, W9): that something else was
 * put in the place of one is damage like any other.
 *
 * @param flags of those above
 * @throws {DamagedCacheError} it is a symbolic link, a folder, a pipe...
 * @throws what the system says of anything else
 */
export function openOwnFile(path: string, flags = READ_OWN): number {
  return openRegular(path, flags).fd;
}

/**
 * As {@link openOwnFile}: all its bytes.
 *
 * @param largest bytes; a larger file is damaged, and not read
 */
export function readOwnFile(path: string, largest = LARGEST_WHOLE): Buffer {
  const { fd, size } = openRegular(path, READ_OWN);
  try {
    if (size > largest) throw new DamagedCacheError(path, `it has ${size} bytes, which none has`);
    return readFileSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** As {@link readOwnFile}: its UTF-8 text. */
export function readOwnText(path: string): string {
  return readOwnFile(path, LARGEST_TEXT).toString('utf8');
}

/**
 * Open, or make, a file of the cache that only grows.
 *
 * @param flags {@link GROW_OWN} or {@link APPEND_OWN}
 * @param mode of a new file
 * @throws {DamagedCacheError} as {@link openOwnFile}
 */
export function growOwnFile(path: string, flags: number, mode: number): number {
  return openRegular(path, flags, mode).fd;
}

/**
 * Remove what stands where a file of the cache belongs: a link itself, a pipe, also a folder, if nothing is in it.
 * That there is nothing is well.
 *
 * @throws {DamagedCacheError} it is a folder in which something is, which may be somebody's
 */
export function removeOwnFile(path: string): void {
  try {
    if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) rmdirSync(path);
    else rmSync(path, { force: true });
  } catch (error) {
    throw foreignError(path, error);
  }
}

/**
 * Give a finished file of the cache its name, in place of what stands there: also of an empty folder.
 *
 * @throws {DamagedCacheError} a folder stands there in which something is
 * @throws what the system says of anything else
 */
export function renameToOwn(temporary: string, path: string): void {
  try {
    renameSync(temporary, path);
  } catch (error) {
    if (systemErrorCode(error) !== 'EISDIR') throw foreignError(path, error);
    removeOwnFile(path);
    renameSync(temporary, path);
  }
}

/** What to throw for a failure to open, replace or remove a file of the cache. */
function foreignError(path: string, error: unknown): unknown {
  switch (systemErrorCode(error)) {
    case 'ELOOP':
    case 'EMLINK': // FreeBSD's word for it.
      return new DamagedCacheError(
        path,
        'it is a symbolic link, and a cache follows none',
        error,
        'Remove the link, then run "s3logextraction repair"; if the file itself is elsewhere, move it here instead.',
      );
    case 'EISDIR':
    case 'ENOTEMPTY':
      return irregularError(path, 'a folder', error);
    case 'ENXIO':
      return irregularError(path, 'a socket or a device', error);
    default:
      return error;
  }
}

function openRegular(path: string, flags: number, mode?: number): { fd: number; size: number } {
  let fd: number;
  try {
    fd = openSync(path, flags, mode);
  } catch (error) {
    throw foreignError(path, error);
  }
  try {
    const stats = fstatSync(fd);
    if (!stats.isFile()) throw irregularError(path, kindOf(stats));
    return { fd, size: stats.size };
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

const MOVE_AWAY =
  'It was put there by somebody else: move it away, then run "s3logextraction repair".';

function irregularError(path: string, kind: string, cause?: unknown): DamagedCacheError {
  return new DamagedCacheError(path, `it is not a regular file but ${kind}`, cause, MOVE_AWAY);
}

function kindOf(stats: Stats): string {
  if (stats.isDirectory()) return 'a folder';
  if (stats.isFIFO()) return 'a named pipe';
  if (stats.isSocket()) return 'a socket';
  return 'a device';
}

/** Folders of a cache whose names are always the same; those of datasets are looked at when they are written. */
const FOLDERS = [
  ...['commits', 'segments', 'rollups', 'summaries', 'lock', 'stop', 'watch', 'tmp', 'datasets'],
  'shards',
  ...['ips', 'ips/indexes', 'ips/regions', 'ips/changes', 'ips/ranges'],
  ...['validation', 'validation/lock', 'share', 'share/lock'],
  ...['rotate', 'rotate/segments', 'rotate/commits', 'rotate/indexes', 'rotate/regions'],
];

/**
 * Refuse a cache in which a folder is a link: what is written below it would be written elsewhere. The cache directory
 * itself may be one. Asked once when a cache is opened; a link made afterwards takes somebody who may write here anyway.
 *
 * @throws {LinkedFolderError}
 * @throws {DamagedCacheError} something else stands where a folder belongs
 */
export function requireOwnFolders({ root }: Pick<CachePaths, 'root'>): void {
  for (const folder of FOLDERS) requireOwnFolder(join(root, folder));
  // Derived as a whole, and made anew whatever stands there.
  requireNoLink(join(root, 'ledger'));
}

/**
 * That there is none is well.
 *
 * @throws {LinkedFolderError}
 * @throws {DamagedCacheError} something else stands there
 */
export function requireOwnFolder(path: string): void {
  const stats = requireNoLink(path);
  if (stats === undefined || stats.isDirectory()) return;
  throw new DamagedCacheError(path, 'it is to be a folder, and is none', undefined, MOVE_AWAY);
}

/** @returns what stands there, if anything */
function requireNoLink(path: string): Stats | undefined {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats?.isSymbolicLink() === true) throw new LinkedFolderError(path);
  return stats;
}
