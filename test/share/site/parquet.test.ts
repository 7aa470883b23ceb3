import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { parquetReadObjects } from 'hyparquet';
import { describe, expect, test } from 'vitest';
import { encodeFile } from '../../../cache/parquet/encode-file.js';
import {
  dateColumn,
  optionalNumberColumn,
  sortedTextColumn,
} from '../../../cache/parquet/optional-column.js';
import { sqlString } from '../../../cache/sql.js';
import { tableParquet, totalsParquet } from '../../../src/share/site/table-parquet.js';
import { scratchDirectory } from '../../support/scratch.js';

/** As DuckDB reads it. */
async function rowsOf(files: readonly (readonly [string, Uint8Array | undefined])[], sql: string) {
  const folder = scratchDirectory();
  for (const [name, bytes] of files) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), bytes as Uint8Array);
  }
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  try {
    const reader = await connection.runAndReadAll(sql.replaceAll('DIR', folder));
    return reader.getRowsJson();
  } finally {
    connection.closeSync();
    instance.closeSync();
  }
}

const TABLE = {
  columns: ['asset_path', 'bytes_sent', 'number_of_requests', 'number_of_downloads'],
  rows: [
    ['=x', '7', '<50', '<50'],
    ['a/b', '9007199254740993', '60', '<50'],
    ['a/b\tc', '0', '80', '60'],
  ],
};

describe('a copy of a table', () => {
  test('has its values, the dataset, and null for what is suppressed', async () => {
    const bytes = tableParquet('ds "é"', 'by_asset.tsv', TABLE);
    const rows = await rowsOf([['a.parquet', bytes]], "FROM 'DIR/a.parquet'");
    expect(rows).toEqual([
      ['ds "é"', '=x', '7', null, null],
      ['ds "é"', 'a/b', '9007199254740993', '60', null],
      ['ds "é"', 'a/b\tc', '0', '80', '60'],
    ]);
    const objects = await parquetReadObjects({ file: Uint8Array.from(bytes ?? []).buffer });
    expect(objects[1]).toEqual({
      dataset: 'ds "é"',
      asset_path: 'a/b',
      bytes_sent: 9007199254740993n,
      number_of_requests: 60n,
      number_of_downloads: null,
    });
  });

  test('is one table with those of other datasets, days are dates', async () => {
    const table = (day: string) => ({ columns: ['date'], rows: [[day, '5', '60', '<50']] });
    const files = ['ds1', 'ds2'].map(
      (name, i) =>
        [
          `${name}/by_day.parquet`,
          tableParquet(name, 'by_day.tsv', table(`196${i * 9}-12-31`)),
        ] as const,
    );
    const types = "SELECT column_type FROM (DESCRIBE FROM 'DIR/*/by_day.parquet')";
    expect((await rowsOf(files, types)).flat()).toEqual([
      'VARCHAR',
      'DATE',
      'BIGINT',
      'BIGINT',
      'BIGINT',
    ]);
    expect(await rowsOf(files, "SELECT * FROM 'DIR/*/by_day.parquet' ORDER BY dataset")).toEqual([
      ['ds1', '1960-12-31', '5', '60', null],
      ['ds2', '1969-12-31', '5', '60', null],
    ]);
  });

  test('by week has a row for each week and asset of which something was sent', async () => {
    const table = {
      columns: ['week_start', 'a', 'b'],
      rows: [
        ['2024-01-01', '0', '5'],
        ['2024-01-08', '7', '0'],
      ],
    };
    const bytes = tableParquet(undefined, 'by_asset_per_week.tsv', table);
    expect(await rowsOf([['a', bytes]], "FROM read_parquet('DIR/a')")).toEqual([
      ['2024-01-08', 'a', '7'],
      ['2024-01-01', 'b', '5'],
    ]);
  });

  test('of totals has a row for each dataset', async () => {
    const totals = {
      number_of_requesters: '<50',
      number_of_unique_countries: 2,
      number_of_unique_regions: 3,
      total_bytes_sent: 2n ** 70n,
      total_number_of_downloads: 60,
      total_number_of_requests: 80,
    };
    const bytes = totalsParquet(new Map([['ds1', totals]]));
    expect(await rowsOf([['a', bytes]], "FROM read_parquet('DIR/a')")).toEqual([
      ['ds1', null, '2', '3', String(2n ** 70n), '60', '80'],
    ]);
  });

  test('is the same bytes each time', () => {
    const [one, other] = [0, 1].map(() => tableParquet('ds1', 'by_asset.tsv', TABLE));
    expect(Buffer.from(one ?? [])).toEqual(Buffer.from(other ?? []));
  });
});

test('optional numbers, dates and sorted texts come back as they were, to two readers', async () => {
  const number = fc.option(
    fc.oneof(fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 63n - 1n), fc.bigInt(0n, 2n ** 90n)),
  );
  const row = fc.tuple(
    number,
    fc.option(fc.bigInt(0n, 99n), { freq: 2 }),
    fc.integer({ min: -200_000, max: 200_000 }),
    fc.string({ unit: 'grapheme', maxLength: 40 }),
  );
  await fc.assert(
    fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 300 }), async (rows) => {
      const bytes = encodeFile(
        [
          optionalNumberColumn(
            'wide',
            rows.map((r) => r[0]),
          ),
          optionalNumberColumn(
            'small',
            rows.map((r) => r[1]),
          ),
          dateColumn(
            'day',
            rows.map((r) => r[2]),
          ),
          sortedTextColumn(
            'text',
            rows.map((r) => r[3]),
          ),
        ],
        rows.length,
      );
      const sql = `SELECT wide::VARCHAR, small::VARCHAR, day - DATE '1970-01-01', text FROM read_parquet(${sqlString('DIR/a')}, file_row_number = true) ORDER BY file_row_number`;
      const expected = rows.map(([wide, small, day, text]) => [
        wide === null ? null : String(wide),
        small === null ? null : String(small),
        String(day),
        text,
      ]);
      expect(await rowsOf([['a', bytes]], sql)).toEqual(expected);
      const objects = await parquetReadObjects({ file: Uint8Array.from(bytes).buffer });
      expect(
        objects.map((object) => [object.small === null ? null : String(object.small), object.text]),
      ).toEqual(expected.map(([, small, , text]) => [small, text]));
    }),
    { numRuns: 40 },
  );
}, 60_000);
