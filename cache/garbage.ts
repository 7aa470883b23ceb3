import { type Dirent, lstatSync, readdirSync, rmSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { CacheWriteError } from './atomic-write.js';
import { CacheReadError } from './cache-file.js';
import { commitOfSegment, listCommits } from './commit-record.js';
import { datasetsFolder } from './datasets/dataset-files.js';
import { systemErrorCode } from './error.js';
import type { CachePaths } from './paths.js';
import { isReaderScratch } from './reader-scratch.js';
import { isRotationReady, rotationPaths } from './rotation/rotation-paths.js';
import { clearStopRequests } from './stop-request.js';

/**
 * Remove what earlier runs left unfinished (FORMAT.md W3). Only for the holder of the lock, before it
 * writes anything itself. Symbolic links are never followed, and a file whose name is not one that
 * we give stays.
 *
 * @param ownToken of the lock held: a request to stop this run stays
 * @throws {CacheWriteError}
 * @throws {CacheReadError}
 */
export function removeGarbage(paths: CachePaths, ownToken: string): void {
  removeTemporaryFiles(paths.root, TEMPORARY_CACHE_FILE);
  for (const directory of [
    paths.lock,
    paths.watch,
    paths.commits,
    paths.segments,
    paths.ledger,
    paths.indexes,
    ...['', 'regions', 'ranges', 'changes'].map((name) => join(dirname(paths.indexes), name)),
    paths.rollups,
  ]) {
    removeTemporaryFiles(directory);
  }
  for (const parent of [paths.summaries, datasetsFolder(paths), paths.shards]) {
    removeTemporaryFiles(parent);
    for (const entry of list(parent)) {
      if (entry.isDirectory()) removeTemporaryFiles(join(parent, entry.name));
    }
  }
  removeUncommittedSegments(paths);
  // Of a change of the key that was not complete.
  if (!isRotationReady(paths)) remove(rotationPaths(paths).root, true);
  for (const entry of list(paths.tmp)) {
    if (entry.isDirectory() && isReaderScratch(paths, entry.name)) continue;
    remove(join(paths.tmp, entry.name), entry.isDirectory());
  }
  if (isRealDirectory(paths.stop)) clearStopRequests(paths, ownToken);
}

/** `<final name>.<12 hex>.tmp`, as our writers name what is not finished (FORMAT.md W1). */
const TEMPORARY = /.\.[0-9a-f]{12}\.tmp$/;
const TEMPORARY_CACHE_FILE = /^(?:cache|settings)\.json(?:\.copy)?\.[0-9a-f]{12}\.tmp$/;

/** The 35 characters of the commit's name are checked by `commitOfSegment`. */
const SEGMENT_REST =
  /^(?:-[0-9a-z-]{1,60}\.(?:(?:records|rejects)\.parquet|[a-z][a-z0-9]{0,15}\.output)|\.files\.parquet)$/;

function removeTemporaryFiles(directory: string, pattern = TEMPORARY): void {
  for (const entry of list(directory)) {
    if (entry.isFile() && pattern.test(entry.name)) remove(join(directory, entry.name));
  }
}

function removeUncommittedSegments(paths: CachePaths): void {
  // Segments first: what is committed after this listing is not in it.
  const segments = list(paths.segments).filter(
    (entry) =>
      entry.isFile() &&
      commitOfSegment(entry.name) !== undefined &&
      SEGMENT_REST.test(entry.name.slice(35)),
  );
  const commits = new Set(listCommits(paths));
  for (const { name } of segments) {
    if (!commits.has(commitOfSegment(name) as string)) remove(join(paths.segments, name));
  }
}

/**
 * Remove what a run that has failed wrote and did not commit, while others write beside it.
 *
 * @param token of its lock, of which the names of its commits have 8 digits
 */
export function removeOwnSegments(paths: CachePaths, token: string): void {
  const own = `-${token.slice(0, 8)}-`;
  const commits = new Set(listCommits(paths));
  for (const { name } of list(paths.segments)) {
    const commit = commitOfSegment(name);
    if (commit === undefined || commits.has(commit) || commit.slice(19, 29) !== own) continue;
    const rest = name.slice(35);
    if (SEGMENT_REST.test(rest) || TEMPORARY.test(rest)) remove(join(paths.segments, name));
  }
}

/** What is in a directory; nothing when it is absent or only a link to one. */
function list(directory: string): Dirent[] {
  if (!isRealDirectory(directory)) return [];
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw new CacheReadError(directory, error);
  }
}

function isRealDirectory(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

function remove(path: string, recursive = false): void {
  try {
    // Recursive removal unlinks symbolic links; it does not follow them.
    if (recursive) rmSync(path, { recursive: true, force: true });
    else unlinkSync(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw new CacheWriteError(path, error);
  }
}
