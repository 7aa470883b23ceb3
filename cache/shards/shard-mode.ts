import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../atomic-write.js';
import { systemErrorCode } from '../error.js';
import { writeFileExclusive } from '../exclusive-write.js';
import { readOwnFile } from '../own-file.js';
import type { CachePaths } from '../paths.js';

/**
 * Shards of an empty cache settle on the mode of the first of them: no commit tells it yet.
 *
 * @returns the mode that all of them have
 */
export function agreeOnMode(paths: CachePaths, mode: string): string {
  makeDirectory(paths.shards);
  const path = modeFile(paths);
  for (;;) {
    if (writeFileExclusive(path, mode)) return mode;
    try {
      return readOwnFile(path, LONGEST).toString('utf8');
    } catch (error) {
      // A writer that is no shard has removed it: then all that were at work have ended.
      if (systemErrorCode(error) !== 'ENOENT') throw error;
    }
  }
}

/** For whoever writes while no shard is at work. */
export function forgetMode(paths: CachePaths): void {
  rmSync(modeFile(paths), { force: true });
}

const LONGEST = 1024;

function modeFile(paths: CachePaths): string {
  return join(paths.shards, 'mode');
}
