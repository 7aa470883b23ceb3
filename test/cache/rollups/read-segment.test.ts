import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { readSegment } from '../../../cache/rollups/read-segment.js';
import { writeRecords } from '../../../cache/segment-writer.js';
import { scratchDirectory } from '../../support/scratch.js';

let folder: string;
let connection: Awaited<ReturnType<DuckDBInstance['connect']>>;
let instance: DuckDBInstance;

beforeEach(async () => {
  folder = scratchDirectory();
  instance = await DuckDBInstance.create(':memory:');
  connection = await instance.connect();
});

afterEach(() => {
  connection.closeSync();
  instance.closeSync();
});

/** Rows as text, in the order of the file. */
function ours(path: string): string[] {
  const rows: string[] = [];
  for (const part of readSegment(readFileSync(path))) {
    const text = ({ strings, ids }: typeof part.keys, row: number, encoding: BufferEncoding) => {
      const { bytes, starts, ends } = strings;
      const id = ids[row] as number;
      return Buffer.from(bytes.subarray(starts[id], ends[id])).toString(encoding);
    };
    const integer = ({ low, high }: typeof part.times, row: number) =>
      (BigInt(high[row] as number) << 32n) + BigInt(low[row] as number);
    for (let row = 0; row < part.rows; row++) {
      rows.push(
        [
          text(part.keys, row, 'utf8'),
          integer(part.times, row),
          text(part.requesters, row, 'hex'),
          integer(part.bytesSent, row),
          part.downloads[row],
        ].join('|'),
      );
    }
  }
  return rows;
}

async function theirs(path: string): Promise<string[]> {
  const reader = await connection.runAndReadAll(
    `SELECT key, time::BIGINT, lower(hex(requester::BLOB)), bytes_sent::BIGINT, download::INTEGER
     FROM read_parquet('${path}', file_row_number = true) ORDER BY file_row_number`,
  );
  return reader.getRows().map((row) => row.join('|'));
}

const WAYS = [
  'PARQUET_VERSION v1, COMPRESSION uncompressed',
  'PARQUET_VERSION v1, COMPRESSION snappy, ROW_GROUP_SIZE 2048',
  'PARQUET_VERSION v1, COMPRESSION gzip, DICTIONARY_SIZE_LIMIT 1',
  'PARQUET_VERSION v2, COMPRESSION zstd, DICTIONARY_SIZE_LIMIT 1',
  'PARQUET_VERSION v2, COMPRESSION lz4_raw, DICTIONARY_SIZE_LIMIT 100',
  'PARQUET_VERSION v2, COMPRESSION snappy, DICTIONARY_SIZE_LIMIT 1, STRING_DICTIONARY_PAGE_SIZE_LIMIT 1',
];

test.each(WAYS)('segments that DuckDB wrote are read as DuckDB reads them: %s', async (way) => {
  const path = join(folder, 'a.parquet');
  await connection.run(
    `COPY (
       SELECT 'ds' || (hash(i) % 9) || '/' || repeat('x', (i % 40)::INT) || (i % 3000) AS key,
         (hash(i) % 4000000000)::BIGINT - 100000 AS time, unhex(md5((i % 700)::VARCHAR)) AS requester,
         CASE WHEN i % 97 = 0 THEN 9223372036854775807 - i ELSE (hash(i + 1) % 5000000000)::BIGINT END AS bytes_sent,
         i % 3 = 0 OR i > 9000 AS download
       FROM range(10000) t(i)
     ) TO '${path}' (FORMAT parquet, ${way})`,
  );
  const found = ours(path);
  expect(found.length).toBe(10_000);
  expect(found).toEqual(await theirs(path));
});

test('segments of this program are read as DuckDB reads them, whatever they hold', async () => {
  const record = fc.record({
    key: fc.nat({ max: 5 }),
    time: fc.oneof(fc.nat({ max: 2 ** 31 - 1 }), fc.constantFrom(0, 253_402_300_799)),
    requester: fc.nat({ max: 3 }),
    bytes: fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), fc.constantFrom(0n, 7n)),
    download: fc.boolean(),
  });
  const keys = ['', 'a', 'é/ü', 'long/'.repeat(50), '\u0000/\u0001', 'ds1/x'];
  const texts = keys.map((key) => Buffer.from(key));
  const offsets = new Uint32Array(texts.length + 1);
  for (const [i, text] of texts.entries()) offsets[i + 1] = (offsets[i] as number) + text.length;
  let n = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(record, { minLength: 1, maxLength: 300 }), async (records) => {
      const sorted = [...records].sort((a, b) => a.key - b.key);
      const { file } = writeRecords(folder, `x-${n++}`, {
        rows: sorted.length,
        keys: { bytes: Buffer.concat(texts), offsets, count: texts.length },
        keyIds: Uint32Array.from(sorted, ({ key }) => key),
        times: Float64Array.from(sorted, ({ time }) => time),
        requesters: Uint8Array.from({ length: 64 }, (_, i) => i * 3),
        requesterIds: Uint32Array.from(sorted, ({ requester }) => requester),
        bytesLow: Uint32Array.from(sorted, ({ bytes }) => Number(bytes & 0xffffffffn)),
        bytesHigh: Uint32Array.from(sorted, ({ bytes }) => Number(bytes >> 32n)),
        downloads: Uint8Array.from(sorted, ({ download }) => (download ? 1 : 0)),
      });
      const path = join(folder, file);
      expect(ours(path)).toEqual(await theirs(path));
    }),
    { numRuns: 40 },
  );
});

test('a column that may be missing values is refused when it is', async () => {
  const path = join(folder, 'a.parquet');
  await connection.run(
    `COPY (SELECT 'k' AS key, CASE WHEN i = 3 THEN NULL ELSE i END AS time, ''::BLOB AS requester,
           i AS bytes_sent, true AS download FROM range(5) t(i)) TO '${path}' (FORMAT parquet)`,
  );
  expect(() => ours(path)).toThrow(RangeError);
});

test('damaged bytes end in an error or in rows, never in a hang', async () => {
  const path = join(folder, 'a.parquet');
  await connection.run(
    `COPY (SELECT 'ds/' || (i % 50) AS key, i AS time, unhex(md5((i % 7)::VARCHAR)) AS requester, i AS bytes_sent,
           i % 2 = 0 AS download FROM range(500) t(i)) TO '${path}' (FORMAT parquet, PARQUET_VERSION v2)`,
  );
  const whole = readFileSync(path);
  for (let at = 4; at < whole.length; at += 7) {
    const bytes = Buffer.from(whole);
    bytes[at] = (bytes[at] as number) ^ 0x55;
    try {
      for (const part of readSegment(bytes)) expect(part.rows).toBeLessThan(1e9);
    } catch (error) {
      expect(error).toBeInstanceOf(Error);
    }
  }
});
