import { packWords } from './bits';
import { putVarint, widthBelow } from './bytes';

/** Ids looked at by one call; see `index.ts`. A multiple of 8. */
const AT_ONCE: usize = 8_192;

/** The next rising id, how many of it are left, what waits to be packed, and where the page goes on. */
let nextId: u32 = 0;
let nextCount: u32 = 0;
let waiting: usize = 0;
let rising: usize = 0;

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
 * As {@link encodeIds}, of ids that rise from 0 on, `counts[i]` times i. Most ids have some rows, and few
 * sixteen: whatever comes next becomes a run for each id or, where these take more bytes, one group of eight.
 *
 * @param scratch room for as many ids as there are rows, and 8 more
 */
export function encodeRisingIds(counts: usize, distinct: u32, scratch: usize, out: usize): usize {
  const width = widthBelow(distinct);
  store<u8>(out, <u8>width);
  rising = out + 1;
  waiting = scratch;
  nextId = 0;
  nextCount = distinct > 0 ? load<u32>(counts) : 0;
  while (nextId < distinct) encodeSomeRising(counts, distinct, width, scratch);
  v128.store(waiting, i32x4.splat(0));
  v128.store(waiting, i32x4.splat(0), 16);
  return putPacked(scratch, waiting, width, rising);
}

/** Encode some thousand ids; see `index.ts`. */
export function encodeSomeRising(counts: usize, distinct: u32, width: u32, scratch: usize): void {
  const runBytes = 1 + ((width + 7) >> 3);
  let id = nextId;
  let count = nextCount;
  const stop = min(distinct, id + <u32>AT_ONCE);
  while (id < stop) {
    // As many ids as have eight rows.
    let rows = count;
    let runs: u32 = count > 0 ? 1 : 0;
    let end = id + 1;
    for (; rows < 8 && end < distinct; end++) {
      const more = load<u32>(counts + ((<usize>end) << 2));
      runs += more > 0 ? 1 : 0;
      rows += more;
    }
    const isOpen = waiting > scratch;
    // Who packs may have to begin with it, and to go on with a run of what is left of the last id.
    const packedBytes = width + (isOpen ? 0 : 1) + (rows > 8 ? runBytes : 0);
    if (runs * runBytes <= packedBytes) {
      if (isOpen) rising = putPacked(scratch, waiting, width, rising);
      waiting = scratch;
      for (; id < end; id++) {
        if (count > 0) rising = putRun(id, count, width, rising);
        count = id + 1 < distinct ? load<u32>(counts + ((<usize>(id + 1)) << 2)) : 0;
      }
      continue;
    }
    let room = min<u32>(rows, 8);
    for (;;) {
      const taken = min(count, room);
      for (let i: u32 = 0; i < taken; i++) {
        store<u32>(waiting, id);
        waiting += 4;
      }
      count -= taken;
      room -= taken;
      if (count > 0) break;
      id++;
      count = id < distinct ? load<u32>(counts + ((<usize>id) << 2)) : 0;
      if (room === 0) break;
    }
  }
  nextId = id;
  nextCount = count;
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
