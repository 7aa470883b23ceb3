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
  OtherSourceError,
  shardPlace,
  shardsClock,
} from './shard-locks.js';

/**
 * Open a cache for extracting one shard of its log files, side by side with the other shards (FORMAT.md section 22). The cache is
 * made when there is none. What earlier runs left unfinished stays until somebody writes who is no shard.
 *
 * @throws {CacheLockedError} somebody writes who is no shard, or this very shard is being extracted
 * @param options.source folder (absolute) or `s3://` URL of the log files
 * @throws {OtherShardsError} shards of another count are at work
 * @throws {OtherSourceError} shards of other log files are
 * @throws as `openCacheForWriting` what is wrong with the key
 */
export async function openCacheForShard(
  root: string,
  shard: Shard,
  options: OpenOptions & { readonly source: string },
): Promise<WritableCache> {
  return openForShard(root, options, (paths) => takeShard(paths, shard, options));
}

function takeShard(
  paths: CachePaths,
  shard: Shard,
  { command, source }: OpenOptions & { readonly source: string },
) {
  makeDirectory(paths.shards);
  const named = `${command} --shard ${shard.index}/${shard.count}`;
  const lock = acquireLock(shardPlace(paths, shard), { command: named, source });
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
    const held = heldShards(paths, now);
    const others = held.filter(({ count }) => count !== shard.count);
    const alive = others.find(({ state }) => state === 'working');
    if (alive !== undefined) throw new OtherShardsError(paths.root, shard.count, alive);
    // By another path a file may have another name, and fall to two shards. Who cannot be read may extract anything.
    const elsewhere = held.find((one) => one.state === 'working' && one.owner?.source !== source);
    if (elsewhere !== undefined) throw new OtherSourceError(paths.root, elsewhere);
    fenceShards(others);
  } catch (error) {
    close();
    throw error;
  }
  return { lock, close, removeUnfinished: () => removeOwnSegments(paths, lock.token) };
}
