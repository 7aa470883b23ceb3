import { readLock } from '../../cache/lock.js';
import type { LockContent } from '../../cache/lock-file.js';
import type { CachePaths } from '../../cache/paths.js';
import { watchedSpools } from '../../cache/watched-spools.js';
import { type SpoolPaths, spoolPaths, watchCommandFor } from './spool-paths.js';

/** A process that watches a spool for a cache. */
export interface Watcher {
  readonly spool: SpoolPaths;
  readonly owner: LockContent;
}

/** Who watches spools for a cache now. Writes nothing. */
export function findWatchers(paths: CachePaths): Watcher[] {
  const command = watchCommandFor(paths.root);
  return watchedSpools(paths).flatMap((folder) => {
    const spool = spoolPaths(folder);
    try {
      const { held, owner } = readLock(spool) ?? {};
      return held && owner?.command === command ? [{ spool, owner }] : [];
    } catch {
      // Not ours to look at: nobody watches it for this cache as this user.
      return [];
    }
  });
}
