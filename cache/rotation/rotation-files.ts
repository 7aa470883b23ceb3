import { existsSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fsyncDirectory, makeDirectory, writeFileAtomic } from '../atomic-write.js';
import { writeCacheCopy } from '../cache-copy.js';
import { readCacheFile } from '../cache-file.js';
import { DamagedCacheError } from '../commit-record.js';
import { systemErrorCode } from '../error.js';
import { readOwnText } from '../own-file.js';
import type { CachePaths } from '../paths.js';
import { regionsDirectory } from '../region-table.js';
import { EMPTY_MANIFEST, writeManifest } from '../rollup-manifest.js';
import { type RotationPaths, rotationPaths } from './rotation-paths.js';

/** A new, empty place for a rotation. What an earlier one has left half done is forgotten. */
export function beginRotation(paths: CachePaths): RotationPaths {
  const rotation = rotationPaths(paths);
  rmSync(rotation.root, { recursive: true, force: true });
  const { root, segments, commits, indexes, regions } = rotation;
  for (const folder of [root, segments, commits, indexes, regions]) makeDirectory(folder);
  return rotation;
}

/** Old files that go when the new ones have come. */
interface Ready {
  readonly version: 1;
  readonly segments: readonly string[];
  readonly indexes: readonly string[];
  readonly regions: readonly string[];
}

/** All is there and durable: from now on the rotation only goes forward. @throws {CacheWriteError} */
export function declareReady(paths: CachePaths, oldSegments: readonly string[]): void {
  const ready: Ready = {
    version: 1,
    segments: oldSegments,
    indexes: namesIn(paths.indexes),
    regions: namesIn(regionsDirectory(paths)),
  };
  writeFileAtomic(rotationPaths(paths).ready, JSON.stringify(ready));
}

/**
 * Put everything in its place. Needs no key. Ended at any point it is begun again by the next writer, and does what
 * is left to do. Only for the holder of the lock.
 *
 * @throws {CacheWriteError} @throws {DamagedCacheError}
 */
export function finishRotation(paths: CachePaths, assertHeld: () => void): void {
  const rotation = rotationPaths(paths);
  const ready = readReady(rotation.ready);
  assertHeld();
  move(rotation.segments, paths.segments);
  // Numbers of requesters sealed under the old key.
  writeManifest(paths, EMPTY_MANIFEST);
  move(rotation.commits, paths.commits);
  removeAll(paths.segments, ready.segments);
  move(rotation.indexes, paths.indexes);
  removeAll(paths.indexes, ready.indexes);
  const regions = regionsDirectory(paths);
  if (namesIn(rotation.regions).length > 0) makeDirectory(regions);
  move(rotation.regions, regions);
  removeAll(regions, ready.regions);
  moveFile(rotation.settings, join(paths.root, 'settings.json'));
  moveFile(rotation.cacheFile, paths.cacheFile);
  fsyncDirectory(paths.root);
  copyCacheFile(paths);
  assertHeld();
  rmSync(rotation.ready, { force: true });
  fsyncDirectory(rotation.root);
  rmSync(rotation.root, { recursive: true, force: true });
}

/** Of a file that was damaged just now there is no copy to make; the old one opens nothing any more. */
function copyCacheFile(paths: CachePaths): void {
  try {
    const file = readCacheFile(paths);
    if (file !== undefined) writeCacheCopy(paths, file);
  } catch (error) {
    if (!(error instanceof DamagedCacheError)) throw error;
  }
}

function readReady(path: string): Ready {
  try {
    const ready = JSON.parse(readOwnText(path)) as Ready;
    // They are removed: a name that leads elsewhere is none of ours.
    for (const names of [ready.segments, ready.indexes, ready.regions]) {
      if (!names.every(isBareName)) throw new Error('a name in it is none of a file here');
    }
    return ready;
  } catch (error) {
    throw new DamagedCacheError(
      path,
      'it cannot be read',
      error,
      'Restore it from a backup of the cache: it says how far the change of the key was.',
    );
  }
}

function isBareName(name: unknown): boolean {
  return typeof name === 'string' && basename(name) === name && !/^\.{0,2}$/.test(name);
}

function move(from: string, to: string): void {
  const names = namesIn(from);
  for (const name of names) renameSync(join(from, name), join(to, name));
  if (names.length > 0) fsyncDirectory(to);
}

function moveFile(from: string, to: string): void {
  if (existsSync(from)) renameSync(from, to);
}

function removeAll(folder: string, names: readonly string[]): void {
  for (const name of names) rmSync(join(folder, name), { force: true });
  if (names.length > 0) fsyncDirectory(folder);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
