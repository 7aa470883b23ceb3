import { packWords } from './bits';
import { putVarint, widthBelow } from './bytes';

/** Shorter runs cost less bit-packed. */
const SHORTEST_RUN: u32 = 16;

/** Ids looked at by one call; see `index.ts`. A multiple of 8. */
const AT_ONCE: usize = 8_192;

/**
 * Ids of a dictionary as Parquet's RLE_DICTIONARY page: a byte for the width, then runs that are either one
 * repeated id or groups of eight bit-packed ones. Runs are of whole groups here, so that all but the last group of a page are whole.
 * Source: Apache Parquet format, "Run Length Encoding / Bit-Packing Hybrid".
 *
 * @param ids `count` of them; room for 8 more behind them is overwritten
 * @returns the address after the page
 */
export function encodeIds(ids: usize, count: u32, distinct: u32, out: usize): usize {
  const width = widthBelow(distinct);
  store<u8>(out, <u8>width);
  let at = out + 1;
  const end = ids + ((<usize>count) << 2);
  v128.store(end, i32x4.splat(0));
  v128.store(end, i32x4.splat(0), 16);
  for (let from = ids; from < end; from += AT_ONCE << 2) {
    at = encodeSome(from, min(end, from + (AT_ONCE << 2)), width, at);
  }
  return at;
}

export function encodeSome(ids: usize, end: usize, width: u32, out: usize): usize {
  let at = out;
  let packed = ids;
  let group = ids;
  while (group + 64 <= end) {
    if (!sameGroups(group)) {
      group += 32;
      continue;
    }
    const id = load<u32>(group);
    let stop = group + 64;
    while (stop + 32 <= end && sameGroup(stop, id)) stop += 32;
    at = putPacked(packed, group, width, at);
    at = putRun(id, <u32>((stop - group) >> 2), width, at);
    packed = stop;
    group = stop;
  }
  return putPacked(packed, end, width, at);
}

/**
 * As {@link encodeIds}, of ids that rise from 0 on, `counts[i]` times i.
 *
 * @param scratch room for as many ids as there are rows, and 8 more
 */
export function encodeRisingIds(counts: usize, distinct: u32, scratch: usize, out: usize): usize {
  const width = widthBelow(distinct);
  store<u8>(out, <u8>width);
  let at = out + 1;
  let waiting = scratch;
  for (let id: u32 = 0; id < distinct; id++) {
    const count = load<u32>(counts + ((<usize>id) << 2));
    // A run must begin where the groups of eight before it end; what is missing to that is taken from it.
    const lead: u32 = (0 - (<u32>(waiting - scratch) >> 2)) & 7;
    const isRun = count >= lead + SHORTEST_RUN;
    const alone = isRun ? lead : count;
    for (let i: u32 = 0; i < alone; i++) {
      store<u32>(waiting, id);
      waiting += 4;
    }
    if (!isRun) continue;
    at = putPacked(scratch, waiting, width, at);
    at = putRun(id, count - lead, width, at);
    waiting = scratch;
  }
  v128.store(waiting, i32x4.splat(0));
  v128.store(waiting, i32x4.splat(0), 16);
  return putPacked(scratch, waiting, width, at);
}

/** Whether 16 ids are the same. */
function sameGroups(at: usize): bool {
  const first = v128.load32_splat(at);
  const differences = v128.or(
    v128.or(v128.xor(v128.load(at), first), v128.xor(v128.load(at, 16), first)),
    v128.or(v128.xor(v128.load(at, 32), first), v128.xor(v128.load(at, 48), first)),
  );
  return !v128.any_true(differences);
}

/** Whether 8 ids are this one. */
function sameGroup(at: usize, id: u32): bool {
  const all = i32x4.splat(id);
  return !v128.any_true(v128.or(v128.xor(v128.load(at), all), v128.xor(v128.load(at, 16), all)));
}

function putRun(id: u32, count: u32, width: u32, out: usize): usize {
  let at = putVarint(out, (<u64>count) << 1);
  let rest = id;
  for (let bits: u32 = 0; bits < width; bits += 8) {
    store<u8>(at++, <u8>rest);
    rest >>= 8;
  }
  return at;
}

/** Up to seven ids behind the last are packed with it, which no reader looks at. */
function putPacked(ids: usize, end: usize, width: u32, out: usize): usize {
  if (ids >= end) return out;
  const groups = <u32>((end - ids + 31) >> 5);
  const at = putVarint(out, ((<u64>groups) << 1) | 1);
  if (width === 0) return at;
  return packWords(ids, groups << 3, width, at);
}
