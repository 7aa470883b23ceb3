import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { randomLines } from '../support/random-lines.js';
import { accountOf, expectedTree, logText, recordsOf } from '../support/truth.js';

/** Above the size from which workers share a file, and no multiple of anything. */
const TIMES = 83;
const PIECE = randomLines(1_777, 7);
const text = Buffer.from(logText(PIECE));
const LARGE = Buffer.concat([
  ...Array<Buffer>(TIMES).fill(text),
  Buffer.from(text).subarray(0, -1),
]);
const EXPECTED = expectedTree(
  Array(TIMES + 1)
    .fill(recordsOf(PIECE))
    .flat(),
);
const ACCOUNT = scaled(TIMES + 1);

function scaled(times: number) {
  const { total, kept, skipped, rejected, reasons } = accountOf(PIECE);
  const entries = Object.entries(reasons).map(([name, count]) => [name, count * times] as const);
  return {
    total: total * times,
    kept: kept * times,
    skipped: skipped * times,
    rejected: rejected * times,
    reasons: Object.fromEntries(entries),
  };
}

describe('a log file of more than 64 MiB', () => {
  it.each([
    ['plain', 1],
    ['plain', 2],
    ['plain', 3],
    ['gzip', 2],
  ])('comes to the same, read %s by %i workers', async (form, workers) => {
    expect(LARGE.length).toBeGreaterThan(64 << 20);
    const sandbox = new Sandbox();
    sandbox.write('large', form === 'gzip' ? gzipSync(LARGE, { level: 1 }) : LARGE);
    sandbox.write('empty', '');
    const report = await sandbox.done('extract', 'logs', `--workers=${workers}`);
    expect(report.files).toEqual({ found: 2, known: 0, extracted: 2, failed: 0 });
    expect(report.lines).toMatchObject(ACCOUNT);
    await sandbox.done('update');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(EXPECTED);
  });
});

describe('a log file of nothing but line feeds', () => {
  it('is rejected line by line, in bounded memory', async () => {
    const sandbox = new Sandbox();
    const count = 2_500_000;
    sandbox.write('feeds', '\n'.repeat(count));
    sandbox.write('piece', text);
    const report = await sandbox.done('extract', 'logs');
    const { total, kept, rejected } = accountOf(PIECE);
    expect(report.files).toMatchObject({ extracted: 2, failed: 0 });
    expect(report.lines).toMatchObject({
      total: total + count,
      kept,
      rejected: rejected + count,
    });
    expect(report.lines.reasons.truncated_before_bucket_owner).toBeGreaterThanOrEqual(count);
    await sandbox.done('validate', 'cache');
  });
});
