import { HEX_DIGIT, isIn, PERCENT, QUESTION, SLASH, SPACE, sameBytes } from './bytes';
import { reserve } from './memory';

/** Longer keys and targets are for the careful parser. */
const MOST_BYTES: usize = 8192;

/** A target's path decoded once, a key decoded once and twice. */
let path: usize = 0;
let once: usize = 0;
let twice: usize = 0;

export function reserveDecoded(): void {
  path = reserve(MOST_BYTES);
  once = reserve(MOST_BYTES);
  twice = reserve(MOST_BYTES);
}

/** Whether a target is `/key` or `/bucket/key`, up to its query, as the bytes are. */
export function isPath(
  target: usize,
  targetEnd: usize,
  bucket: usize,
  bucketLength: usize,
  key: usize,
  keyLength: usize,
): bool {
  if (load<u8>(target) !== SLASH) return false;
  if (isKey(target + 1, targetEnd, key, keyLength)) return true;
  const afterBucket = target + 1 + bucketLength;
  return (
    afterBucket < targetEnd &&
    load<u8>(afterBucket) === SLASH &&
    sameBytes(target + 1, bucket, bucketLength) &&
    isKey(afterBucket + 1, targetEnd, key, keyLength)
  );
}

/**
 * The same with encodings undone: the target is encoded once, the key twice, once or not at all. What
 * this does not find, the careful parser may.
 */
export function isPathDecoded(
  target: usize,
  targetEnd: usize,
  bucket: usize,
  bucketLength: usize,
  key: usize,
  keyLength: usize,
): bool {
  if (load<u8>(target) !== SLASH) return false;
  if (targetEnd - target > MOST_BYTES || keyLength > MOST_BYTES) return false;
  let pathEnd = target;
  while (pathEnd < targetEnd && load<u8>(pathEnd) !== QUESTION) pathEnd++;
  const pathLength = decode(target, pathEnd, path, false);
  const onceLength = decode(key, key + keyLength, once, true);
  const twiceLength = decode(once, once + onceLength, twice, true);
  return (
    namesKey(pathLength, bucket, bucketLength, twice, twiceLength) ||
    namesKey(pathLength, bucket, bucketLength, once, onceLength) ||
    namesKey(pathLength, bucket, bucketLength, key, keyLength)
  );
}

function isKey(at: usize, targetEnd: usize, key: usize, keyLength: usize): bool {
  const after = at + keyLength;
  return (
    after <= targetEnd &&
    (after === targetEnd || load<u8>(after) === QUESTION) &&
    sameBytes(at, key, keyLength)
  );
}

/** Whether {@link path}, its leading slash aside, is the key, or the bucket, a slash and the key. */
function namesKey(
  pathLength: usize,
  bucket: usize,
  bucketLength: usize,
  key: usize,
  keyLength: usize,
): bool {
  const bare = path + 1;
  const length = pathLength - 1;
  if (length === keyLength && sameBytes(bare, key, keyLength)) return true;
  return (
    length === bucketLength + 1 + keyLength &&
    load<u8>(bare + bucketLength) === SLASH &&
    sameBytes(bare, bucket, bucketLength) &&
    sameBytes(bare + bucketLength + 1, key, keyLength)
  );
}

/**
 * Undo one round of percent-encoding; in form-encoding `+` is a space. Bad escapes stay as they are.
 *
 * @returns how many bytes came out
 */
function decode(start: usize, end: usize, out: usize, form: bool): usize {
  let to = out;
  for (let i = start; i < end; i++) {
    const byte = load<u8>(i);
    if (byte === PERCENT && i + 2 < end && isIn(i + 1, HEX_DIGIT) && isIn(i + 2, HEX_DIGIT)) {
      store<u8>(to, <u8>(hexValue(load<u8>(i, 1)) * 16 + hexValue(load<u8>(i, 2))));
      i += 2;
    } else {
      // 0x2b: plus
      store<u8>(to, form && byte === 0x2b ? SPACE : byte);
    }
    to++;
  }
  return to - out;
}

function hexValue(byte: u32): u32 {
  return byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57;
}
