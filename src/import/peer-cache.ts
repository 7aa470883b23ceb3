import {
  closeSync,
  type Dirent,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
} from 'node:fs';
import { join } from 'node:path';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { type FernetOpener, isFernet } from './fernet.js';

/** A folder is no cache of the Python tool, or cannot be read. */
export class PeerCacheError extends S3LogExtractionError {
  constructor(path: string, why: string, hint: string) {
    super('IMPORT_UNREADABLE', `Could not import ${path}: ${why}.`, { hint });
  }
}

const DAMAGED_HINT =
  'The Python tool has not written it so: restore it from a backup of that cache, or move it away, and import again.';

/** A file goes on without the end of a line. */
export class LongLineError extends PeerCacheError {
  constructor(path: string) {
    super(path, 'a line of it is longer than any can be', DAMAGED_HINT);
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
      existsSync(root) ? 'it has no folder "extraction"' : 'there is no such folder',
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

/** Whether a file of an object is encrypted, as far as its beginning tells. @throws what the system says */
export function isEncrypted(path: string): boolean {
  const fd = openSync(path, 'r');
  try {
    const head = Buffer.alloc(5);
    return isFernet(head.subarray(0, readSync(fd, head, 0, head.length, 0)));
  } finally {
    closeSync(fd);
  }
}

const PIECE_BYTES = 1 << 20;
/** Names of log files are the longest there are. */
const LONGEST_LINE = 1 << 16;
/** Of files that are opened as a whole. */
const MOST_WHOLE_BYTES = 2 ** 31 - 1;

/** Lines of a file, as bytes of one character each; encrypted ones are opened as a whole. */
export function* peerLines(
  path: string,
  opener: () => FernetOpener | undefined = () => undefined,
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
      if (rest.length > LONGEST_LINE) {
        throw new LongLineError(path);
      }
    }
    if (rest.trim() !== '') yield rest.trim();
  } finally {
    closeSync(fd);
  }
}

/** @throws {PeerCacheError} */
export function decrypted(path: string, opener: FernetOpener | undefined): Buffer {
  if (opener === undefined) throw new PeerCacheError(path, 'it is encrypted', PASSWORD_HINT);
  const content = opener.open(readWhole(path));
  if (content === undefined) {
    throw new PeerCacheError(
      path,
      'it is encrypted with another password or salt, or damaged',
      PASSWORD_HINT,
    );
  }
  return content;
}

/** All bytes of a file that is not too large for that. @throws {PeerCacheError} */
export function readWhole(path: string): Buffer {
  if (statSync(path).size > MOST_WHOLE_BYTES) {
    throw new PeerCacheError(path, 'it is larger than 2 GiB', DAMAGED_HINT);
  }
  return readFileSync(path);
}

function linesOf(text: string, before: string, isOpen = false): { lines: string[]; rest: string } {
  const lines = (before + text).split('\n');
  const rest = isOpen ? (lines.pop() as string) : '';
  return { lines: lines.map((line) => line.trim()).filter((line) => line !== ''), rest };
}

/** @throws {PeerCacheError} */
export function list(folder: string): Dirent[] {
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
