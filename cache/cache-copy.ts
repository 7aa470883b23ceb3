import { createHash } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { writeFileAtomic } from './atomic-write.js';
import {
  BACKUP_HINT,
  type CacheFile,
  CacheReadError,
  cacheFileText,
  parseCacheFile,
  readCacheFile,
} from './cache-file.js';
import { DamagedCacheError, NewerCacheError } from './commit-record.js';
import { systemErrorCode } from './error.js';
import { readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';

/**
 * Read the second copy of `cache.json` (FORMAT.md section 3).
 *
 * @returns undefined when there is none: caches of earlier versions have it from the next writer with a key
 * @throws {DamagedCacheError} @throws {NewerCacheError} @throws {CacheReadError}
 */
export function readCacheCopy(paths: CachePaths): CacheFile | undefined {
  let text: string;
  try {
    text = readOwnText(paths.cacheCopy);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    if (error instanceof DamagedCacheError) throw error;
    throw new CacheReadError(paths.cacheCopy, error);
  }
  const match = /^([0-9a-f]{64})\n/.exec(text);
  const body = text.slice(65);
  if (match === null || sha256(body) !== match[1]) {
    throw new DamagedCacheError(
      paths.cacheCopy,
      'it is not what was written',
      undefined,
      COPY_HINT,
    );
  }
  return parseCacheFile(body, paths.cacheCopy, COPY_HINT);
}

const COPY_HINT =
  'It is the second copy of cache.json: as long as that is whole, "s3logextraction repair" makes it anew.';

/** Replace the copy. Only for the holder of the lock, and of a file known to be right. @throws {CacheWriteError} */
export function writeCacheCopy(paths: CachePaths, file: CacheFile): void {
  const body = cacheFileText(file);
  writeFileAtomic(paths.cacheCopy, `${sha256(body)}\n${body}`);
}

/**
 * After the key was opened as `cache.json` says, which so is right: make the copy where there is none, it is damaged,
 * or it is of another key. One that differs in anything else is left for {@link restoreCacheFile} to judge.
 *
 * @throws {CacheWriteError}
 */
export function keepCacheCopy(paths: CachePaths, file: CacheFile): void {
  const copy = usableCopy(paths);
  if (copy === undefined || !isDeepStrictEqual(copy.key, file.key)) writeCacheCopy(paths, file);
}

/** What is to be done about `cache.json` and its copy. */
export type CacheFileRepair = 'cache.json' | 'copy' | 'nothing';

/**
 * Decide which of the two is damaged.
 *
 * @param opens whether the key at hand is the one that a file tells of
 * @throws {DamagedCacheError} `cache.json` is damaged or missing, and so is its copy
 * @throws {WrongPasswordError} and others: `cache.json` is damaged, and the key at hand is not that of the copy either
 */
export async function planCacheFileRepair(
  paths: CachePaths,
  opens: (file: CacheFile) => Promise<void>,
): Promise<{ readonly damaged: CacheFileRepair; readonly copy: CacheFile | undefined }> {
  const copy = usableCopy(paths);
  let file: CacheFile | undefined;
  try {
    file = readCacheFile(paths);
  } catch (error) {
    // A version that only one of them has is no version.
    const isNewer = error instanceof NewerCacheError && copy !== undefined;
    if (!isNewer && !(error instanceof DamagedCacheError)) throw error;
    if (copy === undefined) {
      const why = 'neither it nor its second copy is what was written';
      throw new DamagedCacheError(paths.cacheFile, why, error, BACKUP_HINT);
    }
  }
  if (file !== undefined && (copy === undefined || isDeepStrictEqual(copy, file))) {
    return { damaged: copy === undefined ? 'copy' : 'nothing', copy };
  }
  // It has no checksum, but its key tells. With the same key in both the copy, which has one, is right.
  const isRight =
    file !== undefined &&
    !isDeepStrictEqual(file.key, copy?.key) &&
    (await opens(file).then(
      () => true,
      () => false,
    ));
  if (isRight) return { damaged: 'copy', copy };
  if (copy !== undefined) await opens(copy);
  return { damaged: copy === undefined ? 'nothing' : 'cache.json', copy };
}

/** Put the copy in the place of `cache.json`. Only for the holder of the lock. @throws {CacheWriteError} */
export function restoreCacheFile(paths: CachePaths, copy: CacheFile): void {
  writeFileAtomic(paths.cacheFile, cacheFileText(copy));
}

/** The copy, or undefined when it is missing or damaged. */
export function usableCopy(paths: CachePaths): CacheFile | undefined {
  try {
    return readCacheCopy(paths);
  } catch (error) {
    if (error instanceof DamagedCacheError) return undefined;
    throw error;
  }
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
