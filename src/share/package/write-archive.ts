import { createHash } from 'node:crypto';
import { closeSync, createReadStream, fchmodSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGzip } from 'node:zlib';
import { type Pack, pack } from 'tar-stream';
import { CacheWriteError, PRIVATE } from '../../../cache/atomic-write.js';
import { S3LogExtractionError } from '../../../cache/error.js';
import { DamagedCacheError, openOwnFile } from '../../../cache/own-file.js';
import { AddressScan } from './address-scan.js';

/** A file on its way into an archive: text, or a file with the bytes that it had when it was written. */
export type ArchiveEntry = TextEntry | FileEntry;

interface TextEntry {
  readonly name: string;
  readonly text: string;
}

interface FileEntry {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What was written. */
export interface WrittenArchive {
  readonly uncompressedBytes: number;
  /** Of the archive before it was compressed, which is the same whatever compresses it. */
  readonly contentSha256: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** Ends streams whose content is of no use any more. */
const STOPPED = new Error('stopped');

const PIECE_BYTES = 1 << 18;
const FILE_MODE = 0o644;

/**
 * Write files as a `.tar.gz`, durably, in bounded memory. Its bytes depend on names, contents and time alone: no owner, no
 * time of compression. All that goes in is searched for addresses, and compared with what was gathered.
 *
 * @param path of a new file
 * @param modifiedAt of all files in it
 * @throws {AddressInPackageError} @throws {DamagedCacheError} @throws {CacheWriteError}
 */
export async function writeArchive(
  path: string,
  entries: readonly ArchiveEntry[],
  modifiedAt: Date,
): Promise<WrittenArchive> {
  const content = createHash('sha256');
  const packed = createHash('sha256');
  let uncompressedBytes = 0;
  let sizeBytes = 0;
  const archive = pack();
  let failure: unknown;
  const filling = fill(archive, entries, modifiedAt).catch((error: unknown) => {
    failure = error;
    archive.destroy(STOPPED);
  });
  async function* archiveBytes(): AsyncGenerator<Buffer, void> {
    for await (const piece of archive as AsyncIterable<Buffer>) {
      content.update(piece);
      uncompressedBytes += piece.length;
      yield piece;
    }
  }
  const gzip = createGzip({ level: 6 });
  const source = Readable.from(archiveBytes(), { objectMode: false, highWaterMark: PIECE_BYTES });
  // What went wrong is told by `failure`, or by reading from the last of them; nobody else listens.
  for (const stream of [archive, source, gzip]) stream.on('error', () => gzip.destroy(STOPPED));
  source.pipe(gzip);
  const fd = attempt(path, () => openSync(path, 'wx', PRIVATE.file));
  try {
    fchmodSync(fd, PRIVATE.file);
    for await (const piece of gzip as AsyncIterable<Buffer>) {
      if (sizeBytes === 0) setUnknownSystem(piece);
      packed.update(piece);
      sizeBytes += piece.length;
      attempt(path, () => {
        for (let done = 0; done < piece.length; ) done += writeSync(fd, piece, done);
      });
    }
    await filling;
    if (failure !== undefined) throw failure;
    attempt(path, () => fsyncSync(fd));
  } catch (error) {
    throw failure ?? error;
  } finally {
    closeSync(fd);
    archive.destroy();
    source.destroy();
    gzip.destroy();
  }
  const [contentSha256, sha256] = [content.digest('hex'), packed.digest('hex')];
  return { uncompressedBytes, contentSha256, sizeBytes, sha256 };
}

/** The tenth byte of gzip names the system that it was made on; 255: unknown. zlib leaves the time out itself. */
function setUnknownSystem(first: Buffer): void {
  first[9] = 255;
}

async function fill(archive: Pack, entries: readonly ArchiveEntry[], mtime: Date): Promise<void> {
  for (const entry of entries) {
    const scan = new AddressScan(entry.name);
    const size = 'text' in entry ? Buffer.byteLength(entry.text) : entry.sizeBytes;
    const header = { name: entry.name, size, mode: FILE_MODE, mtime, uid: 0, gid: 0 };
    await new Promise<void>((resolve, reject) => {
      const sink = archive.entry(header, (error) => (error ? reject(error) : resolve()));
      sink.on('error', reject);
      pour(sink, 'text' in entry ? [Buffer.from(entry.text)] : ownBytes(entry), scan).catch(reject);
    });
  }
  archive.finalize();
}

async function pour(
  sink: NodeJS.WritableStream,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
  scan: AddressScan,
): Promise<void> {
  for await (const piece of pieces) {
    scan.add(piece);
    if (!sink.write(piece)) await new Promise<void>((resolve) => sink.once('drain', resolve));
  }
  scan.end();
  sink.end();
}

/** Bytes of a file, if they are still those that were gathered. */
async function* ownBytes(entry: FileEntry): AsyncGenerator<Buffer, void> {
  const hash = createHash('sha256');
  let bytes = 0;
  const stream = createReadStream(entry.path, {
    fd: openOwnFile(entry.path),
    highWaterMark: PIECE_BYTES,
  });
  for await (const piece of stream as AsyncIterable<Buffer>) {
    hash.update(piece);
    bytes += piece.length;
    if (bytes > entry.sizeBytes) break;
    yield piece;
  }
  if (bytes !== entry.sizeBytes || hash.digest('hex') !== entry.sha256) {
    throw new DamagedCacheError(entry.path, 'it changed since it was gathered');
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(path, error);
  }
}
