import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { CacheWriteError, PRIVATE, TEMPORARY_SUFFIX } from './atomic-write.js';

/**
 * The time by the clock of the file system that a folder is on, which need not be that of this host: what
 * a file that is changed now is marked with.
 *
 * @returns milliseconds since 1970
 * @throws {CacheWriteError} no file can be made there
 */
export function fileSystemTimeMs(folder: string): number {
  const path = join(folder, `now.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`);
  try {
    const fd = openSync(path, 'wx', PRIVATE.file);
    try {
      writeSync(fd, '\n');
      return fstatSync(fd).mtimeMs;
    } finally {
      closeSync(fd);
      rmSync(path, { force: true });
    }
  } catch (error) {
    throw new CacheWriteError(path, error);
  }
}
