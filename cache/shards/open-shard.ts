import { makeDirectory } from '../atomic-write.js';
import { removeOwnSegments } from '../garbage.js';
import { acquireLock, CacheLockedError, fenceLock } from '../lock.js';
import { isHeld, readHighestLock } from '../lock-file.js';
import { type OpenOptions, openForShard, type WritableCache } from '../open-cache.js';
import type { CachePaths } from '../paths.js';
import { removeStopRequest } from '../stop-request.js';
import type { Shard } from './shard.js';
import {
  fenceShards,
  heldShards,
  OtherShardsError,
  shardPlace,
  shardsClock,
} from './shard-locks.js';

/**
 * Open a cache for extracting one shard of its log files, side by side with the other shards (FORMAT.md section 22). The cache is
 * made when there is none. What earlier runs left unfinished stays until somebody writes who is no shard.
 *
 * @throws {CacheLockedError} somebody writes who is no shard, or this very shard is being extracted
 * @throws {OtherShardsError} shards of another count are at work
 * @throws as `openCacheForWriting` what is wrong with the key
 */
export async function openCacheForShard(
  root: string,
  shard: Shard,
  options: OpenOptions,
): Promise<WritableCache> {
  return openForShard(root, options, (paths) => takeShard(paths, shard, options));
}

function takeShard(paths: CachePaths, shard: Shard, { command }: OpenOptions) {
  makeDirectory(paths.shards);
  const named = `${command} --shard ${shard.index}/${shard.count}`;
  const lock = acquireLock(shardPlace(paths, shard), { command: named });
  const close = (): void => {
    removeStopRequest(paths, lock.token);
    lock.release();
  };
  try {
    // Ours is there: whoever writes otherwise looks at it after theirs is, so one of us sees the other.
    const now = shardsClock(paths);
    now();
    const writer = readHighestLock(paths);
    if (writer !== undefined && isHeld(writer, now)) {
      throw new CacheLockedError(paths.root, writer.content);
    }
    fenceLock(paths);
    const others = heldShards(paths, now).filter(({ count }) => count !== shard.count);
    const alive = others.find(({ state }) => state === 'working');
    if (alive !== undefined) throw new OtherShardsError(paths.root, shard.count, alive);
    fenceShards(others);
  } catch (error) {
    close();
    throw error;
  }
  return { lock, close, removeUnfinished: () => removeOwnSegments(paths, lock.token) };
}
