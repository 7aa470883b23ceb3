import { type Dir, type Dirent, lstatSync, opendirSync, type Stats, statSync } from 'node:fs';
import { systemErrorCode } from '../../cache/error.js';
import { joinLogPath, type LogPath, pathBytes } from './log-path.js';

/** Something below the root that cannot be looked at. */
export interface SourceProblem {
  readonly kind: 'problem';
  readonly path: LogPath;
  /** Whether log files are missed because of it, so that it counts as one that failed. */
  readonly isLoss: boolean;
  readonly reason: string;
}

/** Entries sorted at once; a larger folder comes in several sorted pieces (invariant I7). */
const PIECE = 50_000;

/**
 * Names below a folder that are not hidden, in their order: what may be a file as its path below the root, and
 * folders that cannot be read. Real folders are entered; links are not followed here.
 *
 * @param isExcluded tells a folder that is not to be entered
 */
export function* listFolder(
  root: LogPath,
  isExcluded: (stats: Stats) => boolean,
): Generator<LogPath | SourceProblem> {
  yield* list(root, '' as LogPath, isExcluded);
}

function* list(
  folder: LogPath,
  relative: LogPath,
  isExcluded: (stats: Stats) => boolean,
): Generator<LogPath | SourceProblem> {
  let dir: Dir;
  try {
    // Names as bytes: see LogPath. (The typings know the encodings of text only.)
    dir = opendirSync(pathBytes(folder) as unknown as string, {
      encoding: 'latin1',
      bufferSize: 1024,
    });
  } catch (error) {
    yield readProblem(folder, error);
    return;
  }
  try {
    for (let isLast = false; !isLast; ) {
      const piece = readPiece(dir, folder);
      isLast = piece.isLast;
      for (const name of piece.names) {
        if (piece.folders.has(name)) {
          yield* enter(joinLogPath(folder, name), joinLogPath(relative, name), isExcluded);
        } else {
          yield joinLogPath(relative, name);
        }
      }
    }
  } catch (error) {
    yield readProblem(folder, error);
  } finally {
    dir.closeSync();
  }
}

function* enter(
  folder: LogPath,
  relative: LogPath,
  isExcluded: (stats: Stats) => boolean,
): Generator<LogPath | SourceProblem> {
  try {
    if (isExcluded(statSync(pathBytes(folder)))) return;
  } catch (error) {
    yield readProblem(folder, error);
    return;
  }
  yield* list(folder, relative, isExcluded);
}

interface Piece {
  readonly names: LogPath[];
  /** Those of them that are folders, and no links. */
  readonly folders: ReadonlySet<LogPath>;
  readonly isLast: boolean;
}

function readPiece(dir: Dir, folder: LogPath): Piece {
  const names: LogPath[] = [];
  const folders = new Set<LogPath>();
  let entry: Dirent | null = null;
  while (names.length < PIECE) {
    entry = dir.readSync();
    if (entry === null) break;
    const name = entry.name as LogPath;
    if (name.startsWith('.')) continue;
    names.push(name);
    if (isFolder(entry, joinLogPath(folder, name))) folders.add(name);
  }
  // One character is one byte, so this is the order of bytes.
  return { names: names.sort(), folders, isLast: entry === null };
}

/** Also where the file system does not tell what an entry is. */
function isFolder(entry: Dirent, path: LogPath): boolean {
  if (entry.isFile() || entry.isSymbolicLink()) return false;
  if (entry.isDirectory()) return true;
  return lstatSync(pathBytes(path), { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A folder or file that is missed. */
export function readProblem(path: LogPath, error: unknown): SourceProblem {
  return {
    kind: 'problem',
    path,
    isLoss: true,
    reason: systemErrorCode(error) ?? 'it cannot be read',
  };
}
