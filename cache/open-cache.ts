import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { makeDirectory, PUBLISHED } from './atomic-write.js';
import { keepCacheCopy, planCacheFileRepair, restoreCacheFile, usableCopy } from './cache-copy.js';
import {
  type CacheFile,
  checkMayBecomeCache,
  createCacheFile,
  RESTORE_HINT,
  readCacheFile,
} from './cache-file.js';
import { DamagedCacheError } from './commit-record.js';
import { S3LogExtractionError } from './error.js';
import { removeGarbage } from './garbage.js';
import { keyFilePath } from './key-file.js';
import { acquireLock, CacheLockedError, type Lock } from './lock.js';
import { requireOwnFolders } from './own-file.js';
import { passwordFrom } from './password.js';
import { type CachePaths, cachePaths } from './paths.js';
import { isBelow, realPlace } from './real-place.js';
import { isRotationReady } from './rotation/rotation-paths.js';
import type { SealingKey } from './sealing-key.js';
import { forgetShards, heldShards, shardsClock } from './shards/shard-locks.js';
import { forgetMode } from './shards/shard-mode.js';
import { removeStopRequest } from './stop-request.js';

/** A cache open for reading: takes no lock, needs no key (FORMAT.md W6). */
export interface ReadableCache {
  readonly paths: CachePaths;
  readonly cacheFile: CacheFile;
}

/** A cache open for writing by a stage that seals nothing. */
export interface KeylessCache extends ReadableCache {
  readonly lock: Lock;
  /** Release the lock. Does nothing the second time. */
  close(): void;
}

/** A cache open for writing. */
export interface WritableCache extends KeylessCache {
  readonly key: SealingKey;
  /** Others write beside this one: what all share is not to be written. */
  readonly isShard?: boolean | undefined;
  /** Remove what was written and not committed. */
  removeUnfinished(): void;
}

export interface OpenOptions {
  /** The command that writes, for the message that others get. */
  readonly command: string;
  readonly env: NodeJS.ProcessEnv;
}

/** There is no cache. */
export class NoCacheError extends S3LogExtractionError {
  constructor(root: string) {
    super('NO_CACHE', `There is no cache in ${root}.`, {
      hint: 'Run "s3logextraction extract" first, or name another directory with --cache.',
    });
  }
}

/** The key file would lie beside what it seals. */
export class KeyInCacheError extends S3LogExtractionError {
  constructor(path: string, root: string) {
    super('KEY_FILE_IN_CACHE', `The key file ${path} would lie inside the cache ${root}.`, {
      hint: 'Let S3_LOG_EXTRACTION_CONFIG_DIR name a directory outside of the cache, or set S3_LOG_EXTRACTION_PASSWORD.',
    });
  }
}

/**
 * Open a cache for writing: check the key, take the lock, remove what earlier runs left unfinished.
 * A missing cache is created, unless `needsKey` is false. Nothing is written before the key
 * has been checked.
 *
 * @param root the cache directory
 * @param options.needsKey false for a stage that neither seals nor opens addresses
 * @throws {CacheLockedError}
 * @throws {WrongPasswordError} and others that name what is wrong with the key
 * @throws {LinkedFolderError}
 * @throws {NotACacheError} when the directory holds something else
 * @throws {NoCacheError} when there is none and none is to be made
 */
export async function openCacheForWriting(
  root: string,
  options: OpenOptions & { readonly needsKey: false },
): Promise<KeylessCache>;
export async function openCacheForWriting(
  root: string,
  options: OpenOptions & { readonly needsKey?: true },
): Promise<WritableCache>;
export async function openCacheForWriting(
  root: string,
  options: OpenOptions & { readonly needsKey?: boolean },
): Promise<KeylessCache | WritableCache> {
  const paths = cachePaths(resolve(root));
  requireOwnFolders(paths);
  if (isRotationReady(paths)) await finishInterruptedRotation(paths, options);
  if (options.needsKey === false) {
    const { cacheFile } = openCacheForReading(root);
    return takeOver(paths, cacheFile, options);
  }
  const { cacheFile, key } = await openOrCreate(paths, options.env);
  const cache = takeOver(paths, cacheFile, options);
  try {
    if (readCacheFile(paths)?.key.check !== cacheFile.key.check) {
      throw new KeyChangedError(paths.root);
    }
    keepCacheCopy(paths, cacheFile);
    return { ...cache, key, removeUnfinished: () => removeGarbage(paths, cache.lock.token) };
  } catch (error) {
    cache.close();
    throw error;
  }
}

/**
 * Open a cache for one of several that write side by side; see `shards/open-shard.ts`.
 *
 * @param take their own lock of it
 */
export async function openForShard(
  root: string,
  options: OpenOptions,
  take: (paths: CachePaths) => Pick<WritableCache, 'lock' | 'close' | 'removeUnfinished'>,
): Promise<WritableCache> {
  const paths = cachePaths(resolve(root));
  requireOwnFolders(paths);
  if (isRotationReady(paths)) await finishInterruptedRotation(paths, options);
  const { cacheFile, key } = await openOrCreate(paths, options.env);
  makeSkeleton(paths);
  const taken = take(paths);
  try {
    if (readCacheFile(paths)?.key.check !== cacheFile.key.check) {
      throw new KeyChangedError(paths.root);
    }
    keepCacheCopy(paths, cacheFile);
    return { paths, cacheFile, key, isShard: true, ...taken, close: once(taken.close) };
  } catch (error) {
    taken.close();
    throw error;
  }
}

/** The lock of all, which excludes shards as well. Those that died stay dead. @throws {CacheLockedError} */
function acquireCacheLock(paths: CachePaths, options: { readonly command: string }): Lock {
  const lock = acquireLock(paths, options);
  try {
    if (!existsSync(paths.shards)) return lock;
    const shards = heldShards(paths, shardsClock(paths));
    const working = shards.find(({ state }) => state === 'working');
    if (working !== undefined) throw new CacheLockedError(paths.root, working.owner);
    forgetShards(paths);
    forgetMode(paths);
    return lock;
  } catch (error) {
    lock.release();
    throw error;
  }
}

/**
 * Restore `cache.json` from its second copy, where it is missing or damaged: also where only the key at hand can tell.
 *
 * @returns whether it was
 * @throws {DamagedCacheError} and others: it cannot be
 */
export async function repairCacheFile(root: string, options: OpenOptions): Promise<boolean> {
  const paths = cachePaths(resolve(root));
  requireOwnFolders(paths);
  if (isRotationReady(paths)) await finishInterruptedRotation(paths, options);
  const { openSealingKey } = await import('./sealing-key.js');
  const opens = async ({ key }: CacheFile) => {
    await openSealingKey(key, options.env, paths.cacheFile);
  };
  const { damaged, copy } = await planCacheFileRepair(paths, opens);
  if (damaged !== 'cache.json' || copy === undefined) return false;
  const lock = acquireCacheLock(paths, options);
  try {
    restoreCacheFile(paths, copy);
  } finally {
    lock.release();
  }
  return true;
}

/**
 * Open a cache for reading. Creates and changes nothing.
 *
 * @throws {NoCacheError}
 * @throws {LinkedFolderError}
 * @throws {DamagedCacheError}
 * @throws {NewerCacheError}
 */
export function openCacheForReading(root: string): ReadableCache {
  const paths = cachePaths(resolve(root));
  const cacheFile = readCacheFile(paths);
  if (cacheFile === undefined) throw new NoCacheError(paths.root);
  requireOwnFolders(paths);
  return { paths, cacheFile };
}

/** Another process has changed the key of the cache between our reading of it and our turn. */
export class KeyChangedError extends S3LogExtractionError {
  constructor(root: string) {
    super('KEY_CHANGED', `The key of the cache ${root} was changed just now.`, {
      hint: 'Run the same command again, with the new password.',
    });
  }
}

/** A change of the key that is complete but not in place (FORMAT.md section 17): it can only go forward. */
async function finishInterruptedRotation(
  paths: CachePaths,
  { command }: OpenOptions,
): Promise<void> {
  const { finishRotation } = await import('./rotation/rotation-files.js');
  const lock = acquireCacheLock(paths, { command });
  try {
    if (isRotationReady(paths)) finishRotation(paths, () => lock.assertHeld());
  } finally {
    lock.release();
  }
}

async function openOrCreate(
  paths: CachePaths,
  env: NodeJS.ProcessEnv,
): Promise<{ cacheFile: CacheFile; key: SealingKey }> {
  checkKeyOutside(paths, env);
  // Brings libsodium, which is slow to load: readers and stages without a key do without.
  const { createSealingKey, openSealingKey } = await import('./sealing-key.js');
  const existing = readCacheFile(paths);
  if (existing !== undefined) {
    try {
      return { cacheFile: existing, key: await openSealingKey(existing.key, env, paths.cacheFile) };
    } catch (error) {
      const copy = usableCopy(paths);
      if (copy === undefined || isDeepStrictEqual(copy.key, existing.key)) throw error;
      // Whoever has the right password must not be told that it is wrong.
      await openSealingKey(copy.key, env, paths.cacheFile).catch(() => {
        throw error;
      });
      const why = 'what it says of its key is not what was written';
      throw new DamagedCacheError(paths.cacheFile, why, error, RESTORE_HINT);
    }
  }
  checkMayBecomeCache(paths);
  const { key, cacheKey } = await createSealingKey(env);
  const cacheFile = createCacheFile(paths, cacheKey);
  // Another process may have created the cache meanwhile, with a salt of its own.
  if (cacheFile.key.check === cacheKey.check) return { cacheFile, key };
  return { cacheFile, key: await openSealingKey(cacheFile.key, env, paths.cacheFile) };
}

function takeOver(paths: CachePaths, cacheFile: CacheFile, { command }: OpenOptions): KeylessCache {
  const lock = acquireCacheLock(paths, { command });
  try {
    makeSkeleton(paths);
    removeGarbage(paths, lock.token);
  } catch (error) {
    lock.release();
    throw error;
  }
  const close = (): void => {
    removeStopRequest(paths, lock.token);
    lock.release();
  };
  return { paths, cacheFile, lock, close: once(close) };
}

function makeSkeleton(paths: CachePaths): void {
  const { commits, segments, indexes, rollups, stop, tmp } = paths;
  for (const directory of [commits, segments, indexes, rollups, stop, tmp]) {
    makeDirectory(directory);
  }
  makeDirectory(paths.summaries, PUBLISHED);
}

/** A key beside the cache seals nothing: whoever copies the cache has both (invariant I4). */
function checkKeyOutside(paths: CachePaths, env: NodeJS.ProcessEnv): void {
  if (passwordFrom(env) !== undefined) return;
  const keyFile = resolve(keyFilePath(env));
  // Cache, configuration and key file may be links.
  if (isBelow(realPlace(keyFile), realPlace(paths.root))) {
    throw new KeyInCacheError(keyFile, paths.root);
  }
}

function once(action: () => void): () => void {
  let done = false;
  return () => {
    if (done) return;
    done = true;
    action();
  };
}
