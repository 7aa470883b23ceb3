import type { Grouping } from '../datasets/joined-key.js';
import { requireDay } from './days.js';
import type { Integers } from './integers.js';
import type { StringColumn } from './read-column.js';
import { readSegment, type SegmentPart } from './read-segment.js';
import type { RequesterTable } from './requester-table.js';
import { Scratch } from './scratch.js';
import { GROUP_HEAD_WORDS, type SpillWriter } from './spill.js';

const ADDRESS_BYTES = 16;
const NARROW_ROW = 3;
const WIDE_ROW = 5;
/** No line of a log is longer. A few bytes of a segment may stand for many of a key, which would be put aside again and again. */
const LONGEST_KEY = 1 << 20;
/** Rows of a group that are put aside at once. */
const MOST_ROWS = 8192;

/**
 * Put the records of a segment aside by partition of their dataset, grouped by key.
 *
 * @param file the segment
 * @param grouping finds the dataset of a key
 * @param partitions how many there are
 * @returns number of records
 * @throws RangeError for records that no log can have
 */
export function scanRecords(
  file: Uint8Array,
  grouping: Grouping,
  partitions: number,
  requesters: RequesterTable,
  spill: SpillWriter,
  scratch = new Scratch(),
): number {
  let rows = 0;
  for (const part of readSegment(file, scratch)) {
    scanPart(part, grouping, partitions, requesters, spill, scratch);
    rows += part.rows;
  }
  return rows;
}

function scanPart(
  part: SegmentPart,
  grouping: Grouping,
  partitions: number,
  requesters: RequesterTable,
  spill: SpillWriter,
  scratch: Scratch,
): void {
  const { rows, keys, bytesSent, downloads } = part;
  const days = scratch.integers('days', rows);
  const areDays = toDays(part.times, days);
  const fits = areDays && bytesSent.high.every(isBelow16Bits);
  if (!fits && bytesSent.high.some((high) => high < 0)) throw new RangeError('bytes below zero');
  const rowWords = fits ? NARROW_ROW : WIDE_ROW;
  const numbers = requesters.numbers(addressWords(part.requesters));
  const { ids, strings } = keys;
  const { bytes, starts, ends } = strings;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { low, high } = bytesSent;
  const requesterIds = part.requesters.ids;
  for (let row = 0; row < rows; ) {
    const key = ids[row];
    let end = row + 1;
    const most = Math.min(rows, row + MOST_ROWS);
    while (end < most && ids[end] === key) end++;
    const keyLength = ends[key] - starts[key];
    if (keyLength > LONGEST_KEY) throw new RangeError(`a key of ${keyLength} bytes`);
    grouping.group(bytes, view, starts[key], keyLength);
    const { start: from, length, datasetLength, view: names } = grouping;
    const partition =
      partitions === 1 ? 0 : partitionOf(grouping.bytes, from, datasetLength) % partitions;
    const keyWords = (length + 3) >>> 2;
    const needed = GROUP_HEAD_WORDS + keyWords + (end - row) * rowWords;
    const buffer = spill.room(partition, needed);
    let at = spill.used(partition);
    spill.setUsed(partition, at + needed);
    buffer[at++] = length * 2 + (fits ? 0 : 1);
    buffer[at++] = end - row;
    buffer[at++] = datasetLength;
    for (let b = 0; b < length; b += 4) buffer[at++] = names.getUint32(from + b, true);
    // What was read behind the end of the key.
    if (length % 4 !== 0) buffer[at - 1] &= 2 ** ((length % 4) * 8) - 1;
    if (fits) {
      for (; row < end; row++) {
        buffer[at++] = numbers[requesterIds[row]] | (downloads[row] << 31);
        buffer[at++] = days[row] | (high[row] << 16);
        buffer[at++] = low[row];
      }
    } else {
      for (; row < end; row++) {
        buffer[at++] = numbers[requesterIds[row]];
        buffer[at++] = downloads[row];
        buffer[at++] = days[row];
        buffer[at++] = low[row];
        buffer[at++] = high[row];
      }
    }
  }
}

/** A hash of the dataset, by which all its keys come together. */
function partitionOf(bytes: Uint8Array, from: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < from + length; i++) {
    hash = Math.imul(hash ^ bytes[i], 0x01000193);
  }
  return (hash ^ (hash >>> 15)) >>> 0;
}

const SECONDS = 86_400;

/** @returns whether all days are between 0 and 2^16 - 1 */
function toDays({ low, high }: Integers, days: Int32Array): boolean {
  let fits = true;
  for (let i = 0; i < days.length; i++) {
    const time = high[i] === 0 ? low[i] : high[i] * 2 ** 32 + low[i];
    const day = Math.floor(time / SECONDS);
    days[i] = day;
    if (day >= 0 && day <= 0xffff) continue;
    requireDay(day);
    fits = false;
  }
  return fits;
}

function isBelow16Bits(value: number): boolean {
  return value >= 0 && value <= 0xffff;
}

function addressWords({ strings }: StringColumn): Uint32Array {
  return new Uint32Array(strings.fixed(ADDRESS_BYTES).buffer);
}
