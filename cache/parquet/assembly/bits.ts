/**
 * Numbers packed bit by bit, least significant first, as Parquet does. What is packed at once ends with a
 * whole byte. Up to 8 bytes behind that are overwritten.
 */

/**
 * @param values `count` (a multiple of 8) 64-bit numbers, each not below `base`
 * @returns the address after what is packed
 */
export function packLongs(values: usize, count: u32, base: i64, width: u32, out: usize): usize {
  const end = values + ((<usize>count) << 3);
  if (width > 56) return packWide(values, end, base, width, out);
  let at = out;
  let waiting: u64 = 0;
  /** Bits that wait, below 8. */
  let filled: u64 = 0;
  if (width <= 28) {
    // Two at a time: half the steps that wait for each other.
    for (let from = values; from < end; from += 16) {
      const low = <u64>(load<i64>(from) - base);
      const two = low | ((<u64>(load<i64>(from, 8) - base)) << (<u64>width));
      waiting |= two << filled;
      store<u64>(at, waiting);
      const bits = filled + 2 * width;
      at += <usize>(bits >> 3);
      waiting >>= bits & ~7;
      filled = bits & 7;
    }
    return at;
  }
  for (let from = values; from < end; from += 8) {
    waiting |= (<u64>(load<i64>(from) - base)) << filled;
    store<u64>(at, waiting);
    const bits = filled + width;
    at += <usize>(bits >> 3);
    waiting >>= bits & ~7;
    filled = bits & 7;
  }
  return at;
}

/** Numbers that do not fit beside seven bits that wait: each in two steps. */
function packWide(values: usize, end: usize, base: i64, width: u32, out: usize): usize {
  let at = out;
  let waiting: u64 = 0;
  let filled: u64 = 0;
  for (let from = values; from < end; from += 8) {
    const value = <u64>(load<i64>(from) - base);
    waiting |= (value & 0xffffffff) << filled;
    store<u64>(at, waiting);
    at += 4;
    waiting >>= 32;
    waiting |= (value >> 32) << filled;
    store<u64>(at, waiting);
    const bits = filled + width - 32;
    at += <usize>(bits >> 3);
    waiting >>= bits & ~7;
    filled = bits & 7;
  }
  return at;
}

/**
 * @param ids `count` (a multiple of 8) 32-bit numbers
 * @param width at most 28
 * @returns the address after what is packed
 */
export function packWords(ids: usize, count: u32, width: u32, out: usize): usize {
  const end = ids + ((<usize>count) << 2);
  const w = <u64>width;
  let at = out;
  let waiting: u64 = 0;
  let filled: u64 = 0;
  if (width <= 14) {
    for (let from = ids; from < end; from += 16) {
      const two = <u64>load<u32>(from) | ((<u64>load<u32>(from, 4)) << w);
      const more = <u64>load<u32>(from, 8) | ((<u64>load<u32>(from, 12)) << w);
      waiting |= (two | (more << (2 * w))) << filled;
      store<u64>(at, waiting);
      const bits = filled + 4 * w;
      at += <usize>(bits >> 3);
      waiting >>= bits & ~7;
      filled = bits & 7;
    }
    return at;
  }
  for (let from = ids; from < end; from += 8) {
    const two = <u64>load<u32>(from) | ((<u64>load<u32>(from, 4)) << w);
    waiting |= two << filled;
    store<u64>(at, waiting);
    const bits = filled + 2 * w;
    at += <usize>(bits >> 3);
    waiting >>= bits & ~7;
    filled = bits & 7;
  }
  return at;
}
