import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  mkdirSync,
  openSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { open, unlink } from 'node:fs/promises';
import { basename, dirname, resolve } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { renameToOwn } from './own-file.js';

/** A file of the cache could not be written. Nothing under its final name has changed. */
export class CacheWriteError extends S3LogExtractionError {
  constructor(path: string, cause: unknown) {
    const reason = systemErrorCode(cause) ?? (cause as Error).message;
    super('CACHE_WRITE_FAILED', `Could not write ${path}: ${reason}.`, {
      cause,
      hint: writeHint(reason),
    });
  }
}

function writeHint(reason: string): string {
  if (reason === 'ENOSPC' || reason === 'EDQUOT') {
    return 'The disk is full: free some space and run the same command again; nothing committed is lost.';
  }
  if (reason === 'EACCES' || reason === 'EPERM' || reason === 'EROFS') {
    return 'Check the permissions of the cache directory and the user this runs as, then run it again.';
  }
  return 'Nothing committed is lost: run the same command again once the disk works.';
}

/** Modes of files and directories: private unless meant to be published (FORMAT.md section 1). */
export const PRIVATE = { file: 0o600, directory: 0o700 } as const;
export const PUBLISHED = { file: 0o644, directory: 0o755 } as const;

export type Visibility = typeof PRIVATE | typeof PUBLISHED;

/** Ends the names of files being written (FORMAT.md W1). */
export const TEMPORARY_SUFFIX = '.tmp';

/**
 * Write a whole file durably: temporary file, fsync, rename, fsync of the directory
 * (FORMAT.md W1). Afterwards the file is there with all its bytes, or unchanged.
 *
 * @throws {CacheWriteError}
 */
export function writeFileAtomic(
  path: string,
  content: string | Uint8Array,
  visibility: Visibility = PRIVATE,
): void {
  const bytes = typeof content === 'string' ? Buffer.from(content, 'utf8') : content;
  writeAtomically(path, visibility, (fd) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  });
}

/**
 * As {@link writeFileAtomic}, for content that `fill` writes to the descriptor piece by piece.
 *
 * @throws {CacheWriteError}
 */
export function writeAtomically(
  path: string,
  visibility: Visibility,
  fill: (fd: number) => void,
): void {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`;
  try {
    const fd = openSync(temporary, 'wx', visibility.file);
    try {
      fchmodSync(fd, visibility.file);
      fill(fd);
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameToOwn(temporary, path);
    fsyncDirectory(dirname(path));
  } catch (error) {
    try {
      unlinkSync(temporary);
    } catch {
      // Not made, already renamed, or left for the next writer to remove (FORMAT.md W3).
    }
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(path, error);
  }
}

/**
 * Replace a published file as a whole. As {@link writeFileAtomic}, but without blocking, so that
 * many files wait for the disk together, and without making the new name durable: after a power
 * failure the old file may be back, whole, and the next update replaces it again.
 *
 * @param beforeRename what it throws leaves the old file in place
 * @throws {CacheWriteError}
 */
export async function replacePublished(
  path: string,
  pieces: Iterable<Uint8Array>,
  beforeRename: () => void,
): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`;
  try {
    const file = await open(temporary, 'wx', PUBLISHED.file);
    try {
      await file.chmod(PUBLISHED.file);
      for (const piece of pieces) await file.writeFile(piece);
      await file.datasync();
    } finally {
      await file.close();
    }
    beforeRename();
    renameToOwn(temporary, path);
  } catch (error) {
    await unlink(temporary).catch(() => {});
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(path, error);
  }
}

/** Make new names in a directory durable. */
export function fsyncDirectory(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Make a directory (and what is missing above it) with exactly the given mode, whatever the umask, durably.
 *
 * @throws {CacheWriteError}
 */
export function makeDirectory(path: string, visibility: Visibility = PRIVATE): void {
  try {
    const first = mkdirSync(path, { recursive: true, mode: visibility.directory });
    if (first === undefined) return;
    for (let made = resolve(path); ; made = dirname(made)) {
      setMode(made, visibility.directory);
      fsyncDirectory(dirname(made));
      if (made === resolve(first)) return;
    }
  } catch (error) {
    throw new CacheWriteError(`the directory ${basename(path)} in ${dirname(path)}`, error);
  }
}

function setMode(path: string, mode: number): void {
  const fd = openSync(path, 'r');
  try {
    fchmodSync(fd, mode);
  } finally {
    closeSync(fd);
  }
}
