import { hexValue, PERCENT, PLUS, QUESTION, SLASH, SPACE } from './bytes.js';

/**
 * Whether the request line's target names the object that the key field names: its path is
 * `/key` or `/bucket/key`. The bytes decide in nearly all lines; only lines with encoded names
 * need decoding (the key field is form-encoded twice, the target once).
 */
export function keyMatchesTarget(
  buffer: Uint8Array,
  keyStart: number,
  keyEnd: number,
  bucketStart: number,
  bucketEnd: number,
  targetStart: number,
  targetEnd: number,
): boolean {
  if (buffer[targetStart] === SLASH) {
    const path = targetStart + 1;
    if (pathIs(buffer, path, targetEnd, keyStart, keyEnd)) return true;
    const afterBucket = path + (bucketEnd - bucketStart);
    if (
      buffer[afterBucket] === SLASH &&
      prefixIs(buffer, path, targetEnd, bucketStart, bucketEnd) &&
      pathIs(buffer, afterBucket + 1, targetEnd, keyStart, keyEnd)
    ) {
      return true;
    }
  }
  return decodedMatch(
    buffer,
    keyStart,
    keyEnd,
    buffer.subarray(bucketStart, bucketEnd),
    targetStart,
    targetEnd,
  );
}

/** Whether the bytes at `at` are the given range, followed by the target's end or its query. */
function pathIs(
  buffer: Uint8Array,
  at: number,
  targetEnd: number,
  start: number,
  end: number,
): boolean {
  const after = at + end - start;
  return (
    prefixIs(buffer, at, targetEnd, start, end) &&
    (after === targetEnd || buffer[after] === QUESTION)
  );
}

function prefixIs(
  buffer: Uint8Array,
  at: number,
  targetEnd: number,
  start: number,
  end: number,
): boolean {
  if (targetEnd - at < end - start) return false;
  for (let i = start, j = at; i < end; i++, j++) if (buffer[i] !== buffer[j]) return false;
  return true;
}

function decodedMatch(
  buffer: Uint8Array,
  keyStart: number,
  keyEnd: number,
  bucket: Uint8Array,
  targetStart: number,
  targetEnd: number,
): boolean {
  const logged = buffer.subarray(keyStart, keyEnd);
  const path = decodeOnce(withoutQueryAndAuthority(buffer.subarray(targetStart, targetEnd)), false);
  const once = decodeOnce(logged, true);
  // A store may log a key encoded twice, once (some operations) or not at all.
  for (const key of [decodeOnce(once, true), once, logged]) {
    if (isPathOf(path, bucket, key)) return true;
  }
  return false;
}

function isPathOf(path: Uint8Array, bucket: Uint8Array, key: Uint8Array): boolean {
  const bare = path[0] === SLASH ? path.subarray(1) : path;
  if (equal(bare, key)) return true;
  return (
    bare[bucket.length] === SLASH &&
    equal(bare.subarray(0, bucket.length), bucket) &&
    equal(bare.subarray(bucket.length + 1), key)
  );
}

/** `http://host/path?query` and `/path?query` -> `/path`. */
function withoutQueryAndAuthority(target: Uint8Array): Uint8Array {
  const query = target.indexOf(QUESTION);
  const path = query < 0 ? target : target.subarray(0, query);
  const text = Buffer.from(path.buffer, path.byteOffset, Math.min(path.length, 8)).toString(
    'latin1',
  );
  const scheme = text.startsWith('http://') ? 7 : text.startsWith('https://') ? 8 : 0;
  if (scheme === 0) return path;
  const slash = path.indexOf(SLASH, scheme);
  return slash < 0 ? path.subarray(path.length) : path.subarray(slash);
}

/** Undo one round of percent-encoding; in form-encoding `+` is a space. Bad escapes stay as they are. */
export function decodeOnce(bytes: Uint8Array, form: boolean): Uint8Array {
  const out = new Uint8Array(bytes.length);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const byte = bytes[i];
    if (byte === PERCENT && i + 2 < bytes.length) {
      const high = hexValue(bytes[i + 1]);
      const low = hexValue(bytes[i + 2]);
      if (high >= 0 && low >= 0) {
        out[length++] = high * 16 + low;
        i += 2;
        continue;
      }
    }
    out[length++] = form && byte === PLUS ? SPACE : byte;
  }
  return out.subarray(0, length);
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0;
}
