import { createHash } from 'node:crypto';
import { closeSync, fstatSync, readdirSync, readSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DamagedCacheError } from './commit-record.js';
import { systemErrorCode } from './error.js';
import { openOwnFile } from './own-file.js';

const CHECK_DIGITS = 16;
const CHECKED_NAME = /\.([0-9a-f]{16})\.parquet$/;
const PIECE_BYTES = 1 << 20;

/**
 * A file name that holds the beginning of the file's SHA-256 (FORMAT.md sections 8 and 13): for files that nothing
 * else names.
 *
 * @param stem unique
 * @param sha256 hex
 */
export function checkedName(stem: string, sha256: string): string {
  return `${stem}.${sha256.slice(0, CHECK_DIGITS)}.parquet`;
}

/** Complete Parquet files of a folder, in order of name; none when it is absent. */
export function parquetFiles(directory: string): string[] {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith('.parquet'))
    .sort()
    .map((name) => join(directory, name));
}

/** As {@link parquetFiles}, after each was compared with its name. @throws {DamagedCacheError} */
export function intactParquetFiles(directory: string): string[] {
  const files = parquetFiles(directory);
  for (const file of files) requireIntact(file);
  return files;
}

/** Whether the name of a file says what is in it. */
export function hasCheck(path: string): boolean {
  return CHECKED_NAME.test(basename(path));
}

/** What was found intact by this process, and as what. */
const intact = new Map<string, string>();

/**
 * Compare a file with the check in its name; one without a check in its name is of an older version,
 * and passes unless it is a link.
 *
 * @throws {DamagedCacheError}
 */
export function requireIntact(path: string): void {
  const check = CHECKED_NAME.exec(basename(path))?.[1];
  const fd = openOrNothing(path);
  // A reader without the lock may find that a writer has merged it meanwhile.
  if (fd === undefined) return;
  try {
    // The engine would wait for what comes out of a pipe.
    if (!fstatSync(fd).isFile()) throw new DamagedCacheError(path, 'it is not a regular file');
    if (check === undefined) return;
    const { ino, size, mtimeMs } = fstatSync(fd);
    const stamp = `${ino} ${size} ${mtimeMs}`;
    if (intact.get(path) === stamp) return;
    const hash = createHash('sha256');
    const piece = Buffer.alloc(PIECE_BYTES);
    for (;;) {
      const read = readSync(fd, piece, 0, PIECE_BYTES, null);
      if (read === 0) break;
      hash.update(piece.subarray(0, read));
    }
    if (!hash.digest('hex').startsWith(check)) {
      throw new DamagedCacheError(path, 'its SHA-256 does not begin as its name says');
    }
    intact.set(path, stamp);
  } finally {
    closeSync(fd);
  }
}

function openOrNothing(path: string): number | undefined {
  try {
    return openOwnFile(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
