import { randomBytes } from 'node:crypto';
import { lstatSync, realpathSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory, TEMPORARY_SUFFIX } from '../../cache/atomic-write.js';
import { SpoolFolderError } from './spool.js';
import type { SpoolPaths } from './spool-paths.js';
import { writeWhole } from './write-whole.js';

/**
 * Write a text below the watcher's own folder, whole or not at all; what stands there is replaced. What a kill leaves half written is
 * removed by the next watcher.
 *
 * @throws {SpoolFolderError} @throws {CacheWriteError} and what the system says
 */
export function writeOwnText({ own }: SpoolPaths, path: string, text: string): void {
  const folder = dirname(path);
  makeDirectory(folder);
  if (realpathSync(folder) !== folder) {
    throw new SpoolFolderError(folder, 'it is, or stands below, a symbolic link');
  }
  const temporary = join(own, `text.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`);
  try {
    writeWhole(temporary, text);
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** Whether a regular file of so many bytes is there: of a text that is named by its hash, that very text. */
export function hasOwnText(path: string, text: string): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size === Buffer.byteLength(text);
}
