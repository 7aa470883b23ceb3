import { DatasetRows } from './dataset-rows.js';
import { type DatasetSums, NARROW_ROW } from './dataset-sums.js';
import { KeyTable } from './key-table.js';
import { GROUP_HEAD_WORDS } from './spill.js';
import { RADIX, Sums } from './sums.js';
import { WeekSums } from './week-sums.js';

/** The dataset of a group of keys, as Latin-1, and its sums. */
export type OnDataset = (dataset: string, sums: DatasetSums) => void;

const WIDE_ROW = 5;

/**
 * Sum up the records that were put aside (see SpillWriter), dataset by dataset.
 *
 * Once through all groups in the order in which they lie in memory: each key gets its sums, and the
 * rows go to their datasets; then once through the rows of each dataset. Going through the groups key
 * by key instead jumps about in memory, and took twice as long.
 *
 * @param words groups of records, whole
 * @param sourceEnds where the groups of one spill file end and those of the next begin
 * @param numbers for each spill file: final number of each requester number in it
 * @param sums empty, and empty again in the end
 * @param hasWeeks whether assets have sums by week
 */
export function gather(
  words: Uint32Array,
  sourceEnds: readonly number[],
  numbers: readonly Uint32Array[],
  sums: DatasetSums,
  onDataset: OnDataset,
  hasWeeks = false,
): void {
  const weeks: WeekSums[] = [];
  const keys = new KeyTable(words);
  const byKey = new Sums();
  const datasets = new Map<string, DatasetRows>();
  const datasetOfKey: DatasetRows[] = [];
  let source = 0;
  for (let p = 0; p < words.length; ) {
    while (p >= (sourceEnds[source] as number)) source++;
    const own = numbers[source] as Uint32Array;
    const key = keys.number(p);
    if (key === byKey.count) {
      byKey.append();
      const name = keys.dataset(key);
      let dataset = datasets.get(name);
      if (dataset === undefined) {
        dataset = new DatasetRows();
        datasets.set(name, dataset);
      }
      dataset.keys.push(key);
      datasetOfKey.push(dataset);
      if (hasWeeks) weeks.push(new WeekSums());
    }
    const dataset = datasetOfKey[key] as DatasetRows;
    const head = words[p];
    const rows = words[p + 1];
    const from = p + GROUP_HEAD_WORDS + (((head >>> 1) + 3) >>> 2);
    if (hasWeeks) weeks[key].addGroup(words, from, rows, head % 2 !== 0);
    if (head % 2 === 0) {
      addNarrow(words, from, rows, own, dataset, byKey, key);
      p = from + rows * NARROW_ROW;
    } else {
      addWide(words, from, rows, own, dataset, byKey, key);
      p = from + rows * WIDE_ROW;
    }
  }
  for (const [name, dataset] of datasets) {
    for (const key of dataset.keys) {
      sums.addAsset(keys.asset(key, name.length), byKey, key, weeks[key]);
    }
    dataset.addTo(sums);
    onDataset(name, sums);
    sums.clear();
  }
}

function addNarrow(
  words: Uint32Array,
  from: number,
  rows: number,
  numbers: Uint32Array,
  dataset: DatasetRows,
  byKey: Sums,
  key: number,
): void {
  let low = 0;
  let high = 0;
  let downloads = 0;
  let p = from;
  for (let left = rows; left > 0; ) {
    const chunk = dataset.room(left);
    let at = dataset.used;
    const taken = Math.min(left, (chunk.length - at) / NARROW_ROW);
    for (let i = 0; i < taken; i++, p += NARROW_ROW, at += NARROW_ROW) {
      const first = words[p];
      const second = words[p + 1];
      const third = words[p + 2];
      chunk[at] = numbers[first & 0x7fffffff] | (first & 0x80000000);
      chunk[at + 1] = second;
      chunk[at + 2] = third;
      low += (second >>> 16) * 2 ** 32 + third;
      if (low >= RADIX) {
        low -= RADIX;
        high++;
      }
      downloads += first >>> 31;
    }
    dataset.used = at;
    left -= taken;
  }
  byKey.add(key, low, high, rows, downloads);
}

function addWide(
  words: Uint32Array,
  from: number,
  rows: number,
  numbers: Uint32Array,
  dataset: DatasetRows,
  byKey: Sums,
  key: number,
): void {
  for (let i = 0, p = from; i < rows; i++, p += WIDE_ROW) {
    const above = words[p + 4];
    const low = (above & 0xffff) * 2 ** 32 + words[p + 3];
    const high = above >>> 16;
    byKey.add(key, low, high, 1, words[p + 1]);
    dataset.wide.push([numbers[words[p]], words[p + 2] | 0, low, high, words[p + 1]]);
  }
}
