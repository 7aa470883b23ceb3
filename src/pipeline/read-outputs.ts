import { join } from 'node:path';
import { listCommits, readCommit } from '../../cache/commit-record.js';
import type { ReadableCache } from '../../cache/open-cache.js';
import { readOwnText } from '../../cache/own-file.js';
import { verifyFile } from '../../cache/verify-file.js';

/** A line that a handler wrote. */
export interface OutputLine {
  readonly commit: string;
  readonly line: string;
}

/**
 * The lines of an output, commit by commit, oldest first. Within a commit the order of streams is that of its record.
 *
 * @throws {DamagedCacheError} an output is not what its commit says
 */
export async function* readOutputs(
  { paths }: Pick<ReadableCache, 'paths'>,
  output: string,
): AsyncGenerator<OutputLine, void> {
  for (const commit of listCommits(paths)) {
    for (const file of readCommit(paths, commit).outputs ?? []) {
      if (!file.file.endsWith(`.${output}.output`)) continue;
      const path = join(paths.segments, file.file);
      await verifyFile(path, file);
      for (const line of readOwnText(path).split('\n').slice(0, -1)) yield { commit, line };
    }
  }
}
