/** The key of a record in `buckets` mode; the same as src/extract/bucket-key.ts, which explains it. */
import { DASH, PERCENT, QUOTE, SLASH } from './bytes';

/** @returns where the key begins that has its bucket before it */
export function prependBucket(bucket: usize, length: usize, key: usize): usize {
  store<u8>(key - 1, SLASH);
  if (!isBucket(bucket, length)) {
    store<u8>(key - 2, DASH);
    return key - 2;
  }
  const start = key - 1 - length;
  memory.copy(start, bucket, length);
  return start;
}

/** @param bucket without a space or a control before its end */
function isBucket(bucket: usize, length: usize): bool {
  for (let i: usize = 0; i < length; i += 16) {
    const bytes = v128.load(bucket + i);
    const bad = v128.or(
      v128.or(i8x16.ge_u(bytes, i8x16.splat(0x7f)), i8x16.eq(bytes, i8x16.splat(SLASH))),
      v128.or(i8x16.eq(bytes, i8x16.splat(QUOTE)), i8x16.eq(bytes, i8x16.splat(PERCENT))),
    );
    const rest = length - i;
    const own: u32 = rest >= 16 ? 0xffff : ((<u32>1) << (<u32>rest)) - 1;
    if ((i8x16.bitmask(bad) & own) !== 0) return false;
  }
  return true;
}
