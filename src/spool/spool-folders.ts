import { lstatSync, renameSync, rmSync, statSync, unlinkSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { readGivenFile } from '../../cache/given-file.js';
import { displayPath, joinLogPath, type LogPath, logPath, pathBytes } from '../source/log-path.js';
import { modifiedTime } from '../source/modified-time.js';
import type { Excerpt } from './excerpts.js';
import {
  freePlace,
  isUnchanged,
  lookAtPlace,
  type Moved,
  moveToPlace,
  reservePlace,
  type SpoolFile,
  temporaryIn,
} from './move-file.js';
import type { SpoolPaths } from './spool-paths.js';
import { textName } from './text-name.js';
import { writeWhole } from './write-whole.js';

/** Why a file is in `failed/`. Stable: programs read it. */
export const FAILURES = {
  NOT_A_LOG: 'none of its lines is one of an access log',
  UNREADABLE: 'its content cannot be read',
  NO_PERMISSION: 'the user of the service may not read it',
  CHANGED: 'it was extracted before, with other content',
  NAME_TAKEN: 'another file of this name is in the archive',
} as const;

export type FailureCode = keyof typeof FAILURES;

/** What the reason file of a file in `failed/` says, besides `version`. */
export interface Failure {
  readonly code: FailureCode;
  readonly reason: string;
  /** Of its first rejected lines, where they were asked for. */
  readonly excerpts?: readonly Excerpt[] | undefined;
}

/** What became of a file that was to be put somewhere. `repeated`: its very bytes are there already, and it was removed. */
export type Put =
  | { readonly kind: 'moved' | 'repeated'; readonly place: LogPath }
  | { readonly kind: Exclude<Moved, 'moved'> };

/** So many files of one name and different content are no accident any more. */
const MOST_NAMES = 1000;

/** No place was found for a file. */
export class SpoolFullError extends S3LogExtractionError {
  constructor(path: string, folder: string) {
    super(
      'SPOOL_NAMES_USED_UP',
      `Could not move ${path}: ${folder} has ${MOST_NAMES} files of that name.`,
      { hint: 'Give each delivery a name of its own, and clear that folder.' },
    );
  }
}

export const REASON_SUFFIX = '.reason.json';

/** Whether the archive has a place for a file: free, or taken by the same bytes. */
export async function hasPlaceInArchive(paths: SpoolPaths, file: SpoolFile): Promise<boolean> {
  const place = joinLogPath(logPath(paths.archive), file.relativePath);
  return (await lookAtPlace(place, file)) !== 'taken';
}

/**
 * Put a file that the cache holds into `archive/`, overwriting nothing.
 *
 * @throws {SpoolFullError} and what the system says
 */
export async function putIntoArchive(paths: SpoolPaths, file: SpoolFile): Promise<Put> {
  const folder = logPath(paths.archive);
  for (const place of places(folder, file)) {
    const state = await lookAtPlace(place, file);
    if (state === 'same') return dropRepeated(file, place);
    if (state === 'taken' || !reservePlace(place)) continue;
    const kind = await moveOrFree(file, folder, place);
    if (kind === 'moved') return { kind, place };
    // It was not read, so it has no place in the archive.
    if (kind === 'replaced') await moveOn(paths, file, place);
    return { kind };
  }
  throw new SpoolFullError(displayPath(file.path), paths.archive);
}

/**
 * Put a file that the cache does not hold into `failed/`, overwriting nothing, with its reason beside it; the reason comes first.
 *
 * @throws {SpoolFullError} and what the system says
 */
export async function putIntoFailed(
  paths: SpoolPaths,
  file: SpoolFile,
  failure: Failure,
): Promise<Put> {
  const folder = logPath(paths.failed);
  // Reasons have names of text, so the files beside them have, too.
  const named = { ...file, relativePath: logPath(textName(file.relativePath)) };
  for (const place of places(folder, named)) {
    const state = await looksLike(place, file);
    if (state === 'same') return dropRepeated(file, place);
    if (state === 'taken' || !reservePlace(place)) continue;
    if (!reasonBeside(folder, place, file, failure)) continue;
    const kind = await moveOrFree(file, folder, place, reasonOf(place));
    return kind === 'moved' || kind === 'replaced' ? { kind: 'moved', place } : { kind };
  }
  throw new SpoolFullError(displayPath(file.path), paths.failed);
}

/** @returns false when its name is taken: then the place is given up */
function reasonBeside(...[folder, place, ...rest]: Parameters<typeof writeReason>): boolean {
  let isWritten = false;
  try {
    isWritten = writeReason(folder, place, ...rest);
    return isWritten;
  } finally {
    if (!isWritten) freePlace(place);
  }
}

/** `failed/a/x`, then `failed/again-1/a/x` and so on: base names stay, for some of them say what a log file is known by. */
function* places(folder: LogPath, { relativePath }: SpoolFile): Generator<LogPath> {
  yield joinLogPath(folder, relativePath);
  for (let n = 1; n < MOST_NAMES; n++) {
    yield joinLogPath(folder, `again-${n}/${relativePath}` as LogPath);
  }
}

/** Files that we may not read cannot be compared; what the system refuses for another reason it may allow in the next round. */
async function looksLike(place: LogPath, file: SpoolFile) {
  try {
    return await lookAtPlace(place, file);
  } catch (error) {
    if (['EACCES', 'EPERM'].includes(systemErrorCode(error) ?? '')) return 'taken';
    throw error;
  }
}

/** @param reason the file beside the place that tells of this one; what is not moved leaves none behind */
async function moveOrFree(
  file: SpoolFile,
  folder: LogPath,
  place: LogPath,
  reason?: LogPath,
): Promise<Moved> {
  let moved: Moved | undefined;
  try {
    moved = await moveToPlace(file, folder, place);
    return moved;
  } finally {
    if (moved !== 'moved' && moved !== 'replaced') {
      if (reason !== undefined) rmSync(pathBytes(reason), { force: true });
      freePlace(place);
    }
  }
}

function dropRepeated(file: SpoolFile, place: LogPath): Put {
  if (!isUnchanged(file, statSync(pathBytes(file.path), { throwIfNoEntry: false }))) {
    return { kind: 'changed' };
  }
  unlinkSync(pathBytes(file.path));
  return { kind: 'repeated', place };
}

async function moveOn(
  paths: SpoolPaths,
  { relativePath }: SpoolFile,
  place: LogPath,
): Promise<void> {
  const stats = lstatSync(pathBytes(place));
  const file = {
    path: place,
    relativePath,
    sizeBytes: stats.size,
    modifiedMs: modifiedTime(stats),
  };
  await putIntoFailed(paths, file, { code: 'CHANGED', reason: FAILURES.CHANGED });
}

function reasonOf(place: LogPath): LogPath {
  return `${place}${REASON_SUFFIX}` as LogPath;
}

/**
 * Reserved and replaced as files are, so that nothing is overwritten, and a kill leaves no half of it.
 *
 * @returns false when the name of the reason file is taken by a file of somebody's
 */
function writeReason(folder: LogPath, place: LogPath, file: SpoolFile, failure: Failure): boolean {
  const path = reasonOf(place);
  const { excerpts, ...why } = failure;
  const reason = {
    version: 1,
    file: displayPath(file.relativePath),
    ...why,
    sizeBytes: file.sizeBytes,
    failedAt: new Date().toISOString(),
    ...(excerpts === undefined ? {} : { excerpts }),
  };
  // Taken: perhaps by that of a move that did not come to its end, for no file of this name is there.
  if (!reservePlace(path) && !isReasonOf(path, reason.file)) return false;
  const temporary = temporaryIn(folder);
  try {
    writeWhole(pathBytes(temporary), `${JSON.stringify(reason, null, 2)}\n`);
    renameSync(pathBytes(temporary), pathBytes(path));
  } catch (error) {
    rmSync(pathBytes(temporary), { force: true });
    freePlace(path);
    throw error;
  }
  return true;
}

/** What deliverers put there may be a pipe, or of any size. */
const MOST_REASON_BYTES = 1 << 20;

function isReasonOf(path: LogPath, file: string): boolean {
  try {
    const value = JSON.parse(
      readGivenFile(pathBytes(path), MOST_REASON_BYTES).toString('utf8'),
    ) as {
      version?: unknown;
      file?: unknown;
    };
    return isDeepStrictEqual([value.version, value.file], [1, file]);
  } catch {
    return false;
  }
}
