import { type Dirent, lstatSync, readdirSync, rmdirSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fsyncDirectory, makeDirectory, PUBLISHED, TEMPORARY_SUFFIX } from './atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';

/** Something other than a folder stands where summaries are to be written. */
export class PublishedFolderError extends S3LogExtractionError {
  constructor(path: string) {
    super('NOT_A_FOLDER', `Could not write summaries to ${path}: it is not a folder of its own.`, {
      hint: 'Symbolic links are not followed there: move it away and run the same command again.',
    });
  }
}

/**
 * Make a folder for published files, below one that may be made, too.
 *
 * @throws {PublishedFolderError} a file or a symbolic link has that name
 * @throws {CacheWriteError}
 */
export function makePublishedFolder(path: string): void {
  try {
    if (!lstatSync(path).isDirectory()) throw new PublishedFolderError(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    makeDirectory(path, PUBLISHED);
  }
}

/** Whether two paths lead to one folder, as `ds1` and `DS1` do on some file systems. */
export function isSameFolder(one: string, other: string): boolean {
  const [a, b] = [one, other].map((path) =>
    lstatSync(path, { bigint: true, throwIfNoEntry: false }),
  );
  return a !== undefined && b !== undefined && a.ino === b.ino && a.dev === b.dev;
}

/** Names of the real folders in a folder; symbolic links are none. */
export function listFolders(path: string): string[] {
  return entries(path)
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/**
 * Remove those of the named files that are regular files, what an interrupted write of them left,
 * and then the folder when nothing is left in it. Anything else stays, and the folder with it. What a link leads to is somebody else's.
 *
 * @returns number of named files removed
 */
export function removePublished(folder: string, names: ReadonlySet<string>): number {
  if (!isRealFolder(folder)) return 0;
  let removed = 0;
  let leftovers = 0;
  const found = entries(folder);
  for (const entry of found) {
    if (!entry.isFile()) continue;
    const isNamed = names.has(entry.name);
    if (!isNamed && !isLeftover(entry.name, names)) continue;
    unlinkSync(join(folder, entry.name));
    if (isNamed) removed++;
    else leftovers++;
  }
  if (removed + leftovers === 0) return 0;
  if (removed + leftovers === found.length) {
    rmdirSync(folder);
    fsyncDirectory(join(folder, '..'));
  } else {
    fsyncDirectory(folder);
  }
  return removed;
}

/** Remove one published file, if it is there, a regular file, and in a folder that is no link. */
export function removePublishedFile(path: string): boolean {
  try {
    if (!isRealFolder(dirname(path)) || !lstatSync(path).isFile()) return false;
    unlinkSync(path);
    return true;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return false;
    throw error;
  }
}

function isRealFolder(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function isLeftover(name: string, names: ReadonlySet<string>): boolean {
  const match = /^(.*)\.[0-9a-f]{12}$/s.exec(name.slice(0, -TEMPORARY_SUFFIX.length));
  return name.endsWith(TEMPORARY_SUFFIX) && match !== null && names.has(match[1] as string);
}

/** What is in a folder; nothing where there is none. */
export function entries(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
