import { join } from 'node:path';
import { fsyncDirectory } from './atomic-write.js';
import { listCommits } from './commit-record.js';
import { removeGarbage } from './garbage.js';
import { removeIndex } from './ledger/index-manifest.js';
import type { KeylessCache } from './open-cache.js';
import { removeOwnFile } from './own-file.js';

/**
 * Forget all that was extracted: commits first, then what they named (FORMAT.md W4).
 * The key, the indexes of requesters and the published tables stay; an interrupted reset is finished by
 * the next writer, because what no commit names is garbage.
 *
 * @returns commits removed
 */
export function resetExtraction(cache: KeylessCache): number {
  const { paths, lock } = cache;
  const commits = listCommits(paths);
  for (const commit of commits) {
    lock.assertHeld();
    removeOwnFile(join(paths.commits, `${commit}.json`));
  }
  fsyncDirectory(paths.commits);
  removeIndex(paths);
  removeGarbage(paths, lock.token);
  return commits.length;
}
