import { join } from 'node:path';

/** Where everything stands below a cache directory (FORMAT.md section 1). */
export interface CachePaths {
  readonly root: string;
  readonly cacheFile: string;
  /** The second copy of it. */
  readonly cacheCopy: string;
  readonly commits: string;
  readonly segments: string;
  readonly ledger: string;
  readonly indexes: string;
  readonly rollups: string;
  readonly summaries: string;
  readonly lock: string;
  readonly stop: string;
  readonly watch: string;
  readonly shards: string;
  readonly tmp: string;
}

/** @param root the cache directory, absolute */
export function cachePaths(root: string): CachePaths {
  return {
    root,
    cacheFile: join(root, 'cache.json'),
    cacheCopy: join(root, 'cache.json.copy'),
    commits: join(root, 'commits'),
    segments: join(root, 'segments'),
    ledger: join(root, 'ledger'),
    indexes: join(root, 'ips', 'indexes'),
    rollups: join(root, 'rollups'),
    summaries: join(root, 'summaries'),
    lock: join(root, 'lock'),
    stop: join(root, 'stop'),
    watch: join(root, 'watch'),
    shards: join(root, 'shards'),
    tmp: join(root, 'tmp'),
  };
}
