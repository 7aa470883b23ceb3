import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { makeDirectory } from './atomic-write.js';
import { DamagedCacheError, NewerCacheError } from './commit-record.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { writeFileExclusive } from './exclusive-write.js';
import { readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';

/** How a master key is made from a password. */
export interface ScryptParameters {
  readonly name: 'scrypt';
  readonly N: number;
  readonly r: number;
  readonly p: number;
  /** 32 hex digits. */
  readonly salt: string;
}

/** How a master key is made from a key file. */
export interface Blake2bParameters {
  readonly name: 'blake2b';
  /** 32 hex digits. */
  readonly salt: string;
}

/** What the cache says of its sealing key; neither the key nor the password is in it. */
export type CacheKey = { readonly check: string } & (
  | { readonly source: 'password'; readonly kdf: ScryptParameters }
  | { readonly source: 'keyfile'; readonly kdf: Blake2bParameters }
);

/** `cache.json` (FORMAT.md section 3). Members of later versions are kept as they were read. */
export interface CacheFile {
  readonly format: typeof CACHE_FORMAT;
  readonly version: typeof CACHE_VERSION;
  /** 32 hex digits, random. */
  readonly id: string;
  readonly createdAt: string;
  readonly key: CacheKey;
}

export const CACHE_FORMAT = 's3-log-extraction cache';
export const CACHE_VERSION = 1;

/** A directory with other content was named as the cache. */
export class NotACacheError extends S3LogExtractionError {
  constructor(root: string, why: string) {
    super('NOT_A_CACHE', `${root} cannot be used as the cache: ${why}.`, {
      hint: 'Name an empty or new directory, or one that is a cache, with --cache. If this was a cache, restore its cache.json from a backup.',
    });
  }
}

/** `cache.json` is there but the system does not let us read it. */
export class CacheReadError extends S3LogExtractionError {
  constructor(path: string, cause: unknown) {
    const reason = systemErrorCode(cause) ?? (cause as Error).message;
    super('CACHE_READ_FAILED', `Could not read ${path}: ${reason}.`, {
      cause,
      hint: 'Check the permissions of the cache directory and the user this runs as.',
    });
  }
}

/**
 * Read and check `cache.json`.
 *
 * @returns undefined when there is no cache
 * @throws {DamagedCacheError} also when it is missing and its second copy is there
 * @throws {NewerCacheError}
 * @throws {CacheReadError}
 */
export function readCacheFile(paths: CachePaths): CacheFile | undefined {
  let text: string;
  try {
    text = readOwnText(paths.cacheFile);
  } catch (error) {
    const code = systemErrorCode(error);
    const isAbsent = code === 'ENOENT' || code === 'ENOTDIR';
    if (isAbsent && existsSync(paths.cacheCopy)) {
      throw new DamagedCacheError(paths.cacheFile, 'it is missing', error, RESTORE_HINT);
    }
    if (isAbsent) return undefined;
    if (error instanceof DamagedCacheError) throw error;
    throw new CacheReadError(paths.cacheFile, error);
  }
  const hint = existsSync(paths.cacheCopy) ? RESTORE_HINT : BACKUP_HINT;
  return parseCacheFile(text, paths.cacheFile, hint);
}

/**
 * Create `cache.json`, and the cache directory when it is missing. Of several processes that
 * do so at once one wins, and all get what it wrote.
 *
 * @returns the cache as it is on disk now: not necessarily with the key given
 * @throws {NotACacheError}
 * @throws {CacheWriteError}
 */
export function createCacheFile(paths: CachePaths, key: CacheKey): CacheFile {
  checkMayBecomeCache(paths);
  const file: CacheFile = {
    format: CACHE_FORMAT,
    version: CACHE_VERSION,
    id: randomBytes(16).toString('hex'),
    createdAt: new Date().toISOString(),
    key,
  };
  makeDirectory(paths.root);
  if (writeFileExclusive(paths.cacheFile, cacheFileText(file))) return file;
  const winner = readCacheFile(paths);
  if (winner === undefined) {
    throw new DamagedCacheError(paths.cacheFile, 'it was removed while it was being created');
  }
  return winner;
}

/** `cache.json` as it stands on disk. */
export function cacheFileText(file: CacheFile): string {
  return `${JSON.stringify(file, null, 2)}\n`;
}

/**
 * Refuse a directory that holds something else, so that nobody turns a home folder into a cache.
 * Absent and empty directories, and what an interrupted creation leaves, may become a cache.
 *
 * @throws {NotACacheError}
 */
export function checkMayBecomeCache(paths: CachePaths): void {
  let names: string[];
  try {
    names = readdirSync(paths.root);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return;
    if (code === 'ENOTDIR') throw new NotACacheError(paths.root, 'it is not a directory');
    throw new CacheReadError(paths.root, error);
  }
  // Another process may have created the cache since we looked.
  if (names.includes('cache.json')) return;
  if (!names.every((name) => HARMLESS.test(name))) {
    throw new NotACacheError(paths.root, 'it is not empty and has no cache.json');
  }
}

/** The salt of the key is in it, and in its second copy. */
export const BACKUP_HINT =
  'Restore cache.json from a backup of the cache: without it addresses cannot be sealed as before.';

/** For what {@link restoreCacheFile} can do something about. */
export const RESTORE_HINT =
  'Its second copy, cache.json.copy, is there: "s3logextraction repair" restores it from that.';

/** `cache.json` comes first into a new cache, but logs may be validated before; the last two are put there by systems. */
const HARMLESS = /^(?:cache\.json\.[0-9a-f]{12}\.tmp|validation|lost\+found|\.DS_Store)$/;

/**
 * Check the text of a cache file.
 *
 * @param hint what to do about a damaged one
 * @throws {DamagedCacheError} @throws {NewerCacheError}
 */
export function parseCacheFile(text: string, path: string, hint: string): CacheFile {
  const damaged = (why: string): never => {
    throw new DamagedCacheError(path, why, undefined, hint);
  };
  let file: Unchecked<CacheFile>;
  try {
    file = JSON.parse(text) as Unchecked<CacheFile>;
  } catch {
    return damaged('it is not JSON');
  }
  if (typeof file !== 'object' || file === null || file.format !== CACHE_FORMAT) {
    return damaged('it does not describe a cache');
  }
  if (!isCount(file.version)) return damaged('it has no version');
  if (file.version > CACHE_VERSION) {
    throw new NewerCacheError(path, 'version', file.version, CACHE_VERSION);
  }
  if (!isHex32(file.id)) return damaged('it has no id');
  if (typeof file.createdAt !== 'string') return damaged('it has no time of creation');
  if (!isCacheKey(file.key)) return damaged('what it says of its key makes no sense');
  return file as CacheFile;
}

type Unchecked<T> = { readonly [name in keyof T]?: unknown } | null;

/** Whether something read is a description of a key, with parameters that can be borne. */
export function isCacheKey(value: unknown): value is CacheKey {
  const key = value as Unchecked<CacheKey> | undefined;
  if (typeof key !== 'object' || key === null || !isHex32(key.check)) return false;
  const kdf = key.kdf as Unchecked<ScryptParameters> | undefined;
  if (typeof kdf !== 'object' || kdf === null || !isHex32(kdf.salt)) return false;
  if (key.source === 'keyfile') return kdf.name === 'blake2b';
  return key.source === 'password' && kdf.name === 'scrypt' && isBearable(kdf);
}

/** All that scrypt writes into memory, in bytes: sixteen times as much as we ask of it, a few seconds. */
const MOST_WORK = 2 ** 31;

/**
 * Bounds for parameters that come from a file, which somebody may have written so that it eats all memory or never ends: scrypt needs
 * 128 N r bytes, and fills them p times.
 */
function isBearable({ N, r, p }: NonNullable<Unchecked<ScryptParameters>>): boolean {
  if (!isCount(N) || !isCount(r) || !isCount(p)) return false;
  const isPowerOfTwo = N >= 2 && Number.isInteger(Math.log2(N));
  return isPowerOfTwo && N <= 2 ** 22 && r <= 32 && p <= 16 && 128 * N * r * p <= MOST_WORK;
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && (value as number) >= 1;
}

function isHex32(value: unknown): value is string {
  return typeof value === 'string' && /^[0-9a-f]{32}$/.test(value);
}
