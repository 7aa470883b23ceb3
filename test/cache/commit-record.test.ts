import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import {
  type CommitRecord,
  commitName,
  commitText,
  readCommit,
} from '../../cache/commit-record.js';
import { cachePaths } from '../../cache/paths.js';
import { scratchDirectory } from '../support/scratch.js';

const COMMIT = '20260101T000000000Z-0123abcd-000001';
const segment = (end: string) => ({
  file: `${COMMIT}${end}`,
  rows: 0,
  bytes: 1,
  sha256: 'a'.repeat(64),
});
const record: CommitRecord = {
  version: 1,
  commit: COMMIT,
  createdAt: '2026-01-01T00:00:00.000Z',
  schema: 1,
  mode: 'generic',
  source: '/logs',
  records: [segment('-w0-1.records.parquet')],
  rejects: [],
  files: segment('.files.parquet'),
  bytes: 0,
  lines: { total: 0, kept: 0, skipped: 0, rejected: 0, reasons: {}, notes: {} },
};

function read(outputs: CommitRecord['outputs']): CommitRecord {
  const paths = cachePaths(scratchDirectory());
  mkdirSync(paths.commits);
  writeFileSync(join(paths.commits, `${COMMIT}.json`), commitText({ ...record, outputs }));
  return readCommit(paths, COMMIT);
}

it('takes files of its own', () => {
  expect(read([segment('-w0-1.kinds.output')]).outputs).toHaveLength(1);
});

it.each([
  '-w0-1/../../x.output',
  '-w0-1\\x.output',
  '-\0.output',
  '-\n.output',
  '-ä.output',
  `-${'x'.repeat(300)}.output`,
])('refuses a name that no file of a cache has: %j', (end) => {
  expect(() => read([segment(end)])).toThrow('names a file that is not its own');
});

it('refuses a file named twice, which would count twice', () => {
  expect(() => read([segment('-w0-1.records.parquet')])).toThrow('names a file twice');
});

it('a clock beyond four digits of years, or before 1970, names no commit', () => {
  for (const time of [Date.UTC(10_000, 0), Date.UTC(9_999, 11, 31, 23) + 3_600_000, -1]) {
    expect(() => commitName(new Date(time), '0123abcd', 1)).toThrow(
      expect.objectContaining({ code: 'CLOCK_IMPLAUSIBLE' }),
    );
  }
  expect(commitName(new Date(Date.UTC(9_999, 11, 31)), '0123abcd', 1)).toMatch(/^9999/);
});
