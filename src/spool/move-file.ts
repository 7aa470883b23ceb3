import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  lstatSync,
  mkdirSync,
  openSync,
  readlinkSync,
  renameSync,
  rmSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
} from 'node:fs';
import { open } from 'node:fs/promises';
import { dirname, isAbsolute, relative, resolve } from 'node:path';
import { PRIVATE } from '../../cache/atomic-write.js';
import { systemErrorCode } from '../../cache/error.js';
import { joinLogPath, type LogPath, pathBytes } from '../source/log-path.js';
import { modifiedTime } from '../source/modified-time.js';
import { haveEqualContent } from './equal-content.js';
import { MOVING } from './spool-paths.js';

/** A file as it was when it was read. */
export interface SpoolFile {
  readonly path: LogPath;
  readonly relativePath: LogPath;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
}

/** What stands at a place: nothing, an empty file (a place that a killed watcher had reserved), the same bytes, or something else. */
export type Place = 'free' | 'reserved' | 'same' | 'taken';

/** @throws what the system says of a file that cannot be compared */
export async function lookAtPlace(place: LogPath, file: SpoolFile): Promise<Place> {
  let stats: Stats;
  try {
    stats = lstatSync(pathBytes(place));
  } catch (error) {
    const code = systemErrorCode(error);
    // Above it stands a file where a folder would have to be.
    if (code === 'ENOTDIR') return 'taken';
    if (code === 'ENOENT') return 'free';
    throw error;
  }
  if (stats.isFile() && stats.size === 0) return 'reserved';
  if (stats.isDirectory()) return 'taken';
  try {
    if (statSync(pathBytes(place)).size !== file.sizeBytes) return 'taken';
    return (await haveEqualContent(place, file.path)) ? 'same' : 'taken';
  } catch (error) {
    // A link of the archive that leads nowhere.
    if (stats.isSymbolicLink() && systemErrorCode(error) === 'ENOENT') return 'taken';
    throw error;
  }
}

/**
 * Reserve a place, by an empty file: from then on {@link moveToPlace} overwrites nobody's file.
 *
 * @returns false when something else stands there, or in the place of a folder above it
 */
export function reservePlace(place: LogPath): boolean {
  const bytes = pathBytes(place);
  try {
    mkdirSync(pathBytes(folderOf(place)), { recursive: true, mode: PRIVATE.directory });
    closeSync(openSync(bytes, 'wx', PRIVATE.file));
    return true;
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOTDIR') return false;
    if (code !== 'EEXIST') throw error;
    const stats = lstatSync(bytes, { throwIfNoEntry: false });
    return stats?.isFile() === true && stats.size === 0;
  }
}

/** Give up a place that was reserved; what has come there meanwhile stays. */
export function freePlace(place: LogPath): void {
  const bytes = pathBytes(place);
  const stats = lstatSync(bytes, { throwIfNoEntry: false });
  if (stats?.isFile() === true && stats.size === 0) rmSync(bytes, { force: true });
}

/**
 * How a move ended. `gone` and `changed`: the file is not the one that was read any more, and nothing was moved. `replaced`: in that very
 * moment another one came in its place, was moved, and cannot go back because yet another has come.
 */
export type Moved = 'moved' | 'gone' | 'changed' | 'replaced';

/**
 * Move a file to a place that was reserved. Within one file system that is one `rename`. To another one it is copied, made durable
 * and given its name before the first is removed; killed in between it is in both, with the same bytes.
 *
 * @param folder `archive` or `failed`
 * @throws what the system says
 */
export async function moveToPlace(
  file: SpoolFile,
  folder: LogPath,
  place: LogPath,
): Promise<Moved> {
  const from = pathBytes(file.path);
  const link = lstatSync(from, { throwIfNoEntry: false });
  if (link === undefined) return 'gone';
  if (link.isSymbolicLink()) {
    if (!isUnchanged(file, statSync(from, { throwIfNoEntry: false }))) return 'changed';
    moveLink(file, folder, place);
    return 'moved';
  }
  if (!isUnchanged(file, link)) return 'changed';
  try {
    renameSync(from, pathBytes(place));
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return 'gone';
    if (code !== 'EXDEV') throw error;
    return copyOver(file, folder, place);
  }
  if (isUnchanged(file, lstatSync(pathBytes(place), { throwIfNoEntry: false }))) return 'moved';
  return putBack(place, from) ? 'changed' : 'replaced';
}

/** @returns false when something stands there again */
function putBack(place: LogPath, from: string | Buffer): boolean {
  try {
    closeSync(openSync(from, 'wx', PRIVATE.file));
  } catch (error) {
    if (systemErrorCode(error) === 'EEXIST') return false;
    throw error;
  }
  renameSync(pathBytes(place), from);
  return true;
}

/** Whether what stands at a path is still the file that was read, as far as size and time tell. */
export function isUnchanged(
  { sizeBytes, modifiedMs }: Pick<SpoolFile, 'sizeBytes' | 'modifiedMs'>,
  stats: Stats | undefined,
): boolean {
  return stats?.isFile() === true && stats.size === sizeBytes && modifiedTime(stats) === modifiedMs;
}

export function folderOf(path: LogPath): LogPath {
  return path.slice(0, path.lastIndexOf('/')) as LogPath;
}

/** A link is made anew, so that it leads to the same file from where it stands then. */
function moveLink(file: SpoolFile, folder: LogPath, place: LogPath): void {
  const target = readlinkSync(pathBytes(file.path), 'latin1');
  const leads = isAbsolute(target)
    ? target
    : relative(dirname(place), resolve(dirname(file.path), target));
  const temporary = temporaryIn(folder);
  symlinkSync(pathBytes(leads as LogPath), pathBytes(temporary));
  renameSync(pathBytes(temporary), pathBytes(place));
  unlinkSync(pathBytes(file.path));
}

async function copyOver(file: SpoolFile, folder: LogPath, place: LogPath): Promise<Moved> {
  const temporary = temporaryIn(folder);
  try {
    if (!(await copyWhole(file, temporary))) return 'changed';
    renameSync(pathBytes(temporary), pathBytes(place));
  } catch (error) {
    rmSync(pathBytes(temporary), { force: true });
    throw error;
  }
  syncFolders(folderOf(place), folder);
  if (!isUnchanged(file, statSync(pathBytes(file.path), { throwIfNoEntry: false }))) {
    rmSync(pathBytes(place));
    return 'changed';
  }
  unlinkSync(pathBytes(file.path));
  return 'moved';
}

/** @returns false when it changed meanwhile: then the copy is removed */
async function copyWhole(file: SpoolFile, to: LogPath): Promise<boolean> {
  const source = await open(pathBytes(file.path), 'r');
  try {
    const before = await source.stat();
    const copy = await open(pathBytes(to), 'wx', before.mode & 0o777);
    try {
      const piece = Buffer.allocUnsafe(1 << 20);
      for (;;) {
        const { bytesRead } = await source.read(piece, 0, piece.length, null);
        if (bytesRead === 0) break;
        await copy.writeFile(piece.subarray(0, bytesRead));
      }
      // Half a microsecond more: seconds as a number may come out just below the millisecond.
      await copy.utimes(before.atimeMs / 1000, before.mtimeMs / 1000 + 5e-7);
      await copy.sync();
    } finally {
      await copy.close();
    }
    if (isUnchanged(file, before) && isUnchanged(file, await source.stat())) return true;
    rmSync(pathBytes(to), { force: true });
    return false;
  } finally {
    await source.close();
  }
}

/** A new name for what is on its way to a place below `archive` or `failed`. */
export function temporaryIn(folder: LogPath): LogPath {
  return joinLogPath(folder, `${MOVING}/${randomBytes(6).toString('hex')}` as LogPath);
}

/** From a folder up to one above it: some of them may have been made just now. */
function syncFolders(from: LogPath, upTo: LogPath): void {
  for (let at = from; ; at = folderOf(at)) {
    const fd = openSync(pathBytes(at), 'r');
    try {
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    if (at.length <= upTo.length) return;
  }
}
