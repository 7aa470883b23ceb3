import { crc32 } from 'node:zlib';
import { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import type { DatasetSums } from './dataset-sums.js';
import { requireDay } from './days.js';
import type { MergedAssets } from './merged-assets.js';
import { DOWNLOADS, HIGH, LOW, REQUESTS, type Sums, WIDTH } from './sums.js';
import { WeekSums } from './week-sums.js';

/** Where the sums of one dataset stand in a file of sums (FORMAT.md section 9). */
export interface Block {
  /** As UTF-8 text. */
  readonly dataset: string;
  readonly offset: number;
  /** Bytes of the four sections, one behind the other, in the order of {@link SECTION}. */
  readonly sections: readonly number[];
  /** CRC-32 of each section. */
  readonly checks: readonly number[];
}

export const SECTION = { days: 0, assets: 1, requesters: 2, requesterSums: 3 } as const;
export type Section = keyof typeof SECTION;

const SUMS_BYTES = 32;
const NUMBER_BYTES = 8;

/**
 * Write the sums of a dataset: days in order, assets in order, requesters as they came.
 *
 * @param assets when they are not among the sums
 * @param hasWeeks whether the sums of each asset are followed by those by week
 */
export function encodeBlock(
  sums: DatasetSums,
  assets: MergedAssets | undefined,
  to: ByteWriter,
  hasWeeks = false,
): Pick<Block, 'sections' | 'checks'> {
  const ends = [to.length];
  writeDays(sums, to);
  ends.push(to.length);
  if (assets === undefined) writeAssets(sums, to, hasWeeks);
  else copyAssets(assets, to, hasWeeks);
  ends.push(to.length);
  writeRequesters(sums, to);
  ends.push(to.length);
  writeRequesterSums(sums, to);
  ends.push(to.length);
  const starts = ends.slice(0, -1);
  return {
    sections: starts.map((start, i) => (ends[i + 1] as number) - start),
    checks: starts.map((start, i) => crc32(to.bytes.subarray(start, ends[i + 1]))),
  };
}

function writeDays(sums: DatasetSums, to: ByteWriter): void {
  const { days, byDay } = sums;
  to.reserve(NUMBER_BYTES + days.length * (NUMBER_BYTES + SUMS_BYTES));
  to.varint(days.length);
  for (const day of Int32Array.from(days).sort()) {
    to.varint(day >= 0 ? day * 2 : -day * 2 - 1);
    writeSums(to, byDay, sums.daySlot(day));
  }
}

/** Assets end with an empty name, which none has. */
function writeAssets(
  { assets, byAsset, weeks }: DatasetSums,
  to: ByteWriter,
  hasWeeks: boolean,
): void {
  const slots = assets.map((_, slot) => slot);
  slots.sort((a, b) => (assets[a] < assets[b] ? -1 : assets[a] > assets[b] ? 1 : 0));
  let before = '';
  for (const slot of slots) {
    writeName(assets[slot], before, to);
    writeSums(to, byAsset, slot);
    if (hasWeeks) (weeks[slot] ?? NO_WEEKS).write(to);
    before = assets[slot];
  }
  writeName('', '', to);
}

const NO_WEEKS = new WeekSums();

function copyAssets(assets: MergedAssets, to: ByteWriter, hasWeeks: boolean): void {
  while (assets.next()) {
    const { name, length, shared } = assets;
    to.reserve(2 * NUMBER_BYTES + length + SUMS_BYTES);
    to.varint(shared);
    to.varint(length - shared);
    to.bytes.set(name.subarray(shared, length), to.length);
    to.length += length - shared;
    to.sums(assets.low, assets.high, assets.requests, assets.downloads);
    if (hasWeeks) assets.weeks.write(to);
  }
  writeName('', '', to);
}

/** What it shares with the one before, and the rest; with room for sums behind it. */
function writeName(name: string, before: string, to: ByteWriter): void {
  let shared = 0;
  const most = Math.min(before.length, name.length);
  while (shared < most && before.charCodeAt(shared) === name.charCodeAt(shared)) shared++;
  const rest = name.length - shared;
  to.reserve(2 * NUMBER_BYTES + rest + SUMS_BYTES);
  to.varint(shared);
  to.varint(rest);
  const { bytes, length } = to;
  for (let i = 0; i < rest; i++) bytes[length + i] = name.charCodeAt(shared + i);
  to.length += rest;
}

function writeRequesters(
  { requesters, byRequester: { count } }: DatasetSums,
  to: ByteWriter,
): void {
  to.reserve(NUMBER_BYTES * (count + 1));
  to.varint(count);
  for (let slot = 0; slot < count; slot++) to.varint(requesters[slot]);
}

function writeRequesterSums({ byRequester }: DatasetSums, to: ByteWriter): void {
  to.reserve(SUMS_BYTES * byRequester.count);
  for (let slot = 0; slot < byRequester.count; slot++) writeSums(to, byRequester, slot);
}

function writeSums(to: ByteWriter, { values }: Sums, slot: number): void {
  const at = slot * WIDTH;
  to.sums(values[at + LOW], values[at + HIGH], values[at + REQUESTS], values[at + DOWNLOADS]);
}

/** Add a section of days to the sums. @throws RangeError for one that makes no sense */
export function addDays(section: Uint8Array, to: DatasetSums): void {
  const from = new ByteReader(section);
  for (let left = from.count(); left > 0; left--) {
    const zigzag = from.varint();
    from.sums();
    const day = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
    requireDay(day);
    const slot = to.daySlot(day);
    to.byDay.add(slot, from.low, from.high, from.requests, from.downloads);
  }
}

/** Add a section of requesters, and that of their sums, to the sums. @throws RangeError for what makes no sense */
export function addRequesters(requesters: Uint8Array, sums: Uint8Array, to: DatasetSums): void {
  const from = new ByteReader(requesters);
  const amounts = new ByteReader(sums);
  for (let left = from.count(); left > 0; left--) {
    const slot = to.requesterSlot(from.varint());
    amounts.sums();
    const { low, high, requests, downloads } = amounts;
    to.byRequester.add(slot, low, high, requests, downloads);
  }
}
