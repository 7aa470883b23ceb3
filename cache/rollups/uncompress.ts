import { gunzipSync } from 'node:zlib';
import { decompress as unzstd } from 'fzstd';

/** Bytes that may be read past the end of a page. */
export const PADDING = 16;

/**
 * Uncompress a page of Parquet.
 *
 * @param padded where it goes: as long as it is uncompressed, and {@link PADDING} behind it
 * @returns the same
 * @throws RangeError for damaged bytes, or an unknown codec
 */
export function uncompress(codec: string, stored: Uint8Array, padded: Uint8Array): Uint8Array {
  const out = padded.subarray(0, padded.length - PADDING);
  if (codec === 'SNAPPY') unpackSnappy(stored, out);
  else if (codec === 'LZ4_RAW') unpackLz4(stored, out);
  else {
    if (codec !== 'GZIP' && codec !== 'ZSTD' && codec !== 'UNCOMPRESSED') {
      throw new RangeError(`the codec ${codec}`);
    }
    const bytes = codec === 'UNCOMPRESSED' ? stored : unpackAny(codec, stored, out.length);
    if (bytes.length !== out.length) throw damaged();
    out.set(bytes);
  }
  return padded;
}

/** What libraries throw at damaged bytes is of many kinds. @throws RangeError */
function unpackAny(codec: 'GZIP' | 'ZSTD', stored: Uint8Array, size: number): Uint8Array {
  try {
    if (codec === 'ZSTD') return unzstd(stored, new Uint8Array(size));
    return gunzipSync(stored, { maxOutputLength: Math.max(1, size) });
  } catch {
    throw damaged();
  }
}

/** Source: "Snappy compressed format description". */
function unpackSnappy(from: Uint8Array, to: Uint8Array): void {
  let read = 0;
  while (from[read++] >= 128);
  let written = 0;
  while (read < from.length) {
    const tag = from[read++];
    let length = (tag >>> 2) + 1;
    let distance = 0;
    if ((tag & 3) === 0) {
      if (length > 60) {
        const bytes = length - 60;
        length = littleEndian(from, read, bytes) + 1;
        read += bytes;
      }
      if (read + length > from.length || written + length > to.length) throw damaged();
      if (length > 64) to.set(from.subarray(read, read + length), written);
      else for (let i = 0; i < length; i++) to[written + i] = from[read + i];
      read += length;
      written += length;
      continue;
    }
    if ((tag & 3) === 1) {
      length = ((tag >>> 2) & 7) + 4;
      distance = ((tag >>> 5) << 8) | from[read++];
    } else {
      const bytes = (tag & 3) === 2 ? 2 : 4;
      distance = littleEndian(from, read, bytes);
      read += bytes;
    }
    if (distance === 0 || distance > written || written + length > to.length) throw damaged();
    for (const end = written + length; written < end; written++) {
      to[written] = to[written - distance];
    }
  }
  if (written !== to.length) throw damaged();
}

function littleEndian(from: Uint8Array, at: number, bytes: number): number {
  let value = 0;
  for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (from[at + i] ?? 0);
  return value;
}

function damaged(): RangeError {
  return new RangeError('compressed bytes are damaged');
}

/** Source: "LZ4 Block Format Description". */
function unpackLz4(from: Uint8Array, to: Uint8Array): void {
  let read = 0;
  let written = 0;
  const length = (start: number): number => {
    let value = start;
    if (start !== 15) return value;
    for (let byte = 255; byte === 255; value += byte) {
      byte = from[read++];
      if (byte === undefined) throw damaged();
    }
    return value;
  };
  while (read < from.length) {
    const token = from[read++];
    const literals = length(token >> 4);
    if (written + literals > to.length) throw damaged();
    to.set(from.subarray(read, read + literals), written);
    read += literals;
    written += literals;
    if (read >= from.length) return;
    const distance = from[read] | (from[read + 1] << 8);
    read += 2;
    const matched = length(token & 15) + 4;
    if (distance === 0 || distance > written || written + matched > to.length) {
      throw damaged();
    }
    for (let i = 0; i < matched; i++, written++) to[written] = to[written - distance];
  }
}
