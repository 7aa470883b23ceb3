import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from '../error.js';
import { fileSystemTimeMs } from '../file-system-time.js';
import { fenceLock, removeLock } from '../lock.js';
import { isHeld, type LockContent, type LockPlace, readHighestLock } from '../lock-file.js';
import { requireOwnFolder } from '../own-file.js';
import type { CachePaths } from '../paths.js';
import { MOST_SHARDS, type Shard } from './shard.js';

/** A shard that somebody extracts, or did when they died. */
export interface ShardState extends Shard {
  /** `silent`: its process is gone, or has not been heard of for ten minutes; nobody has started it again. */
  readonly state: 'working' | 'silent';
  /** Undefined: its lock file cannot be read. */
  readonly owner: LockContent | undefined;
  readonly place: LockPlace;
}

/** Shards of another division of the log files are at work: some files would fall to two of them. */
export class OtherShardsError extends S3LogExtractionError {
  constructor(root: string, count: number, other: Shard) {
    super(
      'SHARDS_DIFFER',
      `Shard ${other.index} of ${other.count} is at work on the cache ${root}, so it cannot be divided by ${count} now.`,
      {
        hint: 'Wait until all of them are done, or end them with "s3logextraction stop"; then any number will do.',
      },
      4,
    );
  }
}

/** Shards of other log files, or of these by another path, are at work: a file may have a name of its own for each. */
export class OtherSourceError extends S3LogExtractionError {
  constructor(root: string, other: Shard) {
    super(
      'SHARDS_OTHER_SOURCE',
      `Shard ${other.index} of ${other.count} that is at work on the cache ${root} extracts other log files, or the same by another path.`,
      {
        hint: 'Give all shards the same source, written alike. To extract several folders, wait until the shards of the first are done.',
      },
      4,
    );
  }
}

/** Where the lock of a shard is (FORMAT.md section 22). */
export function shardPlace(paths: CachePaths, { index, count }: Shard): LockPlace {
  return { root: paths.root, lock: join(paths.shards, `${count}-${index}`) };
}

/**
 * Shards whose locks are held, whether by the living or by the dead, in their order.
 *
 * @param now the clock by which silence is judged: {@link shardsClock} for whoever may write, else that of this host
 */
export function heldShards(paths: CachePaths, now: () => number = Date.now): ShardState[] {
  return shardFolders(paths).flatMap((shard): ShardState[] => {
    const place = shardPlace(paths, shard);
    requireOwnFolder(place.lock);
    const lock = readHighestLock(place);
    if (lock === undefined || lock.content?.state === 'free') return [];
    const state = isHeld(lock, now) ? 'working' : 'silent';
    return [{ ...shard, state, owner: lock.content, place }];
  });
}

/**
 * The clock of the file system. Making a file also has an NFS client ask the server what else is new in the folder, which it
 * may else believe to know for a minute.
 */
export function shardsClock(paths: CachePaths): () => number {
  let time: number | undefined;
  return () => {
    time ??= fileSystemTimeMs(paths.shards);
    return time;
  };
}

/** See to it that shards that fell silent stay so: what they have in hand never becomes real. */
export function fenceShards(shards: readonly ShardState[]): void {
  for (const { state, place } of shards) if (state === 'silent') fenceLock(place);
}

/**
 * Forget all shards there were. What one of them that was only suspended has in hand never becomes real: its lock is gone. Only for the
 * holder of the lock of the cache, when no shard is at work; one that begins just now finds that lock, and withdraws.
 */
export function forgetShards(paths: CachePaths): void {
  for (const shard of shardFolders(paths)) removeLock(shardPlace(paths, shard));
}

function shardFolders(paths: CachePaths): Shard[] {
  let names: string[];
  try {
    names = readdirSync(paths.shards, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => entry.name);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
  return names
    .flatMap((name) => {
      const [, count, index] = /^(\d{1,5})-(\d{1,5})$/.exec(name)?.map(Number) ?? [];
      const isShard =
        count !== undefined &&
        name === `${count}-${index}` &&
        count <= MOST_SHARDS &&
        index >= 1 &&
        index <= count;
      return isShard ? [{ index, count }] : [];
    })
    .sort((a, b) => a.count - b.count || a.index - b.index);
}
