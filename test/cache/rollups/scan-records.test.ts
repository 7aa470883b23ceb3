import { join } from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { openGrouping } from '../../../cache/datasets/grouping.js';
import {
  booleanColumn,
  dictionaryFixedColumn,
  dictionaryTextColumn,
  numberColumn,
} from '../../../cache/parquet/column.js';
import { encodeFile } from '../../../cache/parquet/encode-file.js';
import { RequesterTable } from '../../../cache/rollups/requester-table.js';
import { scanRecords } from '../../../cache/rollups/scan-records.js';
import { SpillWriter } from '../../../cache/rollups/spill.js';
import { scratchDirectory } from '../../support/scratch.js';

const spills: SpillWriter[] = [];

afterEach(() => {
  for (const spill of spills.splice(0)) spill.finish();
});

/** A sound Parquet file with one record. */
function segment(key: string, time: number, bytesSent: number): Uint8Array {
  const bytes = Buffer.from(key);
  const strings = { bytes, offsets: Uint32Array.of(0, bytes.length), count: 1 };
  const ids = Uint32Array.of(0);
  return encodeFile(
    [
      dictionaryTextColumn('key', strings, ids, 1),
      numberColumn('time', Float64Array.of(time), 1),
      dictionaryFixedColumn('requester', 16, new Uint8Array(16).fill(7), ids, 1),
      numberColumn('bytes_sent', Float64Array.of(bytesSent), 1),
      booleanColumn('download', Uint8Array.of(1), 1),
    ],
    1,
  );
}

function scan(file: Uint8Array): number {
  const spill = new SpillWriter(join(scratchDirectory(), 'spill'));
  spills.push(spill);
  const grouping = openGrouping({ rule: 'level', level: 1 });
  return scanRecords(file, grouping, 2, new RequesterTable(), spill);
}

const LAST_SECOND = 253_402_300_799;

it.each([
  ['a long key', 'k'.repeat(1 << 20), 0, 0],
  ['a day before 1970', 'a/b', -50_400, 1],
  ['the last second of all and very many bytes', 'a/b', LAST_SECOND, 2 ** 53 - 1],
])('records of %s are read', (_, key, time, bytes) => {
  expect(scan(segment(key, time, bytes))).toBe(1);
});

it.each([
  ['a key longer than any line', 'k'.repeat((1 << 20) + 1), 0, 0],
  ['a day after all days', 'a/b', LAST_SECOND + 1, 1],
  ['a day far away', 'a/b', 2 ** 52, 1],
  ['a day before all days', 'a/b', -(2 ** 40), 1],
  ['fewer bytes than none', 'a/b', 0, -1],
])('a record of %s is damage, whoever wrote it', (_, key, time, bytes) => {
  expect(() => scan(segment(key, time, bytes))).toThrow(RangeError);
});
