import { type Dir, opendirSync, type Stats, statSync } from 'node:fs';
import { systemErrorCode } from '../../cache/error.js';
import { joinLogPath, type LogPath, pathBytes } from './log-path.js';

/** A file that may be a log file. */
export interface SourceFile {
  readonly kind: 'file';
  /** Path to open. */
  readonly path: LogPath;
  /** Path below the root of the source. */
  readonly relativePath: LogPath;
  readonly sizeBytes: number;
  /** Whole milliseconds since 1970. */
  readonly modifiedMs: number;
}

/** Something below the root that cannot be looked at. */
export interface SourceProblem {
  readonly kind: 'problem';
  readonly path: LogPath;
  /** Whether log files are missed because of it, so that it counts as one that failed. */
  readonly isLoss: boolean;
  readonly reason: string;
}

/** Entries sorted at once; a larger folder comes in several sorted pieces (invariant I7). */
const PIECE = 200_000;

/**
 * All regular files below a folder that are not hidden, in the order of their names. Links to files are
 * followed; links to folders are not (they may lead in circles), and are reported.
 *
 * @param root a folder, or one file
 * @param isExcluded tells a folder that is not to be entered (the cache itself)
 */
export function* walkFolder(
  root: LogPath,
  isExcluded: (stats: Stats) => boolean,
): Generator<SourceFile | SourceProblem> {
  const stats = statSync(pathBytes(root));
  if (stats.isDirectory()) yield* walk(root, '' as LogPath, isExcluded);
  else yield sourceFile(root, root.slice(root.lastIndexOf('/') + 1) as LogPath, stats);
}

function* walk(
  folder: LogPath,
  relative: LogPath,
  isExcluded: (stats: Stats) => boolean,
): Generator<SourceFile | SourceProblem> {
  let dir: Dir;
  try {
    // Names as bytes: see LogPath. (The typings know the encodings of text only.)
    dir = opendirSync(pathBytes(folder) as unknown as string, {
      encoding: 'latin1',
      bufferSize: 1024,
    });
  } catch (error) {
    yield problem(folder, error);
    return;
  }
  try {
    for (;;) {
      const entries = readPiece(dir);
      for (const { name, isLink } of entries) {
        yield* visit(folder, relative, name, isLink, isExcluded);
      }
      if (entries.length < PIECE) break;
    }
  } catch (error) {
    yield problem(folder, error);
  } finally {
    dir.closeSync();
  }
}

function* visit(
  folder: LogPath,
  relative: LogPath,
  name: LogPath,
  isLink: boolean,
  isExcluded: (stats: Stats) => boolean,
): Generator<SourceFile | SourceProblem> {
  const path = joinLogPath(folder, name);
  const relativePath = joinLogPath(relative, name);
  let stats: Stats;
  try {
    stats = statSync(pathBytes(path));
  } catch (error) {
    yield problem(path, error);
    return;
  }
  if (stats.isFile()) {
    yield sourceFile(path, relativePath, stats);
  } else if (stats.isDirectory()) {
    if (isExcluded(stats)) return;
    if (isLink) {
      yield { kind: 'problem', path, isLoss: false, reason: 'links to folders are not followed' };
    } else {
      yield* walk(path, relativePath, isExcluded);
    }
  }
}

interface Entry {
  readonly name: LogPath;
  readonly isLink: boolean;
}

function readPiece(dir: Dir): Entry[] {
  const entries: Entry[] = [];
  while (entries.length < PIECE) {
    const entry = dir.readSync();
    if (entry === null) break;
    if (entry.name.startsWith('.')) continue;
    entries.push({ name: entry.name as LogPath, isLink: entry.isSymbolicLink() });
  }
  return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
}

function sourceFile(path: LogPath, relativePath: LogPath, stats: Stats): SourceFile {
  return {
    kind: 'file',
    path,
    relativePath,
    sizeBytes: stats.size,
    modifiedMs: Math.floor(stats.mtimeMs),
  };
}

function problem(path: LogPath, error: unknown): SourceProblem {
  return {
    kind: 'problem',
    path,
    isLoss: true,
    reason: systemErrorCode(error) ?? 'it cannot be read',
  };
}
