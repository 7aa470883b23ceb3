import { packLongs } from './bits';
import { putVarint, putZigzag } from './bytes';

const BLOCK: u32 = 128;
const MINIBLOCKS: u32 = 4;
const MINIBLOCK: u32 = BLOCK / MINIBLOCKS;

const deltas: usize = memory.data(128 * 8, 16);
const widths: usize = memory.data(4 * 4, 4);

/** The most bytes that {@link encodeDeltas} writes. */
export function mostDeltaBytes(count: u32): usize {
  const blocks = <usize>count / BLOCK + 1;
  return 64 + blocks * (BLOCK * 8 + 10 + MINIBLOCKS);
}

/**
 * 64-bit numbers as Parquet's DELTA_BINARY_PACKED page. Differences wrap around, as readers' sums do.
 * Source: Apache Parquet format, "Delta Encoding".
 *
 * @param values `count` of them, each less `base`
 * @returns the address after the page
 */
export function encodeDeltas(values: usize, count: u32, base: i64, out: usize): usize {
  let at = putVarint(out, BLOCK);
  at = putVarint(at, MINIBLOCKS);
  at = putVarint(at, count);
  at = putZigzag(at, count > 0 ? base + load<i64>(values) : 0);
  for (let start: u32 = 1; start < count; start += BLOCK) {
    at = encodeBlock(values + ((<usize>(start - 1)) << 3), min(BLOCK, count - start), at);
  }
  return at;
}

/** @param values the value before the block's first, and `size` more */
export function encodeBlock(values: usize, size: u32, out: usize): usize {
  const least = takeDifferences(values, size);
  let at = putZigzag(out, least);
  for (let m: u32 = 0; m < MINIBLOCKS; m++) {
    const width = m * MINIBLOCK < size ? widthOf(m, least) : 0;
    store<u32>(widths + ((<usize>m) << 2), width);
    store<u8>(at + m, <u8>width);
  }
  at += MINIBLOCKS;
  for (let m: u32 = 0; m * MINIBLOCK < size; m++) {
    const width = load<u32>(widths + ((<usize>m) << 2));
    if (width === 0) continue;
    at = packLongs(deltas + ((<usize>(m * MINIBLOCK)) << 3), MINIBLOCK, least, width, at);
  }
  return at;
}

/** Fill {@link deltas}; what is missing to a whole block is the least. @returns the least */
function takeDifferences(values: usize, size: u32): i64 {
  let low = i64x2.splat(i64.MAX_VALUE);
  let i: u32 = 0;
  for (; i + 2 <= size; i += 2) {
    const at = values + ((<usize>i) << 3);
    const two = i64x2.sub(v128.load(at, 8), v128.load(at));
    v128.store(deltas + ((<usize>i) << 3), two);
    low = v128.bitselect(two, low, i64x2.gt_s(low, two));
  }
  let least = min(i64x2.extract_lane(low, 0), i64x2.extract_lane(low, 1));
  if (i < size) {
    const at = values + ((<usize>i) << 3);
    const one = load<i64>(at, 8) - load<i64>(at);
    store<i64>(deltas + ((<usize>i) << 3), one);
    least = min(least, one);
    i++;
  }
  for (; i < BLOCK; i++) store<i64>(deltas + ((<usize>i) << 3), least);
  return least;
}

function widthOf(miniblock: u32, least: i64): u32 {
  const base = i64x2.splat(least);
  let any = i64x2.splat(0);
  const start = deltas + ((<usize>(miniblock * MINIBLOCK)) << 3);
  for (let at = start; at < start + 256; at += 16) {
    any = v128.or(any, i64x2.sub(v128.load(at), base));
  }
  const bits = i64x2.extract_lane(any, 0) | i64x2.extract_lane(any, 1);
  return 64 - <u32>clz<i64>(bits);
}
