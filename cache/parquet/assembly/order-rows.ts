/** Rows by key, and those of one key by time. */

const DIGIT_BITS: u32 = 11;
const DIGITS: u32 = 1 << 11;
const lowCounts: usize = memory.data(4 << 11, 16);
const highCounts: usize = memory.data(4 << 11, 16);

/** Rows that one call of the functions below takes; see `index.ts`. */
const ROWS_AT_ONCE: u32 = 8_192;

/** Bits of a packed row that hold its time less the first; those above hold its requester. */
export const TIME_BITS: u64 = 40;
export const TIME_MASK: u64 = (1 << 40) - 1;

let packed: usize = 0;
let places: usize = 0;
let ends: usize = 0;
let rising: usize = 0;
let sorted: usize = 0;
let order: usize = 0;
/** Bits of a time that the sort leaves alone. */
let shift: u64 = 0;

/**
 * Times are sorted by the upper 22 bits that they need: by seconds, when they span less than 48 days. An
 * order within that only makes differences smaller, and nothing depends on it.
 *
 * @param span the greatest time less the least
 */
export function startOrder(span: u64): void {
  const bits = 64 - clz<u64>(span);
  shift = bits > 2 * DIGIT_BITS ? bits - 2 * DIGIT_BITS : 0;
  memory.fill(lowCounts, 0, DIGITS << 2);
  memory.fill(highCounts, 0, DIGITS << 2);
}

/** Every time, less the least, must be counted before the sort. */
export function countTime(time: u64): void {
  const digits = <u32>(time >> shift);
  const low = lowCounts + ((<usize>(digits & (DIGITS - 1))) << 2);
  store<u32>(low, load<u32>(low) + 1);
  const high = highCounts + ((<usize>(digits >> DIGIT_BITS)) << 2);
  store<u32>(high, load<u32>(high) + 1);
}

/**
 * @param fromPacked rows as `pack-rows` makes them
 * @param rowPlaces place of each row's key
 * @param keyEnds where the rows of each key begin; becomes where they end
 * @param scratch 16 bytes a row
 * @param toOrder takes the rows' numbers
 */
export function orderRows(
  fromPacked: usize,
  rowPlaces: usize,
  rows: u32,
  keyEnds: usize,
  scratch: usize,
  toOrder: usize,
): void {
  packed = fromPacked;
  places = rowPlaces;
  ends = keyEnds;
  rising = scratch;
  sorted = scratch + ((<usize>rows) << 3);
  order = toOrder;
  sumUp(lowCounts);
  sumUp(highCounts);
  for (let row: u32 = 0; row < rows; row += ROWS_AT_ONCE) {
    sortByLowDigit(row, min(rows, row + ROWS_AT_ONCE));
  }
  for (let i: u32 = 0; i < rows; i += ROWS_AT_ONCE) {
    sortByHighDigit(i, min(rows, i + ROWS_AT_ONCE));
  }
  for (let i: u32 = 0; i < rows; i += ROWS_AT_ONCE) {
    sortByKey(i, min(rows, i + ROWS_AT_ONCE));
  }
}

export function sortByLowDigit(from: u32, to: u32): void {
  for (let row = from; row < to; row++) {
    const time = <u32>((load<u64>(packed + ((<usize>row) << 4), 8) & TIME_MASK) >> shift);
    const slot = lowCounts + ((<usize>(time & (DIGITS - 1))) << 2);
    const at = load<u32>(slot);
    store<u32>(slot, at + 1);
    store<u64>(rising + ((<usize>at) << 3), <u64>row | ((<u64>time) << 32));
  }
}

export function sortByHighDigit(from: u32, to: u32): void {
  for (let i = from; i < to; i++) {
    const pair = load<u64>(rising + ((<usize>i) << 3));
    const slot = highCounts + ((<usize>(<u32>(pair >> 32) >> DIGIT_BITS)) << 2);
    const at = load<u32>(slot);
    store<u32>(slot, at + 1);
    store<u32>(sorted + ((<usize>at) << 2), <u32>pair);
  }
}

export function sortByKey(from: u32, to: u32): void {
  for (let i = from; i < to; i++) {
    const row = load<u32>(sorted + ((<usize>i) << 2));
    const slot = ends + ((<usize>load<u32>(places + ((<usize>row) << 2))) << 2);
    const at = load<u32>(slot);
    store<u32>(slot, at + 1);
    store<u32>(order + ((<usize>at) << 2), row);
  }
}

function sumUp(counts: usize): void {
  let sum: u32 = 0;
  for (let digit: u32 = 0; digit < DIGITS; digit++) {
    const at = counts + ((<usize>digit) << 2);
    const count = load<u32>(at);
    store<u32>(at, sum);
    sum += count;
  }
}
