import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fsyncSync,
  linkSync,
  openSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import {
  CacheWriteError,
  fsyncDirectory,
  PRIVATE,
  TEMPORARY_SUFFIX,
  type Visibility,
} from './atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';

/** The file system cannot give one file two names, which is how we create a file exactly once. */
export class NoHardLinksError extends S3LogExtractionError {
  constructor(path: string, cause: unknown) {
    super(
      'NO_HARD_LINKS',
      `Could not create ${path}: its file system does not support hard links.`,
      { cause, hint: 'Choose a directory on another file system: ext4, xfs, btrfs, apfs or NFS.' },
    );
  }
}

/** Sweeps of a concurrent writer that we outlast: each needs another process to take the lock. */
const ATTEMPTS = 20;

/**
 * Create a whole, durable file under a name that nobody has yet: temporary file, fsync, `link`,
 * fsync of the directory. Of several processes that do so at once exactly one succeeds, and no
 * reader ever sees a part of the file.
 *
 * @returns false when the name is taken; the file there is left as it is
 * @throws {CacheWriteError}
 * @throws {NoHardLinksError}
 */
export function writeFileExclusive(
  path: string,
  content: string,
  visibility: Visibility = PRIVATE,
): boolean {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const outcome = linkNewFile(path, content, visibility);
    if (outcome !== 'swept') return outcome === 'made';
  }
  throw new CacheWriteError(path, new Error('its temporary file was removed again and again'));
}

/** `swept`: a writer that holds the lock took our temporary file for garbage (FORMAT.md W3). */
function linkNewFile(
  path: string,
  content: string,
  visibility: Visibility,
): 'made' | 'exists' | 'swept' {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`;
  try {
    writeNewFile(temporary, content, visibility);
    try {
      linkSync(temporary, path);
    } catch (error) {
      const code = systemErrorCode(error);
      if (code === 'ENOENT') return 'swept';
      if (isUnsupported(code)) throw new NoHardLinksError(path, error);
      if (code !== 'EEXIST') throw error;
      // NFS may repeat a request whose answer was lost: then the name in our way is our own.
      if (!isSameFile(temporary, path)) return 'exists';
    }
    fsyncDirectory(dirname(path));
    return 'made';
  } catch (error) {
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(path, error);
  } finally {
    try {
      unlinkSync(temporary);
    } catch {
      // Swept, or left for the next writer to remove (FORMAT.md W3).
    }
  }
}

function writeNewFile(path: string, content: string, visibility: Visibility): void {
  const bytes = Buffer.from(content, 'utf8');
  const fd = openSync(path, 'wx', visibility.file);
  try {
    fchmodSync(fd, visibility.file);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function isUnsupported(code: string | undefined): boolean {
  return code === 'EPERM' || code === 'ENOTSUP' || code === 'EOPNOTSUPP' || code === 'ENOSYS';
}

function isSameFile(one: string, other: string): boolean {
  try {
    const a = statSync(one, { bigint: true });
    const b = statSync(other, { bigint: true });
    return a.ino === b.ino && a.dev === b.dev;
  } catch {
    return false;
  }
}
