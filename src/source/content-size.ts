import { readSync } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { ENCODING, type Encoding } from './encoding.js';

const CHUNK_BYTES = 1 << 18;

/**
 * Whether a stored file has that much content: the cheap answer where the file tells, and counting where it does not.
 *
 * A gzip member ends with its size modulo 2^32 (RFC 1952); where that is another size there may be several
 * members, so only counting can deny it.
 *
 * @param fd an open file of `size` bytes
 * @throws when it is damaged
 */
export async function hasContentSize(
  fd: number,
  size: number,
  encoding: Encoding,
  contentBytes: number,
): Promise<boolean> {
  if (encoding === ENCODING.plain) return size === contentBytes;
  if (encoding === ENCODING.gzip && gzipSaysSize(fd, size) === contentBytes % 2 ** 32) return true;
  return (await countContent(fd, size, encoding)) === contentBytes;
}

function gzipSaysSize(fd: number, size: number): number {
  const last = Buffer.alloc(4);
  readSync(fd, last, 0, 4, Math.max(0, size - 4));
  return last.readUInt32LE(0);
}

async function countContent(fd: number, size: number, encoding: Encoding): Promise<number> {
  let count = 0;
  if (encoding === ENCODING.zstd) {
    // The decoder is loaded when there is something for it to do.
    const { ZstdReader } = await import('./zstd-reader.js');
    const reader = new ZstdReader((piece) => {
      count += piece.length;
    });
    for (const chunk of chunksOf(fd, size)) reader.push(chunk);
    reader.end();
    return count;
  }
  for await (const piece of Readable.from(chunksOf(fd, size)).pipe(createGunzip())) {
    count += (piece as Buffer).length;
  }
  return count;
}

function* chunksOf(fd: number, size: number): Generator<Buffer> {
  for (let position = 0; position < size; ) {
    const chunk = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, size - position));
    const count = readSync(fd, chunk, 0, chunk.length, position);
    if (count === 0) return;
    position += count;
    yield chunk.subarray(0, count);
  }
}
