import { Readable } from 'node:stream';
import { createGunzip, gunzipSync } from 'node:zlib';
import { S3LogExtractionError } from '../../cache/error.js';
import { UnreadableFileError } from '../source/unreadable-file.js';
import type { LineCutter } from './line-cutter.js';

/** Compressed files up to this size are decompressed in one piece when the content is small too. */
export const SMALL_COMPRESSED_BYTES = 1 << 20;
export const SMALL_CONTENT_BYTES = 32 << 20;

/** A compressed file whose content is too large to be held in memory with that of others. */
export class LargeContentError extends Error {}

/**
 * Called whenever lines were taken, with the stored bytes read since. May write out a full batch; what it returns is
 * waited for where much may come out of few bytes.
 */
export type OnProgress = (storedBytes: number) => void | Promise<void>;

/** The stored bytes of a log, in order. */
export type StoredPieces = Iterable<Buffer> | AsyncIterable<Buffer>;

/** Bytes that the zstd decoder gets at a time: what comes out of them is waited for before more goes in. */
const ZSTD_BYTES = 1 << 16;

/** @returns undefined when the content is not small; else it and how many of the bytes it is stored in */
export function gunzipSmall(stored: Buffer): { bytes: Buffer; storedBytes: number } | undefined {
  try {
    const options = { maxOutputLength: SMALL_CONTENT_BYTES, info: true };
    // With `info` it returns both; the typings do not know.
    const { buffer, engine } = gunzipSync(stored, options) as unknown as {
      buffer: Buffer;
      engine: { bytesWritten: number };
    };
    return { bytes: buffer, storedBytes: engine.bytesWritten };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') return undefined;
    throw error;
  }
}

/**
 * Feed the content of a gzip file.
 *
 * @returns bytes of the content, and how many of the stored bytes the decoder looked at
 * @throws {UnreadableFileError} and other errors of the pieces or of the decoder
 */
export async function feedGunzipped(
  pieces: StoredPieces,
  feeder: LineCutter,
  onProgress: OnProgress,
): Promise<{ contentBytes: number; storedBytes: number }> {
  let contentBytes = 0;
  const source = Readable.from(counted(pieces, onProgress));
  const gunzip = createGunzip({ chunkSize: 1 << 18 });
  source.on('error', (error) => gunzip.destroy(error));
  for await (const piece of source.pipe(gunzip)) {
    contentBytes += (piece as Buffer).length;
    feedPiece(piece as Buffer, feeder);
    await onProgress(0);
  }
  return { contentBytes, storedBytes: gunzip.bytesWritten };
}

async function* counted(
  pieces: StoredPieces,
  onProgress: OnProgress,
): AsyncGenerator<Buffer, void> {
  for await (const piece of pieces) {
    yield piece;
    void onProgress(piece.length);
  }
}

/**
 * Feed the content of a zstd file.
 *
 * @param mayBeLarge whether content of more than {@link SMALL_CONTENT_BYTES} is fed, too
 * @returns bytes of the content
 * @throws {UnreadableFileError} damaged data
 * @throws {LargeContentError}
 */
export async function feedZstd(
  pieces: StoredPieces,
  mayBeLarge: boolean,
  feeder: LineCutter,
  onProgress: OnProgress,
): Promise<number> {
  // The decoder is loaded when there is something for it to do.
  const { ZstdReader } = await import('../source/zstd-reader.js');
  let contentBytes = 0;
  /** What went wrong with the content, not with the decoder. */
  let failure: unknown;
  const reader = new ZstdReader((piece) => {
    contentBytes += piece.length;
    try {
      if (!mayBeLarge && contentBytes > SMALL_CONTENT_BYTES) throw new LargeContentError();
      feedPiece(piece, feeder);
      // What it would have us wait for is waited for below.
      void onProgress(0);
    } catch (error) {
      failure = error;
      throw error;
    }
  });
  try {
    for await (const piece of pieces) {
      for (let at = 0; at < piece.length; at += ZSTD_BYTES) {
        const some = piece.subarray(at, at + ZSTD_BYTES);
        reader.push(some);
        const waits = onProgress(some.length);
        if (waits !== undefined) await waits;
      }
    }
    reader.end();
  } catch (error) {
    // The decoder throws all kinds of errors at damaged data; those of the file or the cache pass.
    const isOther =
      error === failure ||
      error instanceof S3LogExtractionError ||
      error instanceof UnreadableFileError ||
      error instanceof LargeContentError;
    if (isOther || (error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new UnreadableFileError(`damaged zstd data (${(error as Error).message})`);
  }
  return contentBytes;
}

/** Feed bytes of the content that lie elsewhere in memory. */
export function feedPiece(piece: Uint8Array, feeder: LineCutter): void {
  for (let at = 0; at < piece.length; ) {
    const room = feeder.room();
    const count = Math.min(room.length, piece.length - at);
    room.set(piece.subarray(at, at + count));
    feeder.took(count);
    at += count;
  }
}
