/** Rows on their way in: from pieces of the columns to 16 bytes a row. */
import { countTime, startOrder, TIME_BITS } from './order-rows';

/** Rows of a piece. */
export const PIECE_ROWS: u32 = 8_192;

/** Where JavaScript puts a piece of each column. */
export const keyIds: usize = memory.data(8_192 * 4, 16);
export const times: usize = memory.data(8_192 * 8, 16);
export const requesterIds: usize = memory.data(8_192 * 4, 16);
export const bytesLow: usize = memory.data(8_192 * 4, 16);
export const bytesHigh: usize = memory.data(8_192 * 4, 16);
export const downloads: usize = memory.data(8_192, 16);

/** Least and most bytes sent. */
export let leastBytes: u64 = 0;
export let mostBytes: u64 = 0;

let packed: usize = 0;
let places: usize = 0;
let counts: usize = 0;
let placesOfKeys: usize = 0;
let least: f64 = 0;
let next: u32 = 0;

/**
 * @param toPacked takes bytes sent and, as the highest bit, download; time less the least and, above it, requester
 * @param toPlaces takes the place of each row's key
 * @param toCounts counts the rows of each place
 * @param keyPlaces place of each key
 */
export function startPacking(
  toPacked: usize,
  toPlaces: usize,
  toCounts: usize,
  keyPlaces: usize,
  leastTime: f64,
  mostTime: f64,
): void {
  packed = toPacked;
  places = toPlaces;
  counts = toCounts;
  placesOfKeys = keyPlaces;
  least = leastTime;
  next = 0;
  leastBytes = u64.MAX_VALUE;
  mostBytes = 0;
  startOrder(<u64>(mostTime - leastTime));
}

/** Take `count` rows of the piece. */
export function packRows(count: u32): void {
  let lowest = leastBytes;
  let highest = mostBytes;
  for (let i: u32 = 0; i < count; i++) {
    const word = (<usize>i) << 2;
    const place = load<u32>(placesOfKeys + ((<usize>load<u32>(keyIds + word)) << 2));
    const row = next + i;
    store<u32>(places + ((<usize>row) << 2), place);
    const rows = counts + ((<usize>place) << 2);
    store<u32>(rows, load<u32>(rows) + 1);
    const sent = ((<u64>load<u32>(bytesHigh + word)) << 32) | <u64>load<u32>(bytesLow + word);
    lowest = min(lowest, sent);
    highest = max(highest, sent);
    const isDownload = (<u64>(load<u8>(downloads + i) !== 0)) << 63;
    const to = packed + ((<usize>row) << 4);
    store<u64>(to, isDownload | sent);
    const time = <u64>(load<f64>(times + (word << 1)) - least);
    store<u64>(to, time | ((<u64>load<u32>(requesterIds + word)) << TIME_BITS), 8);
    countTime(time);
  }
  leastBytes = lowest;
  mostBytes = highest;
  next += count;
}
