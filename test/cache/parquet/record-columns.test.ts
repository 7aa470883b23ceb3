import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { type DuckDBConnection, DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  booleanColumn,
  dictionaryFixedColumn,
  dictionaryTextColumn,
  int64Column,
  numberColumn,
} from '../../../cache/parquet/column.js';
import { encodeFile } from '../../../cache/parquet/encode-file.js';
import { encodeRecordColumns, type RecordColumns } from '../../../cache/parquet/record-columns.js';

const folder = mkdtempSync(join(tmpdir(), 'records-'));
let instance: DuckDBInstance;
let connection: DuckDBConnection;
let files = 0;

beforeAll(async () => {
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});

afterAll(() => {
  connection.closeSync();
  instance.closeSync();
  rmSync(folder, { recursive: true });
});

interface Row {
  readonly key: string;
  readonly time: number;
  /** Stands for an address. */
  readonly requester: number;
  readonly sent: bigint;
  readonly download: boolean;
}

/** As extraction hands them over: ids by first appearance. */
function columnsOf(rows: readonly Row[], unusedKeys: readonly string[] = []): RecordColumns {
  const keys = new Map<string, number>(unusedKeys.map((key, id) => [key, id]));
  const requesters = new Map<number, number>([[-1, 0]]);
  const idOf = <T>(ids: Map<T, number>, value: T): number => {
    const id = ids.get(value) ?? ids.size;
    ids.set(value, id);
    return id;
  };
  const keyIds = Uint32Array.from(rows, (row) => idOf(keys, row.key));
  const requesterIds = Uint32Array.from(rows, (row) => idOf(requesters, row.requester));
  const texts = [...keys.keys()].map((key) => Buffer.from(key));
  const offsets = new Uint32Array(texts.length + 1);
  texts.forEach((text, i) => {
    offsets[i + 1] = offsets[i] + text.length;
  });
  return {
    rows: rows.length,
    keys: { bytes: Buffer.concat(texts), offsets, count: texts.length },
    keyIds,
    times: Float64Array.from(rows, (row) => row.time),
    requesters: Buffer.concat([...requesters.keys()].map((requester) => address(requester))),
    requesterIds,
    bytesLow: Uint32Array.from(rows, (row) => Number(row.sent & 0xffffffffn)),
    bytesHigh: Uint32Array.from(rows, (row) => Number(row.sent >> 32n)),
    downloads: Uint8Array.from(rows, (row) => Number(row.download)),
  };
}

function address(requester: number): Buffer {
  const bytes = Buffer.alloc(16);
  if (requester >= 0) bytes.fill('sealed').writeUInt32LE(requester, 9);
  return bytes;
}

/** What the encoders for small tables make of the same records. */
function reference(columns: RecordColumns): Uint8Array {
  const { rows } = columns;
  return encodeFile(
    [
      dictionaryTextColumn('key', columns.keys, columns.keyIds, rows),
      numberColumn('time', columns.times, rows),
      dictionaryFixedColumn('requester', 16, columns.requesters, columns.requesterIds, rows),
      int64Column('bytes_sent', columns.bytesLow, columns.bytesHigh, rows),
      booleanColumn('download', columns.downloads, rows),
    ],
    rows,
  );
}

const textOf = (row: Row): string =>
  [row.key, row.time, address(row.requester).toString('hex'), row.sent, Number(row.download)].join(
    '|',
  );

async function readByHyparquet(path: string): Promise<string[]> {
  const file = await asyncBufferFromFile(path);
  const compressors = { GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)) };
  const rows = await parquetReadObjects({ file, compressors, utf8: false });
  return rows.map((row) =>
    [
      row.key,
      row.time,
      Buffer.from(row.requester).toString('hex'),
      row.bytes_sent,
      Number(row.download),
    ].join('|'),
  );
}

const SELECT = `SELECT concat_ws('|', key, "time", lower(hex(requester)), bytes_sent, download::INTEGER)`;

async function readByDuckDb(path: string): Promise<string[]> {
  const result = await connection.runAndReadAll(`${SELECT} FROM read_parquet('${path}')`);
  return result.getRows().map(([text]) => String(text));
}

/** DuckDB keeps what it read by name: a name is used once. */
function save(bytes: Uint8Array): string {
  const path = join(folder, `${++files}.parquet`);
  writeFileSync(path, bytes);
  return path;
}

async function expectSameRows(rows: readonly Row[], unusedKeys: readonly string[] = []) {
  const columns = columnsOf(rows, unusedKeys);
  const path = save(encodeFile(encodeRecordColumns(columns), columns.rows));
  const want = rows.map(textOf).sort();
  const read = await readByHyparquet(path);
  expect([...read].sort()).toEqual(want);
  expect(await readByDuckDb(path)).toEqual(read);
  expectGrouped(read.map((text) => text.slice(0, text.indexOf('|'))));
  if (rows.length < 10_000)
    expect((await readByDuckDb(save(reference(columns)))).sort()).toEqual(want);
}

/** Rows of one key stand side by side. */
function expectGrouped(keys: readonly string[]): void {
  const firsts = keys.filter((key, i) => i === 0 || key !== keys[i - 1]);
  expect(new Set(firsts).size).toBe(firsts.length);
}

const keyText = fc.oneof(
  fc.constantFrom(
    '',
    '/',
    'a',
    'ds1/sub-1/a',
    'ds1/sub-1/b',
    'ds1/sub-2/a',
    'ds2/x',
    `${'k'.repeat(3_000)}`,
  ),
  fc.nat(60).map((n) => `ds${n % 3}/sub-${n % 7}/ses-1/file-${n}.nii.gz`),
  fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('|')),
);
const sent = fc.oneof(
  fc.constantFrom(0n, 1n, 8_388_608n, 2n ** 63n - 1n),
  fc.bigInt(0n, 300n),
  fc.bigInt(0n, 2n ** 33n),
  fc.bigInt(0n, 2n ** 63n - 1n),
);
const LAST_SECOND = 253_402_300_799;
const time = fc.oneof(
  fc.integer({ min: 1_700_000_000, max: 1_700_086_400 }),
  fc.integer({ min: 1_500_000_000, max: 1_700_000_000 }),
  fc.constantFrom(0, LAST_SECOND),
);
const row: fc.Arbitrary<Row> = fc.record({
  key: keyText,
  time,
  requester: fc.oneof(fc.constant(-1), fc.nat(5), fc.nat(100_000)),
  sent,
  download: fc.boolean(),
});

/** Rows that share some of their values with those before, so that runs, groups and their borders all occur. */
const rowsThatRepeat = fc
  .array(fc.tuple(row, fc.constantFrom(0, 3, 7, 8, 9, 31, 200), fc.boolean(), fc.boolean()), {
    minLength: 1,
    maxLength: 40,
  })
  .map((parts) =>
    parts.flatMap(([first, more, varyTime, varySent]) => [
      first,
      ...Array.from({ length: more }, (_, i) => ({
        ...first,
        time: varyTime ? first.time - (first.time > 0 ? i * 37 : 0) : first.time,
        sent: varySent && i % 5 === 0 ? BigInt(i * 1_000) : first.sent,
        requester: varyTime ? (first.requester + i) % 50 : first.requester,
      })),
    ]),
  );

describe('encodeRecordColumns', () => {
  it('writes what hyparquet and DuckDB read back as they read what is written the simple way', async () => {
    await fc.assert(
      fc.asyncProperty(
        rowsThatRepeat,
        fc.uniqueArray(fc.nat(9), { maxLength: 3 }),
        (rows, unused) =>
          expectSameRows(
            rows,
            unused.map((n) => `unused/${n}`),
          ),
      ),
      { numRuns: 60 },
    );
  });

  it.each([1, 2, 7, 8, 9, 31, 32, 33, 127, 128, 129, 130, 1_023, 1_025, 8_191, 8_192, 8_193])(
    'takes %d rows of one key, of a key each, and of two requesters in turn',
    async (count) => {
      const make = (key: (i: number) => string, varies: boolean): Row[] =>
        Array.from({ length: count }, (_, i) => ({
          key: key(i),
          time: 1_700_000_000 + ((i * 7_919) % 86_400),
          requester: varies ? i % 2 : 3,
          sent: varies ? BigInt(i * i) : 4_096n,
          download: varies ? i % 3 === 0 : true,
        }));
      await expectSameRows(make(() => 'one/key', true));
      await expectSameRows(make(() => 'one/key', false));
      await expectSameRows(make((i) => `ds/sub-${i % 10}/${i}`, true));
    },
  );

  it.each([
    ['GZIP', 2_000],
    ['SNAPPY', 60_000],
  ])(
    'takes many keys, some longer than a piece of the dictionary, and many requesters (%s)',
    async (codec, runs) => {
      const rows = Array.from({ length: 60_000 }, (_, i) => ({
        key:
          i % 20_000 === 7
            ? `${'long/'.repeat(40_000)}${i}`
            : `ds${(i % runs) % 90}/sub-${(i % runs) % 977}/recording-run-${i % runs}`,
        time: 1_700_000_000 + ((i * 7_919) % 8_640_000),
        requester: (i * 31) % 40_000,
        sent: i % 2 === 0 ? BigInt(i % 90) : BigInt(i) * 77_777n,
        download: i % 2 === 0,
      }));
      await expectSameRows(rows);
      const path = save(encodeFile(encodeRecordColumns(columnsOf(rows)), rows.length));
      const used = await connection.runAndReadAll(
        `SELECT compression FROM parquet_metadata('${path}') WHERE path_in_schema = 'key'`,
      );
      expect(used.getRows()).toEqual([[codec]]);
    },
  );

  it('does not depend on what it encoded before', () => {
    const small = columnsOf([{ key: 'k', time: 5, requester: 1, sent: 9n, download: true }]);
    const before = Buffer.from(encodeFile(encodeRecordColumns(small), 1));
    const rows = Array.from({ length: 5_000 }, (_, i) => ({
      key: `${i % 1_000}`,
      time: i,
      requester: i,
      sent: 2n ** 62n - BigInt(i),
      download: false,
    }));
    encodeRecordColumns(columnsOf(rows));
    expect(Buffer.from(encodeFile(encodeRecordColumns(small), 1)).equals(before)).toBe(true);
  });

  it('brings downloads of one size together, so that they cost next to nothing', () => {
    const bytesOf = (sentOf: (i: number) => bigint): number => {
      const rows = Array.from({ length: 40_000 }, (_, i) => ({
        key: `ds/sub-${i % 40}`,
        time: 1_700_000_000 + ((i * 7_919) % 86_400),
        requester: 1,
        sent: sentOf(i),
        download: (i * 31) % 7 < 4,
      }));
      const column = encodeRecordColumns(columnsOf(rows)).find(({ name }) => name === 'bytes_sent');
      return (column?.data.bytes.length ?? 0) + (column?.dictionary?.bytes.length ?? 0);
    };
    const noise = (i: number): bigint => {
      const mixed = Math.imul(i ^ (i >>> 7), 0x85ebca6b);
      return BigInt(Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35) >>> 0);
    };
    const isDownload = (i: number): boolean => (i * 31) % 7 < 4;
    const mixed = bytesOf((i) => (isDownload(i) ? BigInt(1_000_000 + (i % 40) * 999) : noise(i)));
    expect(mixed).toBeLessThan(bytesOf(noise) * 0.6);
  });

  it('refuses what its ids have no room for', () => {
    const columns = columnsOf([{ key: 'k', time: 5, requester: 1, sent: 9n, download: true }]);
    expect(() => encodeRecordColumns({ ...columns, rows: 0 })).toThrow(RangeError);
    expect(() => encodeRecordColumns({ ...columns, rows: 2 ** 24 + 1 })).toThrow(RangeError);
    const times = Float64Array.of(0, 2 ** 40);
    expect(() => encodeRecordColumns({ ...columns, rows: 2, times })).toThrow(RangeError);
  });

  it('tells the least and the greatest of times and bytes sent', async () => {
    const rows = [3n, 2n ** 63n - 1n, 2n ** 53n + 1n].map((sentBytes, i) => ({
      key: 'k',
      time: 1_700_000_000 - i,
      requester: 0,
      sent: sentBytes,
      download: false,
    }));
    const path = save(encodeFile(encodeRecordColumns(columnsOf(rows)), rows.length));
    const result = await connection.runAndReadAll(
      `SELECT stats_min_value, stats_max_value FROM parquet_metadata('${path}')
       WHERE path_in_schema IN ('time', 'bytes_sent') ORDER BY path_in_schema`,
    );
    expect(result.getRows()).toEqual([
      ['3', '9223372036854775807'],
      ['1699999998', '1700000000'],
    ]);
  });
});
