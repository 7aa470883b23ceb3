import { lstatSync, type Stats, statSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { systemErrorCode } from '../../cache/error.js';
import { fileSystemTimeMs } from '../../cache/file-system-time.js';
import { listFolder } from '../source/list-folder.js';
import { displayPath, joinLogPath, type LogPath, logPath, pathBytes } from '../source/log-path.js';
import { modifiedTime } from '../source/modified-time.js';
import type { SourceFile } from '../source/walk-folder.js';
import { isSpool, type SpoolPaths } from './spool-paths.js';
import { isTemporaryName } from './temporary-name.js';

/** Files looked at before everything else gets its turn. */
const FILES_PER_TURN = 256;

/**
 * An empty file is removed once it has not changed for this many settle times: who has only begun to write it would lose what comes,
 * while one that is taken too early is merely found changed.
 */
const EMPTY_SETTLES = 10;

/** Folders named at most, for who wants to be told of changes in them. */
const MOST_FOLDERS = 64;

/** What a scan counts, beside the settled files. */
export interface ScanTally {
  /** Files that may still be written to, empty ones among them. */
  waiting: number;
  /** Files with the names of unfinished deliveries. */
  leftAlone: number;
  /** Empty files that were removed. */
  emptied: number;
  /** Folders and files that cannot be looked at. */
  unreadable: number;
  /** When the first of those that wait is settled if nobody touches it, in ms from the scan; undefined: none waits. */
  nextInMs: number | undefined;
  /** Folders in which files were found. */
  readonly folders: Set<string>;
}

export function emptyTally(): ScanTally {
  return {
    waiting: 0,
    leftAlone: 0,
    emptied: 0,
    unreadable: 0,
    nextInMs: undefined,
    folders: new Set(),
  };
}

/** Whether a folder of a spool, or one that it is in, is a spool itself. @param folder below it, one character a byte */
function isInOtherSpool({ root }: SpoolPaths, folder: string): boolean {
  const parts = folder.split('/').filter((part) => part !== '');
  return parts.some((_, i) =>
    isSpool(join(root, Buffer.from(parts.slice(0, i + 1).join('/'), 'latin1').toString('utf8'))),
  );
}

export interface ScanOptions {
  /** How long a file must not have changed. */
  readonly settleMs: number;
  /** The cache, should it be in the spool. */
  readonly cacheRoot: string;
  readonly onWarning: (message: string) => void;
  readonly onNote: (message: string) => void;
}

/**
 * The files of a spool that have stopped growing, in the order of their names; empty ones are removed.
 *
 * A file has settled when its last change of any kind, by the clock of its file system, is `settleMs` ago. That change (ctime) cannot
 * be set, unlike the modification time that rsync and cp keep, so nothing need be remembered from scan to scan, whatever the number of files.
 *
 * @throws {CacheWriteError} nothing can be written in the spool
 */
export async function* scanSpool(
  paths: SpoolPaths,
  options: ScanOptions,
  tally: ScanTally,
): AsyncGenerator<SourceFile, void> {
  const root = logPath(paths.root);
  const isExcluded = excluded([paths.archive, paths.failed, options.cacheRoot]);
  const now = fileSystemTimeMs(paths.own);
  let seen = 0;
  let lastFolder: string | undefined;
  let isOfOther = false;
  for (const found of listFolder(root, isExcluded)) {
    if (++seen % FILES_PER_TURN === 0) await nextTurn();
    if (typeof found !== 'string') {
      tally.unreadable++;
      options.onWarning(`Could not read ${displayPath(found.path)}: ${found.reason}.`);
      continue;
    }
    const base = found.slice(found.lastIndexOf('/') + 1);
    const folder = found.slice(0, Math.max(0, found.lastIndexOf('/')));
    if (folder !== lastFolder) {
      lastFolder = folder;
      isOfOther = isInOtherSpool(paths, folder);
    }
    // What another service has archived is its own, and so is what it is to take.
    if (isOfOther || isTemporaryName(base)) {
      tally.leftAlone++;
      continue;
    }
    const file = look(root, found);
    if (file === undefined) continue;
    if (file instanceof Error) {
      tally.unreadable++;
      options.onWarning(`Could not read ${displayPath(found)}: ${systemErrorCode(file)}.`);
      continue;
    }
    if (tally.folders.size < MOST_FOLDERS) tally.folders.add(found.slice(0, -base.length));
    const needed = options.settleMs * (file.sizeBytes === 0 ? EMPTY_SETTLES : 1);
    const left = needed - (now - file.changedMs);
    if (left > 0) {
      tally.waiting++;
      tally.nextInMs = Math.min(tally.nextInMs ?? left, left);
    } else if (file.sizeBytes === 0) {
      removeEmpty(file, tally, options);
    } else {
      const { path, sizeBytes, modifiedMs } = file;
      yield { kind: 'file', path, relativePath: found, sizeBytes, modifiedMs };
    }
  }
}

interface Found {
  readonly path: LogPath;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly changedMs: number;
}

/** @returns undefined for what is no regular file, nor a link to one, or is gone: a link may wait for its file; an error: what the system says */
function look(root: LogPath, relativePath: LogPath): Found | Error | undefined {
  const path = joinLogPath(root, relativePath);
  const bytes = pathBytes(path);
  try {
    const link = lstatSync(bytes);
    const stats = link.isSymbolicLink() ? statSync(bytes) : link;
    if (!stats.isFile()) return undefined;
    const changedMs = Math.max(lastChange(link), lastChange(stats));
    return { path, sizeBytes: stats.size, modifiedMs: modifiedTime(stats), changedMs };
  } catch (error) {
    return systemErrorCode(error) === 'ENOENT' ? undefined : (error as Error);
  }
}

/** The modification time counts too: some file systems have no other. One in the future says nothing. */
function lastChange({ ctimeMs, mtimeMs }: Stats): number {
  return mtimeMs > ctimeMs && mtimeMs < Date.now() ? mtimeMs : ctimeMs;
}

function removeEmpty(file: Found, tally: ScanTally, { onWarning, onNote }: ScanOptions): void {
  const bytes = pathBytes(file.path);
  try {
    // Once more, right before.
    if (statSync(bytes).size > 0) return;
    unlinkSync(bytes);
    tally.emptied++;
    onNote(`Removed an empty file, ${displayPath(file.path)}.`);
  } catch (error) {
    onWarning(
      `Could not remove the empty file ${displayPath(file.path)}: ${(error as NodeJS.ErrnoException).code}.`,
    );
  }
}

function excluded(folders: readonly string[]): (stats: Stats) => boolean {
  const known = folders.flatMap((folder) => {
    const stats = statSync(folder, { throwIfNoEntry: false });
    return stats === undefined ? [] : [`${stats.dev}:${stats.ino}`];
  });
  return ({ dev, ino }) => known.includes(`${dev}:${ino}`);
}
