import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { afterAll, describe, expect, it } from 'vitest';
import {
  encodeRecords,
  type RecordColumns,
  recordsFile,
  storeSegment,
  writeLedger,
  writeRecords,
} from '../../cache/segment-writer.js';

const folder = mkdtempSync(join(tmpdir(), 'segments-'));
afterAll(() => rmSync(folder, { recursive: true }));

const columns: RecordColumns = {
  rows: 3,
  keys: { bytes: Buffer.from('ab'), offsets: Uint32Array.of(0, 1, 2), count: 2 },
  keyIds: Uint32Array.of(1, 0, 1),
  times: Float64Array.of(1_700_000_000, 1_700_000_001, 1_700_000_002),
  requesters: new Uint8Array(32).fill(7, 16),
  requesterIds: Uint32Array.of(0, 1, 1),
  bytesLow: Uint32Array.of(1, 2, 3),
  bytesHigh: new Uint32Array(3),
  downloads: Uint8Array.of(1, 0, 1),
};

describe('storeSegment', () => {
  it('stores what writeRecords writes, and tells its size and hash', async () => {
    const bytes = encodeRecords(columns);
    const stored = await storeSegment(folder, recordsFile('later-1'), columns.rows, bytes);
    const written = writeRecords(folder, 'at-once-1', columns);
    expect(stored).toEqual({ ...written, file: 'later-1.records.parquet' });
    expect(written.file).toBe('at-once-1.records.parquet');
    const read = readFileSync(join(folder, stored.file));
    expect(read.equals(bytes)).toBe(true);
    expect(read.equals(readFileSync(join(folder, written.file)))).toBe(true);
    expect(stored.bytes).toBe(read.length);
    expect(stored.sha256).toBe(createHash('sha256').update(read).digest('hex'));
    expect(statSync(join(folder, stored.file)).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind when it fails', async () => {
    const inner = join(folder, 'failing');
    // A folder in the place of the file: the rename fails, after all has been written.
    mkdirSync(join(inner, 'x.records.parquet', 'full'), { recursive: true });
    await expect(
      storeSegment(inner, 'x.records.parquet', 1, new Uint8Array(9)),
    ).rejects.toMatchObject({ code: 'CACHE_WRITE_FAILED' });
    expect(readdirSync(inner)).toEqual(['x.records.parquet']);
    await expect(
      storeSegment(join(folder, 'missing'), 'x.records.parquet', 1, new Uint8Array(9)),
    ).rejects.toMatchObject({ code: 'CACHE_WRITE_FAILED' });
  });
});

describe('writeLedger', () => {
  it('keeps of a path what its name does not say', async () => {
    const paths = [
      ['a-1', 'a-1'],
      ['a-1', 'x/y/a-1'],
      ['a-1', 'x/a-1.gz'],
      ['a-1', 'x/ba-1'],
      ['x/é', 'x/é'],
      ['1', '11/1'],
      ['long/name', 'name'],
    ];
    const numbers = { sizeBytes: 1, modifiedMs: 2, encoding: 0, check: 3, contentBytes: 1 };
    const account = { lines: 1, kept: 1, skipped: 0, rejected: 0 };
    const rows = paths.map(([name, path]) => ({ name, path, ...numbers, ...account }));
    const { file } = writeLedger(folder, 'ledger', rows);
    const bytes = readFileSync(join(folder, file));
    const buffer = bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length);
    const read = await parquetReadObjects({
      file: buffer as ArrayBuffer,
      columns: ['name', 'path'],
      compressors: { GZIP: (input) => gunzipSync(input) },
    });
    expect(read.map(({ name, path }) => [name, path])).toEqual([
      ['a-1', ''],
      ['a-1', 'x/y/'],
      ['a-1', 'x/a-1.gz'],
      ['a-1', 'x/ba-1'],
      ['x/é', ''],
      ['1', '11/'],
      ['long/name', 'name'],
    ]);
    const whole = read.map(({ name, path }) =>
      path === '' || path.endsWith('/') ? path + name : path,
    );
    expect(whole).toEqual(paths.map(([, path]) => path));
  });
});
