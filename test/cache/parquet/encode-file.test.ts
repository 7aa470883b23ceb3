import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { asyncBufferFromFile, parquetReadObjects } from 'hyparquet';
import { afterAll, describe, expect, it } from 'vitest';
import {
  booleanColumn,
  dictionaryFixedColumn,
  dictionaryTextColumn,
  int64Column,
  numberColumn,
  textColumn,
} from '../../../cache/parquet/column.js';
import { encodeFile } from '../../../cache/parquet/encode-file.js';

const folder = mkdtempSync(join(tmpdir(), 'parquet-'));
afterAll(() => rmSync(folder, { recursive: true }));

interface Row {
  text: number;
  fixed: number;
  big: bigint;
  time: number;
  flag: boolean;
  note: string;
}

const words = [
  '',
  'ds000001/sub-01/a',
  'é🔥',
  'x'.repeat(3000),
  ...Array.from({ length: 500 }, (_, i) => `key/${i}`),
];
const blocks = Array.from({ length: 300 }, (_, i) => Buffer.alloc(16, i % 251).fill(i >> 4, 3, 5));

function encode(rows: readonly Row[]): Uint8Array {
  const offsets = new Uint32Array(words.length + 1);
  const bytes = Buffer.concat(words.map((word) => Buffer.from(word)));
  words.forEach((word, i) => {
    offsets[i + 1] = offsets[i] + Buffer.byteLength(word);
  });
  const low = Uint32Array.from(rows, (row) => Number(row.big & 0xffffffffn));
  const high = Uint32Array.from(rows, (row) => Number(row.big >> 32n));
  return encodeFile(
    [
      dictionaryTextColumn(
        'text',
        { bytes, offsets, count: words.length },
        Uint32Array.from(rows, (r) => r.text),
        rows.length,
      ),
      dictionaryFixedColumn(
        'fixed',
        16,
        Buffer.concat(blocks),
        Uint32Array.from(rows, (r) => r.fixed),
        rows.length,
      ),
      int64Column('big', low, high, rows.length),
      numberColumn(
        'time',
        Float64Array.from(rows, (r) => r.time),
        rows.length,
      ),
      booleanColumn(
        'flag',
        Uint8Array.from(rows, (r) => Number(r.flag)),
        rows.length,
      ),
      textColumn(
        'note',
        rows.map((r) => r.note),
      ),
    ],
    rows.length,
  );
}

const expected = (rows: readonly Row[]) =>
  rows.map((r) => ({
    text: words[r.text],
    fixed: blocks[r.fixed].toString('hex'),
    big: r.big,
    time: BigInt(r.time),
    flag: r.flag,
    note: r.note,
  }));

const rowOf = (big: fc.Arbitrary<bigint>) =>
  fc.record({
    text: fc.nat(words.length - 1),
    fixed: fc.nat(blocks.length - 1),
    big,
    time: fc.nat({ max: 2 ** 40 }),
    flag: fc.boolean(),
    note: fc.string({ unit: 'grapheme' }),
  });

/** Rows that repeat, so that runs, groups of eight and their borders all occur. */
const rowsOf = (big: fc.Arbitrary<bigint>) =>
  fc
    .array(fc.tuple(rowOf(big), fc.oneof(fc.constant(1), fc.nat(40), fc.nat(400))), {
      minLength: 1,
      maxLength: 60,
    })
    .map((runs) => runs.flatMap(([row, times]) => Array.from({ length: times + 1 }, () => row)));

describe('encodeFile', () => {
  it('writes what hyparquet and DuckDB read back, whatever the values', async () => {
    const instance = await DuckDBInstance.create(':memory:');
    const connection = await instance.connect();
    let files = 0;
    const sizes = [fc.bigInt(0n, 300n), fc.bigInt(0n, 2n ** 52n), fc.bigInt(0n, 2n ** 63n - 1n)];
    await fc.assert(
      fc.asyncProperty(fc.oneof(...sizes.map(rowsOf)), async (rows) => {
        // DuckDB keeps what it read by name, size and time: a name is used once.
        const path = join(folder, `${++files}.parquet`);
        writeFileSync(path, encode(rows));
        const want = expected(rows);
        const file = await asyncBufferFromFile(path);
        const compressors = { GZIP: (input: Uint8Array) => new Uint8Array(gunzipSync(input)) };
        const read = await parquetReadObjects({ file, compressors, utf8: false });
        expect(read.map((r) => ({ ...r, fixed: Buffer.from(r.fixed).toString('hex') }))).toEqual(
          want,
        );
        const result = await connection.runAndReadAll(
          `SELECT text, lower(hex(fixed)) AS fixed, big, time, flag, note FROM read_parquet('${path}')`,
        );
        expect(result.getRowObjects()).toEqual(want);
      }),
      { numRuns: 60 },
    );
    connection.closeSync();
    instance.closeSync();
  });
});
