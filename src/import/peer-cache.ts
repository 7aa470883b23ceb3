import {
  closeSync,
  type Dirent,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
} from 'node:fs';
import { join } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { logFileName } from '../source/log-name.js';
import { type LogPath, logPath } from '../source/log-path.js';
import { type FernetOpener, isFernet } from './fernet.js';

/** A folder is no cache of the Python tool, or cannot be read. */
export class PeerCacheError extends S3LogExtractionError {
  constructor(path: string, why: string, hint: string) {
    super('IMPORT_UNREADABLE', `Could not import ${path}: ${why}.`, { hint });
  }
}

const PASSWORD_HINT =
  'Set S3_LOG_EXTRACTION_IMPORT_PASSWORD (and S3_LOG_EXTRACTION_SALT, if one was used) to what the Python tool had.';

/** What was asked for of one object: four files, a line for each request. */
export interface PeerObject {
  /** The key as logged: the path of the folder. */
  readonly key: string;
  readonly folder: string;
  readonly hasDownloads: boolean;
  readonly addresses: string;
}

/** Folders of objects below `extraction/`, in order of their names; links are not followed. */
export function* peerObjects(root: string): Generator<PeerObject> {
  const extraction = join(root, 'extraction');
  if (!existsSync(extraction)) {
    throw new PeerCacheError(
      root,
      'it has no folder "extraction"',
      'Name the cache directory of the Python tool.',
    );
  }
  const waiting: string[] = [''];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const folder = join(extraction, path);
    const entries = list(folder);
    const files = new Set(entries.filter((entry) => entry.isFile()).map(({ name }) => name));
    const addresses = ['ips.txt', 'full_ips.txt'].find((name) => files.has(name));
    if (
      path !== '' &&
      files.has('timestamps.txt') &&
      files.has('bytes_sent.txt') &&
      addresses !== undefined
    ) {
      yield { key: path, folder, hasDownloads: files.has('download.txt'), addresses };
    }
    const folders = entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
    for (const name of folders.sort().reverse())
      waiting.push(path === '' ? name : `${path}/${name}`);
  }
}

/** What the Python tool has noted of the log files it has read. */
export interface PeerLedger {
  /** Names, as ours. */
  readonly names: ReadonlySet<string>;
  /** Begun and not ended: some of their records may be there. */
  readonly unfinished: ReadonlySet<string>;
  readonly isDandi: boolean;
}

/** @param logRoot folder of the logs, for records that hold whole paths */
export function readPeerLedger(root: string, logRoot: string | undefined): PeerLedger {
  const folder = join(root, 'records');
  const names = new Set<string>();
  const begun = new Set<string>();
  let isDandi = false;
  for (const { name } of existsSync(folder) ? list(folder) : []) {
    const match = /^(.*)_file-processing-(start|end)\.txt$/.exec(name);
    if (match === null) continue;
    isDandi ||= /dandi/i.test(match[1] as string);
    for (const line of readFileSync(join(folder, name), 'utf8').split('\n')) {
      if (line !== '') (match[2] === 'end' ? names : begun).add(nameOf(line, logRoot));
    }
  }
  for (const name of names) begun.delete(name);
  return { names, unfinished: begun, isDandi };
}

function nameOf(path: string, logRoot: string | undefined): string {
  const prefix = logRoot === undefined ? undefined : `${logRoot.replace(/\/+$/, '')}/`;
  const relative =
    prefix !== undefined && path.startsWith(prefix) ? path.slice(prefix.length) : path;
  return logFileName(logPath(relative) as LogPath);
}

const PIECE_BYTES = 1 << 20;

/** Lines of a file, as bytes of one character each; encrypted ones are opened as a whole. */
export function* peerLines(
  path: string,
  opener: () => FernetOpener | undefined,
): Generator<string> {
  const fd = openSync(path, 'r');
  try {
    const piece = Buffer.alloc(PIECE_BYTES);
    let length = readSync(fd, piece, 0, PIECE_BYTES, 0);
    if (isFernet(piece.subarray(0, length))) {
      yield* linesOf(decrypted(path, opener()).toString('latin1'), '').lines;
      return;
    }
    let rest = '';
    for (let at = 0; length > 0; length = readSync(fd, piece, 0, PIECE_BYTES, at)) {
      at += length;
      const split = linesOf(piece.toString('latin1', 0, length), rest, true);
      yield* split.lines;
      rest = split.rest;
    }
    if (rest.trim() !== '') yield rest.trim();
  } finally {
    closeSync(fd);
  }
}

function decrypted(path: string, opener: FernetOpener | undefined): Buffer {
  if (opener === undefined) throw new PeerCacheError(path, 'it is encrypted', PASSWORD_HINT);
  const content = opener.open(readFileSync(path));
  if (content === undefined) {
    throw new PeerCacheError(
      path,
      'it is encrypted with another password or salt, or damaged',
      PASSWORD_HINT,
    );
  }
  return content;
}

function linesOf(text: string, before: string, isOpen = false): { lines: string[]; rest: string } {
  const lines = (before + text).split('\n');
  const rest = isOpen ? (lines.pop() as string) : '';
  return { lines: lines.map((line) => line.trim()).filter((line) => line !== ''), rest };
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw new PeerCacheError(
      folder,
      systemErrorCode(error) ?? 'it cannot be read',
      'Check the path and that the user this runs as may read it.',
    );
  }
}
