import { closeSync, constants, fstatSync, openSync, readSync, type Stats } from 'node:fs';
import { crc32 } from 'node:zlib';
import { CHECKED_WHOLE_BYTES, contentCheck } from '../source/content-check.js';
import { detectEncoding, ENCODING, type Encoding, SIGNATURE_BYTES } from '../source/encoding.js';
import { COMPRESSION_SUFFIX } from '../source/log-name.js';
import { type LogPath, pathBytes } from '../source/log-path.js';
import { modifiedTime } from '../source/modified-time.js';
import { UnreadableFileError } from '../source/unreadable-file.js';
import {
  feedGunzipped,
  feedPiece,
  feedZstd,
  gunzipSmall,
  LargeContentError,
  type OnProgress,
  SMALL_COMPRESSED_BYTES,
} from './feed-compressed.js';
import type { LineCutter } from './line-cutter.js';

export { UnreadableFileError } from '../source/unreadable-file.js';
export { LargeContentError, type OnProgress, SMALL_CONTENT_BYTES } from './feed-compressed.js';

/** A log file as it was found when the run was planned. */
export interface FoundFile {
  readonly path: LogPath;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  /** Of an object in a bucket: what its content is known by there. */
  readonly etag?: string | undefined;
}

/** What reading shows of a file, besides its lines. */
export interface ReadFile {
  readonly encoding: Encoding;
  readonly check: number;
  readonly contentBytes: number;
}

/**
 * Feed a whole log file, plain or compressed.
 *
 * @param mayBeLarge whether content of any size is welcome, because `onProgress` sees to memory
 * @throws {UnreadableFileError}
 * @throws {LargeContentError} unless `mayBeLarge`
 */
export async function readLogFile(
  file: FoundFile,
  mayBeLarge: boolean,
  feeder: LineCutter,
  onProgress: OnProgress,
): Promise<ReadFile> {
  return open(file, async (fd) => {
    const encoding = detectEncoding(
      readWhole(fd, Math.min(file.sizeBytes, SIGNATURE_BYTES), Buffer.alloc(SIGNATURE_BYTES)),
    );
    requireFinished(file);
    const check = contentCheck(fd, file.sizeBytes);
    const contentBytes =
      encoding === ENCODING.plain
        ? feedPlain(fd, 0, file.sizeBytes, feeder, onProgress)
        : encoding === ENCODING.gzip
          ? await feedGzip(fd, file, mayBeLarge, feeder, onProgress)
          : await feedZstd(chunksOf(fd, file.sizeBytes, 1 << 16), mayBeLarge, feeder, onProgress);
    feeder.finish();
    return { encoding, check, contentBytes };
  });
}

/**
 * Feed a small plain file in one go: most files of most archives are that. It is read once, to where its
 * lines are taken from, and nothing is waited for.
 *
 * @returns undefined when it is neither small nor plain: nothing was fed, use {@link readLogFile}
 * @throws {UnreadableFileError}
 */
export function readSmallFile(
  file: FoundFile,
  feeder: LineCutter,
  onProgress: OnProgress,
): ReadFile | undefined {
  if (file.sizeBytes > CHECKED_WHOLE_BYTES) return undefined;
  const fd = openFile(file);
  try {
    const bytes = readWhole(fd, file.sizeBytes, feeder.room());
    if (detectEncoding(bytes) !== ENCODING.plain) return undefined;
    requireFinished(file);
    const check = crc32(bytes);
    feeder.took(bytes.length);
    onProgress(bytes.length);
    feeder.finish();
    // Once is enough, after reading: it is still what it was when it was planned.
    requireUnchanged(file, fstatSync(fd));
    return { encoding: ENCODING.plain, check, contentBytes: bytes.length };
  } catch (error) {
    // A change says more than what came of it.
    if (!(error instanceof UnreadableFileError)) requireUnchanged(file, fstatSync(fd));
    throw unreadable(error);
  } finally {
    closeSync(fd);
  }
}

/**
 * Feed the lines of a plain file that begin from `start` up to `end`; the feeder was begun with
 * the same bounds and gave `from`. What is told of the file as a whole comes with its first part.
 *
 * @throws {UnreadableFileError}
 */
export async function readLogFilePart(
  file: FoundFile,
  from: number,
  feeder: LineCutter,
  onProgress: OnProgress,
): Promise<ReadFile> {
  return open(file, async (fd) => {
    feedPlain(fd, from, file.sizeBytes, feeder, onProgress);
    if (!feeder.isDone) feeder.finish();
    const isFirst = from === 0;
    return {
      encoding: ENCODING.plain,
      check: isFirst ? contentCheck(fd, file.sizeBytes) : 0,
      contentBytes: isFirst ? file.sizeBytes : 0,
    };
  });
}

/** See to it that the file is the one found, before and after. */
async function open<T>(file: FoundFile, read: (fd: number) => Promise<T>): Promise<T> {
  const fd = openFile(file);
  try {
    requireUnchanged(file, fstatSync(fd));
    const result = await read(fd);
    requireUnchanged(file, fstatSync(fd));
    return result;
  } catch (error) {
    throw unreadable(error);
  } finally {
    closeSync(fd);
  }
}

/** Open without waiting; a named pipe would. */
function openFile(file: FoundFile): number {
  try {
    return openSync(pathBytes(file.path), constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    throw unreadable(error);
  }
}

function requireUnchanged(file: FoundFile, stats: Stats): void {
  if (!stats.isFile()) throw new UnreadableFileError('it is no longer a regular file');
  if (stats.size !== file.sizeBytes || modifiedTime(stats) !== file.modifiedMs) {
    throw new UnreadableFileError('it changed while it was being read');
  }
}

/** @returns the number of bytes read */
function feedPlain(
  fd: number,
  from: number,
  size: number,
  feeder: LineCutter,
  onProgress: OnProgress,
): number {
  let position = from;
  while (position < size && !feeder.isDone) {
    const room = feeder.room();
    const count = readSync(fd, room, 0, Math.min(room.length, size - position), position);
    if (count === 0) throw new UnreadableFileError('it became shorter while it was being read');
    position += count;
    feeder.took(count);
    onProgress(count);
  }
  return position - from;
}

async function feedGzip(
  fd: number,
  file: FoundFile,
  mayBeLarge: boolean,
  feeder: LineCutter,
  onProgress: OnProgress,
): Promise<number> {
  if (file.sizeBytes <= SMALL_COMPRESSED_BYTES) {
    const content = gunzipSmall(readWhole(fd, file.sizeBytes, Buffer.allocUnsafe(file.sizeBytes)));
    if (content !== undefined) {
      requirePadding(fd, content.storedBytes, file.sizeBytes);
      feedPiece(content.bytes, feeder);
      await onProgress(file.sizeBytes);
      return content.bytes.length;
    }
  }
  if (!mayBeLarge) throw new LargeContentError();
  // Read by hand: a file stream could still be reading when an error has closed the file.
  const pieces = chunksOf(fd, file.sizeBytes, 1 << 18);
  const { contentBytes, storedBytes } = await feedGunzipped(pieces, feeder, onProgress);
  requirePadding(fd, storedBytes, file.sizeBytes);
  return contentBytes;
}

/** The decoder takes a zero byte after a member for padding and looks no further. */
function requirePadding(fd: number, from: number, size: number): void {
  for (const chunk of chunksOf(fd, size, 1 << 16, from)) {
    if (chunk.some((byte) => byte !== 0)) {
      throw new UnreadableFileError('damaged gzip data (more data after zero bytes)');
    }
  }
}

function* chunksOf(fd: number, size: number, chunkSize: number, from = 0): Generator<Buffer> {
  for (let position = from; position < size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(chunkSize, size - position));
    const count = readSync(fd, chunk, 0, chunk.length, position);
    if (count === 0) throw new UnreadableFileError('it became shorter while it was being read');
    position += count;
    yield chunk.subarray(0, count);
  }
}

/** Read the first `size` bytes of the file into a buffer. @returns those bytes */
function readWhole(fd: number, size: number, into: Buffer): Buffer {
  for (let done = 0; done < size; ) {
    const count = readSync(fd, into, done, size - done, done);
    if (count === 0) throw new UnreadableFileError('it became shorter while it was being read');
    done += count;
  }
  return into.subarray(0, size);
}

/** A compressed file that has just been begun must not count as an empty log for ever. */
export function requireFinished(file: FoundFile): void {
  if (file.sizeBytes < SIGNATURE_BYTES && COMPRESSION_SUFFIX.test(file.path)) {
    throw new UnreadableFileError('it is named as compressed but has no content yet');
  }
}

/** Keep only what is known to be harmless: system codes and the decoder's own words. */
export function unreadable(error: unknown): Error {
  const { code, syscall, message } = error as NodeJS.ErrnoException;
  if (code !== undefined && syscall !== undefined) return new UnreadableFileError(code);
  if (typeof code === 'string' && code.startsWith('Z_')) {
    return new UnreadableFileError(`damaged gzip data (${message})`);
  }
  return error as Error;
}
