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
  // Not by recursion: folders may be as deep as paths can be long, which is more than a stack holds.
  const open: Listing[] = [];
  try {
    for (let next: Entered | undefined = { folder: root, relative: '' as LogPath }; ; ) {
      if (next !== undefined) {
        const listing = openListing(next);
        if ('reason' in listing) yield listing;
        else open.push(listing);
      }
      const current = open.at(-1);
      if (current === undefined) return;
      next = undefined;
      const found = nextOf(current, isExcluded);
      if (found === undefined) close(open.pop() as Listing);
      else if (typeof found === 'object' && 'folder' in found) next = found;
      else yield found;
    }
  } finally {
    for (const listing of open) close(listing);
  }
}

interface Entered {
  readonly folder: LogPath;
  /** Its path below the root. */
  readonly relative: LogPath;
}

/** A folder that is being listed. */
interface Listing extends Entered {
  /** Closed as soon as it has been read to its end: only folders of many pieces stay open while those below are listed. */
  dir: Dir | undefined;
  piece: Piece | undefined;
  /** The next name of the piece. */
  at: number;
}

function openListing(entered: Entered): Listing | SourceProblem {
  try {
    // Names as bytes: see LogPath. (The typings know the encodings of text only.)
    const dir = opendirSync(pathBytes(entered.folder) as unknown as string, {
      encoding: 'latin1',
      bufferSize: 1024,
    });
    return { ...entered, dir, piece: undefined, at: 0 };
  } catch (error) {
    return readProblem(entered.folder, error);
  }
}

/** @returns undefined at its end; a folder that is to be entered; else what was found */
function nextOf(
  listing: Listing,
  isExcluded: (stats: Stats) => boolean,
): LogPath | Entered | SourceProblem | undefined {
  const { folder, relative } = listing;
  for (;;) {
    if (listing.piece === undefined || listing.at >= listing.piece.names.length) {
      if (listing.dir === undefined) return undefined;
      try {
        listing.piece = readPiece(listing.dir, folder);
      } catch (error) {
        close(listing);
        return readProblem(folder, error);
      }
      listing.at = 0;
      if (listing.piece.isLast) close(listing);
      continue;
    }
    const name = listing.piece.names[listing.at++] as LogPath;
    if (!listing.piece.folders.has(name)) return joinLogPath(relative, name);
    const below = { folder: joinLogPath(folder, name), relative: joinLogPath(relative, name) };
    try {
      if (!isExcluded(statSync(pathBytes(below.folder)))) return below;
    } catch (error) {
      return readProblem(below.folder, error);
    }
  }
}

function close(listing: Listing): void {
  const { dir } = listing;
  listing.dir = undefined;
  dir?.closeSync();
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
