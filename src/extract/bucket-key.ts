import { DASH, PERCENT, QUOTE, SLASH } from './bytes.js';

/**
 * Put the bucket before the key, in place of what stands there in the line: `<bucket>/<key>` is the key of a record in `buckets` mode. There is room, since
 * the bucket stands further ahead itself, and nobody needs the line any more. What cannot be a bucket, as it may be with `-`, is `-`: a
 * slash in it could not be told from one in a key, and a key is text.
 *
 * @param bytes a line with a bucket from `bucketStart` up to `bucketEnd`, and behind it a key from `keyStart` on
 * @returns where the key begins now
 */
export function prependBucket(
  bytes: Uint8Array,
  bucketStart: number,
  bucketEnd: number,
  keyStart: number,
): number {
  bytes[keyStart - 1] = SLASH;
  if (!isBucket(bytes, bucketStart, bucketEnd)) {
    bytes[keyStart - 2] = DASH;
    return keyStart - 2;
  }
  const start = keyStart - 1 - (bucketEnd - bucketStart);
  bytes.copyWithin(start, bucketStart, bucketEnd);
  return start;
}

/** Visible ASCII, without what ends a bucket, a field or an escape. */
function isBucket(bytes: Uint8Array, start: number, end: number): boolean {
  for (let i = start; i < end; i++) {
    const byte = bytes[i];
    if (byte <= 0x20 || byte >= 0x7f || byte === SLASH || byte === QUOTE || byte === PERCENT) {
      return false;
    }
  }
  return true;
}
