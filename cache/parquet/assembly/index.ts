/**
 * Pages of a segment of records (cache/FORMAT.md section 5), made in this order: `start`, keys copied to
 * `keyBytes` and `keyOffsets`, `groupDistinctKeys`, `nextDictionaryBytes` until it is 0; `startRows`,
 * pieces of the columns copied and `packRows` for each, `sortRows`, `arrangeRows`; then the pages as they are named.
 */
import { arrangeKeys, startArranging } from './arrange-rows';
import { encodeDeltas, mostDeltaBytes } from './delta';
import { distinctCount, distinctValues, findDistinct } from './distinct';
import { groupKeys } from './group-keys';
import { encodeIds, encodeRisingIds } from './hybrid';
import { startDictionary } from './key-dictionary';
import { releaseAll, releaseTo, take, taken, takeZeros } from './memory';
import { orderRows } from './order-rows';
import { startPacking } from './pack-rows';
import { compress, mostSnappyBytes } from './snappy';

// Not for JavaScript: what is exported stays a function of its own, and V8 replaces a function by its
// fast form when it is called, never while it runs. So loops over rows call functions for some rows.
export { arrangeHand } from './arrange-rows';
export { encodeBlock } from './delta';
export { distinctCount, findSome } from './distinct';
export { findFolders } from './group-keys';
export { encodeSome, encodeSomeRising } from './hybrid';
export {
  nextDictionaryBytes,
  nextPlainDictionaryBytes,
  output as dictionaryOutput,
} from './key-dictionary';
export { sortByHighDigit, sortByKey, sortByLowDigit } from './order-rows';
export {
  bytesHigh,
  bytesLow,
  downloads,
  keyIds,
  leastBytes,
  mostBytes,
  packRows,
  requesterIds,
  times,
} from './pack-rows';
export { compressPiece } from './snappy';

/** Where JavaScript puts distinct keys. */
export let keyBytes: usize = 0;
export let keyOffsets: usize = 0;
/** Where the page made last stands, and how long it is without its compression. */
export let page: usize = 0;
export let uncompressedBytes: u32 = 0;

let rows: u32 = 0;
let keys: u32 = 0;
/** Place of each key in the dictionary. */
let placesOfKeys: usize = 0;
let afterPlaces: usize = 0;
/** How many rows each place has, and where they end. */
let counts: usize = 0;
let ends: usize = 0;
/** Per row: 4 bytes for the place of its key, then for requesters in order. */
let places: usize = 0;
/** Per row: 4 bytes for the order, then for ids. */
let order: usize = 0;
/** Per row: 16 bytes for the sort, then for times and bytes sent in order. */
let times: usize = 0;
let bytes: usize = 0;
/** Per row: 1 byte for downloads in order. */
let downloads: usize = 0;
/** Per row: 16 bytes for the row, then room for a page and its compression. */
let packed: usize = 0;
let compressed: usize = 0;

export function start(keyCount: u32, keyByteCount: usize): void {
  releaseAll();
  keys = keyCount;
  placesOfKeys = take((<usize>keyCount) << 2);
  afterPlaces = taken();
  keyOffsets = take((<usize>keyCount + 1) << 2);
  keyBytes = take(keyByteCount);
}

export function groupDistinctKeys(): void {
  groupKeys(keyBytes, keyOffsets, keys, placesOfKeys);
  startDictionary(keyBytes, keyOffsets, keys);
}

/** Keys are done with: their memory is used again. */
export function startRows(count: u32, leastTime: f64, mostTime: f64): void {
  releaseTo(afterPlaces);
  rows = count;
  counts = takeZeros((<usize>keys) << 2);
  ends = take((<usize>keys) << 2);
  places = take((<usize>count) << 2);
  order = take((<usize>count) << 2);
  times = take((<usize>count) << 4);
  bytes = times + ((<usize>count) << 3);
  downloads = take(count);
  const mostPlain = mostDeltaBytes(count);
  packed = take(mostPlain + mostSnappyBytes(mostPlain));
  compressed = packed + mostPlain;
  startPacking(packed, places, counts, placesOfKeys, leastTime, mostTime);
}

/** Order rows by the places of their keys, and those of one key by time. */
export function sortRows(): void {
  let sum: u32 = 0;
  for (let key: u32 = 0; key < keys; key++) {
    store<u32>(ends + ((<usize>key) << 2), sum);
    sum += load<u32>(counts + ((<usize>key) << 2));
  }
  orderRows(packed, places, rows, ends, times, order);
}

/** Write columns in the order that `arrange-rows` describes. */
export function arrangeRows(): void {
  startArranging(times, bytes, places, downloads);
  arrangeKeys(packed, order, ends, keys);
}

/** @returns how long the page of key ids is; so of all pages */
export function keyPage(): u32 {
  page = packed;
  return <u32>(encodeRisingIds(counts, keys, order, page) - page);
}

export function timePage(firstTime: i64): u32 {
  page = packed;
  return <u32>(encodeDeltas(times, rows, firstTime, page) - page);
}

export function requesterPage(distinct: u32): u32 {
  page = packed;
  return <u32>(encodeIds(places, rows, distinct, page) - page);
}

/** Bytes sent as differences. */
export function bytesPage(): u32 {
  return compressPage(<u32>(encodeDeltas(bytes, rows, 0, packed) - packed));
}

/** @returns whether bytes sent can have a dictionary */
export function findDistinctBytes(): bool {
  const before = taken();
  const areFew = findDistinct(bytes, rows, order);
  // What was found stands until more memory is taken.
  releaseTo(before);
  return areFew;
}

export function distinctBytesPage(): u32 {
  const length = distinctCount << 3;
  memory.copy(packed, distinctValues, length);
  return compressPage(length);
}

/** Bytes sent as ids of a dictionary. */
export function bytesIdsPage(): u32 {
  page = packed;
  return <u32>(encodeIds(order, rows, distinctCount, page) - page);
}

export function downloadPage(): u32 {
  v128.store(downloads + rows, i8x16.splat(0));
  const words = (rows + 15) >> 4;
  for (let word: u32 = 0; word < words; word++) {
    const sixteen = v128.load(downloads + ((<usize>word) << 4));
    const bits = i8x16.bitmask(i8x16.ne(sixteen, i8x16.splat(0)));
    store<u16>(packed + ((<usize>word) << 1), <u16>bits);
  }
  return compressPage((rows + 7) >> 3);
}

function compressPage(length: u32): u32 {
  uncompressedBytes = length;
  page = compressed;
  return <u32>(compress(packed, length, page) - page);
}
