/**
 * The hot path of extraction: lines of the usual form become columns of records here. See
 * ARCHITECTURE.md, "The core".
 */
import { internAddress } from './address-table';
import { fillClasses, LF, nextLineFeed } from './bytes';
import { reserveDecoded } from './key-target';
import { reserve } from './memory';
import { fillPatterns } from './parse-address';
import { clearCounts, takeLine } from './parse-line';
import { clearDays } from './parse-time';
import { chooseKeys } from './record-key';
import {
  addRecord,
  clearRecords,
  reserveRecords,
  resolveIfMany,
  resolveWaiting,
  setRequester,
  truncateRecords,
} from './records';

export { addressCount, addressWords } from './address-table';
export { seed } from './hash';
export { keyBytes, keyCount, keyOffsets } from './key-table';
export {
  otherKeys,
  otherZones,
  requestersWithSpaces,
  skippedLines,
  spacesBeforeRequester,
} from './parse-line';
export {
  agentEnds,
  agentStarts,
  bytesHigh,
  bytesLow,
  downloads,
  keyIds,
  requesterIds,
  rows,
  times,
} from './records';

/** Where the bytes of log files go. */
export let input: usize = 0;
/** Whether {@link scan} stopped at a line for the careful parser. */
export let isOdd: bool = false;

/** Give out the memory; once. @param keyChoice see `record-key` */
export function start(inputBytes: usize, rows: u32, keyBytes: usize, keyChoice: u32): void {
  chooseKeys(keyChoice);
  fillClasses();
  fillPatterns();
  clearDays();
  input = reserve(inputBytes);
  reserveDecoded();
  reserveRecords(rows, keyBytes);
}

/**
 * Take lines, one after the other, until none is complete or one is unusual. The byte at `end` is
 * overwritten; so is, in `buckets` mode, what stands before the keys of lines taken.
 *
 * @param from address of the first line's first byte
 * @param end address after the last byte
 * @param limit lines that begin at this address or later are left alone
 * @param isLast what stands after the last line feed is a line, too
 * @returns the address of the first line not taken; {@link isOdd} says why
 */
export function scan(from: usize, end: usize, limit: usize, isLast: bool): usize {
  store<u8>(end, LF);
  clearCounts();
  isOdd = false;
  const most = isLast ? end : end - 1;
  const stop = min(end, limit);
  let at = from;
  while (at < stop) {
    const next = takeLine(at, most);
    if (next === 0) {
      isOdd = isLast || nextLineFeed(at) < end;
      break;
    }
    at = next;
    resolveIfMany();
  }
  resolveWaiting();
  return at;
}

/** Append a record that the careful parser has found. Its address may be given by {@link setAddress}. */
export function append(
  key: usize,
  keyLength: u32,
  time: f64,
  low: u32,
  high: u32,
  download: u8,
): void {
  addRecord(key, keyLength, time, ((<u64>high) << 32) | <u64>low, download);
  setRequester(0);
  resolveWaiting();
}

/** The requester of the record appended last. */
export function setAddress(a: u32, b: u32, c: u32, d: u32): void {
  setRequester(internAddress(a, b, c, d));
}

export function truncate(rows: u32): void {
  truncateRecords(rows);
}

/** Forget all records, keys and addresses. */
export function clear(): void {
  clearRecords();
}
