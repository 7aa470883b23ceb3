import { join } from 'node:path';
import { fsyncDirectory } from './atomic-write.js';
import { removeGarbage } from './garbage.js';
import { removeIndex } from './ledger/index-manifest.js';
import type { KeylessCache } from './open-cache.js';
import { removeOwnFile } from './own-file.js';
import { discardRollups } from './rollups.js';

/**
 * Take commits back (FORMAT.md section 16): their log files are in no commit any more, and so are new for the next
 * extraction. What is derived from them is forgotten; what they named is garbage.
 *
 * @throws {LockLostError} @throws {CacheWriteError}
 */
export function withdrawCommits(cache: KeylessCache, commits: readonly string[]): void {
  const { paths, lock } = cache;
  for (const commit of commits) {
    lock.assertHeld();
    removeOwnFile(join(paths.commits, `${commit}.json`));
  }
  fsyncDirectory(paths.commits);
  removeIndex(paths);
  discardRollups(paths, () => lock.assertHeld());
  removeGarbage(paths, lock.token);
}
