/**
 * The order of the rows of one key, which is free to choose, so that columns become small: those with the
 * number of bytes that most downloads have (the whole object) side by side, those with what most
 * other requests have (a part of the usual size) side by side, and the rest. Each of these by
 * time, one rising and the next falling, so that times never jump back.
 */
import { TIME_BITS, TIME_MASK } from './order-rows';

const BYTES_MASK: u64 = 0x7fffffffffffffff;
/** Fewer rows are not worth a run of their own. */
const FEWEST: u32 = 8;
/** So many rows of a key are arranged at once: they stay in the nearest cache. */
const MOST_AT_ONCE: u32 = 1024;

/** Packed rows in hand. */
const hand: usize = memory.data(16 << 10, 16);
/** What votes are for, and how many, 8 bytes each; first of requests for a part, then of downloads. */
const votes: usize = memory.data(32, 16);
/** Next place and step, 4 bytes each, of the rest, of parts and of downloads. */
const runs: usize = memory.data(24, 8);

/** Columns in their order. */
let times: usize = 0;
let bytes: usize = 0;
let requesters: usize = 0;
let downloads: usize = 0;
let isFalling: bool = false;

/** Where the columns go: 8, 8, 4 bytes and 1 byte a row. */
export function startArranging(
  toTimes: usize,
  toBytes: usize,
  toRequesters: usize,
  toDownloads: usize,
): void {
  times = toTimes;
  bytes = toBytes;
  requesters = toRequesters;
  downloads = toDownloads;
  isFalling = true;
}

/** @param ends where the rows of each key end in the order */
export function arrangeKeys(packed: usize, order: usize, ends: usize, keys: u32): void {
  let start: u32 = 0;
  for (let key: u32 = 0; key < keys; key++) {
    const end = load<u32>(ends + ((<usize>key) << 2));
    // Most keys of a large archive have a row or two.
    if (end - start < FEWEST) writeFew(packed, order, start, end);
    else arrangeKey(packed, order, start, end);
    start = end;
  }
}

function arrangeKey(packed: usize, order: usize, start: u32, end: u32): void {
  for (let from = start; from < end; from += MOST_AT_ONCE) {
    arrangeHand(packed, order, from, min(end - from, MOST_AT_ONCE));
  }
}

function writeFew(packed: usize, order: usize, start: u32, end: u32): void {
  for (let i = start; i < end; i++) {
    const row = packed + ((<usize>load<u32>(order + ((<usize>i) << 2))) << 4);
    const second = load<u64>(row, 8);
    store<u64>(times + ((<usize>i) << 3), second & TIME_MASK);
    store<u64>(bytes + ((<usize>i) << 3), load<u64>(row) & BYTES_MASK);
    store<u32>(requesters + ((<usize>i) << 2), <u32>(second >> TIME_BITS));
    store<u8>(downloads + i, <u8>(load<u64>(row) >> 63));
  }
}

/** Write `count` rows of a key, which stand from `start` on in the order. */
export function arrangeHand(packed: usize, order: usize, start: u32, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const row = load<u32>(order + ((<usize>(start + i)) << 2));
    v128.store(hand + ((<usize>i) << 4), v128.load(packed + ((<usize>row) << 4)));
  }
  const end = hand + ((<usize>count) << 4);
  vote(end);
  const part = load<u64>(votes);
  const whole = load<u64>(votes, 16);
  let parts: u32 = 0;
  let wholes: u32 = 0;
  for (let at = hand; at < end; at += 16) {
    const word = load<u64>(at);
    parts += <u32>(word === part);
    wholes += <u32>(word === whole);
  }
  if (parts < FEWEST) parts = 0;
  if (wholes < FEWEST) wholes = 0;
  const partRun: usize = parts > 0 ? 8 : 0;
  const wholeRun: usize = wholes > 0 ? 16 : 0;
  const wholesFrom = start + count - wholes;
  startRun(runs, start, wholesFrom - parts);
  startRun(runs + 8, wholesFrom - parts, wholesFrom);
  startRun(runs + 16, wholesFrom, start + count);
  // No branches: which run a row is of cannot be foreseen.
  for (let at = hand; at < end; at += 16) {
    const word = load<u64>(at);
    const run = runs + (word === part ? partRun : 0) + (word === whole ? wholeRun : 0);
    const place = load<u32>(run);
    store<u32>(run, place + load<u32>(run, 4));
    write(at, place);
  }
}

/**
 * Find the only value of either kind that more than half of it can have. Source: Boyer and Moore,
 * "MJRTY: A Fast Majority Vote Algorithm", 1981.
 */
function vote(end: usize): void {
  // Of their own kind, so that without a vote of it no row is as they are.
  store<u64>(votes, 0);
  store<u64>(votes, 0, 8);
  store<u64>(votes, 1 << 63, 16);
  store<u64>(votes, 0, 24);
  for (let at = hand; at < end; at += 16) {
    const word = load<u64>(at);
    const kind = votes + ((<usize>(word >> 63)) << 4);
    const count = load<i64>(kind, 8);
    const choice = select<u64>(word, load<u64>(kind), count === 0);
    store<u64>(kind, choice);
    store<i64>(kind, count + select<i64>(1, -1, choice === word), 8);
  }
  // A vote left by chance, of rows that all differ, makes no run: too few are as it says.
}

/** Runs that hold rows rise and fall in turn. */
function startRun(run: usize, from: u32, to: u32): void {
  if (from < to) isFalling = !isFalling;
  store<u32>(run, from < to && isFalling ? to - 1 : from);
  store<i32>(run, isFalling ? -1 : 1, 4);
}

function write(row: usize, at: u32): void {
  const first = load<u64>(row);
  const second = load<u64>(row, 8);
  store<u64>(times + ((<usize>at) << 3), second & TIME_MASK);
  store<u64>(bytes + ((<usize>at) << 3), first & BYTES_MASK);
  store<u32>(requesters + ((<usize>at) << 2), <u32>(second >> TIME_BITS));
  store<u8>(downloads + at, <u8>(first >> 63));
}
