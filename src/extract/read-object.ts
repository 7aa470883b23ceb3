import type { BucketAccess } from '../source/bucket/access.js';
import { EdgeCheck } from '../source/bucket/edge-check.js';
import { type ObjectRange, RangeReader } from '../source/bucket/get-range.js';
import { objectRanges, rangeLength } from '../source/bucket/object-ranges.js';
import { ReadAhead } from '../source/bucket/read-ahead.js';
import { CHECKED_WHOLE_BYTES } from '../source/content-check.js';
import { detectEncoding, ENCODING, type Encoding, SIGNATURE_BYTES } from '../source/encoding.js';
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
import {
  type FoundFile,
  type ReadFile,
  requireFinished,
  UnreadableFileError,
  unreadable,
} from './read-log-file.js';

/** Connections of a thread: as many as it has requests under way. */
const CONNECTIONS = 32;

/** What lies beyond the end of a part is read in small pieces: the rest of one line. */
const REST_BYTES = 64 << 10;

/** Reads objects of a bucket as `readLogFile` reads files. One for each thread. */
export class ObjectReader {
  #ranges: RangeReader | undefined;

  /** Feed whole objects one after the other, reading ahead; `each` is given what feeds the next of them. */
  async readAll<F extends FoundFile>(
    files: readonly F[],
    access: BucketAccess,
    each: (file: F, index: number, object: ObjectBytes) => Promise<void>,
  ): Promise<void> {
    const read = this.#readWith(access);
    const ahead = new ReadAhead(rangesOf(files), read);
    for (const [index, file] of files.entries()) {
      const object = new ObjectBytes(file, ahead, read);
      await each(file, index, object);
      await object.skip();
    }
  }

  /** Feed one object, plain or compressed, of any size. @throws {UnreadableFileError} */
  async readWhole(
    file: FoundFile,
    access: BucketAccess,
    feeder: LineCutter,
    onProgress: OnProgress,
  ): Promise<ReadFile> {
    const read = this.#readWith(access);
    const object = new ObjectBytes(file, new ReadAhead(rangesOf([file]), read), read);
    return object.feed(true, feeder, onProgress);
  }

  /**
   * As `readLogFilePart`: the lines of a plain object that begin in a part of it.
   *
   * @param end where that part ends
   * @throws {UnreadableFileError}
   */
  async readPart(
    file: FoundFile,
    from: number,
    end: number,
    access: BucketAccess,
    feeder: LineCutter,
    onProgress: OnProgress,
  ): Promise<ReadFile> {
    const ranges = this.#rangesAt(access);
    const read = (range: ObjectRange): Promise<Buffer> => ranges.read(range, access);
    const { path, etag, sizeBytes } = file;
    const until = Math.min(end, sizeBytes);
    const isFirst = from === 0;
    const take = (bytes: Buffer): void => {
      feedPiece(bytes, feeder);
      void onProgress(bytes.length);
    };
    const ahead = new ReadAhead(objectRanges({ path, etag, start: from, end: until }), read);
    let at = from;
    for (let bytes = await ahead.next(); bytes !== undefined; bytes = await ahead.next()) {
      at += bytes.length;
      if (!feeder.isDone) take(bytes);
      ranges.release(bytes);
    }
    while (at < sizeBytes && !feeder.isDone) {
      const length = Math.min(REST_BYTES, sizeBytes - at);
      take(await read({ path, etag: etag ?? '', start: at, length }));
      at += length;
    }
    if (!feeder.isDone) feeder.finish();
    const value = isFirst ? await edgesOf(file, read) : 0;
    return { encoding: ENCODING.plain, check: value, contentBytes: isFirst ? sizeBytes : 0 };
  }

  /** How an object is stored. @throws {UnreadableFileError} */
  async encodingOf(file: FoundFile, access: BucketAccess): Promise<Encoding> {
    const length = Math.min(SIGNATURE_BYTES, file.sizeBytes);
    if (length === 0) return ENCODING.plain;
    const { path, etag = '' } = file;
    return detectEncoding(await this.#readWith(access)({ path, etag, start: 0, length }));
  }

  /** The content check of an object, of whose bytes only the first and last are read. @throws {UnreadableFileError} */
  checkOf(file: FoundFile, access: BucketAccess): Promise<number> {
    return edgesOf(file, this.#readWith(access));
  }

  close(): void {
    this.#ranges?.close();
    this.#ranges = undefined;
  }

  #readWith(access: BucketAccess): (range: ObjectRange) => Promise<Buffer> {
    const ranges = this.#rangesAt(access);
    return (range) => ranges.read(range, access);
  }

  #rangesAt(access: BucketAccess): RangeReader {
    if (this.#ranges?.origin !== access.origin) this.close();
    this.#ranges ??= new RangeReader(access.origin, CONNECTIONS);
    return this.#ranges;
  }
}

/** The bytes of one object, which come in pieces, in their order. */
export class ObjectBytes {
  #at = 0;
  readonly #check: EdgeCheck;

  constructor(
    private readonly file: FoundFile,
    private readonly ahead: ReadAhead,
    private readonly read: (range: ObjectRange) => Promise<Buffer>,
  ) {
    this.#check = new EdgeCheck(file.sizeBytes);
  }

  /** Feed all of it, as `readLogFile` does. @throws {UnreadableFileError} @throws {LargeContentError} */
  async feed(mayBeLarge: boolean, feeder: LineCutter, onProgress: OnProgress): Promise<ReadFile> {
    try {
      const first = (await this.#next()) ?? Buffer.alloc(0);
      const encoding = detectEncoding(first);
      requireFinished(this.file);
      const contentBytes =
        encoding === ENCODING.plain
          ? await this.#feedPlain(first, feeder, onProgress)
          : encoding === ENCODING.gzip
            ? await this.#feedGzip(first, mayBeLarge, feeder, onProgress)
            : await feedZstd(this.#pieces(first), mayBeLarge, feeder, onProgress);
      feeder.finish();
      return { encoding, check: this.#check.value, contentBytes };
    } catch (error) {
      throw unreadable(error);
    }
  }

  /** Let go of what was not taken, so that the next object can be read. */
  async skip(): Promise<void> {
    while (this.#at < this.file.sizeBytes) {
      try {
        await this.#next();
      } catch (error) {
        if (!(error instanceof UnreadableFileError)) throw error;
      }
    }
  }

  async #next(): Promise<Buffer | undefined> {
    if (this.#at >= this.file.sizeBytes) return undefined;
    // Also of a range that failed: the one after it comes next.
    this.#at += rangeLength(this.#at, this.file.sizeBytes);
    const bytes = await this.ahead.next();
    if (bytes === undefined) throw new UnreadableFileError('it was not read');
    this.#check.add(bytes);
    return bytes;
  }

  async *#pieces(first: Buffer): AsyncGenerator<Buffer, void> {
    for (let piece: Buffer | undefined = first; piece !== undefined; piece = await this.#next()) {
      yield piece;
    }
  }

  async #feedPlain(first: Buffer, feeder: LineCutter, onProgress: OnProgress): Promise<number> {
    for (let piece: Buffer | undefined = first; piece !== undefined; piece = await this.#next()) {
      feedPiece(piece, feeder);
      await onProgress(piece.length);
    }
    return this.file.sizeBytes;
  }

  async #feedGzip(
    first: Buffer,
    mayBeLarge: boolean,
    feeder: LineCutter,
    onProgress: OnProgress,
  ): Promise<number> {
    const { sizeBytes } = this.file;
    const small = sizeBytes <= SMALL_COMPRESSED_BYTES ? gunzipSmall(first) : undefined;
    if (small !== undefined) {
      await this.#requirePadding(small.storedBytes);
      feedPiece(small.bytes, feeder);
      await onProgress(sizeBytes);
      return small.bytes.length;
    }
    if (!mayBeLarge) throw new LargeContentError();
    const pieces = this.#pieces(first);
    const { contentBytes, storedBytes } = await feedGunzipped(pieces, feeder, onProgress);
    await this.skip();
    await this.#requirePadding(storedBytes);
    return contentBytes;
  }

  /** The decoder takes a zero byte after a member for padding and looks no further. */
  async #requirePadding(from: number): Promise<void> {
    const { path, etag, sizeBytes } = this.file;
    for (const range of objectRanges({ path, etag, start: from, end: sizeBytes })) {
      if ((await this.read(range)).some((byte) => byte !== 0)) {
        throw new UnreadableFileError('damaged gzip data (more data after zero bytes)');
      }
    }
  }
}

function* rangesOf(files: readonly FoundFile[]): Generator<ObjectRange> {
  for (const { path, etag, sizeBytes } of files) {
    yield* objectRanges({ path, etag, start: 0, end: sizeBytes });
  }
}

async function edgesOf(
  { path, etag = '', sizeBytes }: FoundFile,
  read: (range: ObjectRange) => Promise<Buffer>,
): Promise<number> {
  if (sizeBytes === 0) return 0;
  const check = new EdgeCheck(sizeBytes);
  if (sizeBytes <= CHECKED_WHOLE_BYTES) {
    check.add(await read({ path, etag, start: 0, length: sizeBytes }));
    return check.value;
  }
  const edge = CHECKED_WHOLE_BYTES / 2;
  check.add(await read({ path, etag, start: 0, length: edge }));
  return check.withTail(await read({ path, etag, start: sizeBytes - edge, length: edge }));
}
