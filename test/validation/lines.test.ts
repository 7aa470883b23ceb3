import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { LONGEST_LINE } from '../../src/extract/record-batch.js';
import { generateBenchmark } from '../../src/testing/generate-benchmark.js';
import { scratchDirectory } from '../support/scratch.js';
import { compressedBlocks, zstdFrame } from '../support/zstd-frames.js';
import { SoundLogs, soundLine, told } from './sound-logs.js';

/** A defect of every field, and what extraction calls it. */
const DEFECTS: readonly [reason: string, text: string][] = [
  ['truncated_before_bucket_owner', ''],
  ['invalid_time', soundLine(1, { time: '31/Feb/2024:00:00:00 +0000' })],
  ['invalid_remote_ip', soundLine(1, { ip: '300.1.2.3' })],
  ['invalid_operation', soundLine(1, { operation: 'GET' })],
  ['key_bad_percent_escape', soundLine(1, { key: 'a%2' })],
  ['invalid_request_uri', soundLine(1, { target: '/a b' })],
  ['invalid_http_status', soundLine(1, { status: '20x' })],
  ['invalid_bytes_sent', soundLine(1, { sent: '-5' })],
  ['invalid_object_size', soundLine(1, { size: 'many', sent: '5' })],
  ['truncated_before_http_status', soundLine(1).replace(/ 200 .*/, '')],
  ['truncated_referer_or_user_agent', soundLine(1).replace(/curl.*/, '')],
  ['two_records_in_one_line', soundLine(1) + soundLine(2)],
];

describe('the protocol "lines"', () => {
  it('finds nothing in sound logs', async () => {
    const logs = new SoundLogs();
    logs.write();
    const report = await logs.validate('lines');
    expect(told(report)).toEqual([]);
    expect(report).toMatchObject({ lines: 60, files: { found: 3, read: 3, failed: 0 } });
    expect(report.protocols).toMatchObject([{ protocol: 'lines', findings: 0, reasons: [] }]);
  });

  it.each(DEFECTS)('finds %s, planted alone, and nothing else', async (reason, text) => {
    const logs = new SoundLogs();
    const { file, offset } = logs.plant(1, 7, text);
    logs.write();
    const report = await logs.validate('lines');
    expect(told(report)).toEqual([`lines ${reason} ${file}:${offset}`]);
    expect(report.protocols[0]?.reasons).toMatchObject([
      { reason, claim: 'line-parses', lines: 1, records: 0, bytes: '0' },
    ]);
  });

  it.each([
    ['gzip', gzipSync, '.gz'],
    ['zstd', (text: Buffer) => zstdFrame(text, compressedBlocks(text)), '.zst'],
  ])('finds it in %s at the offset in the content', async (_name, encode, suffix) => {
    const logs = new SoundLogs();
    const { file, offset } = logs.plant(2, 19, 'no line');
    logs.write(encode as (text: Buffer) => Uint8Array, suffix);
    expect(told(await logs.validate('lines'))).toEqual([
      `lines truncated_before_time ${file}${suffix}:${offset}`,
    ]);
  });

  it('finds a line that is too long to be looked at, and goes on behind it', async () => {
    const logs = new SoundLogs();
    const first = logs.plant(0, 3, soundLine(1, { agent: 'x'.repeat(2 * LONGEST_LINE) }));
    const second = logs.plant(0, 5, 'no line');
    logs.write();
    expect(told(await logs.validate('lines'))).toEqual([
      `lines line_too_long ${first.file}:${first.offset}`,
      `lines truncated_before_time ${second.file}:${second.offset}`,
    ]);
  });

  it('tells the first findings, and counts all', async () => {
    const logs = new SoundLogs();
    const planted = [0, 1, 2].flatMap((file) => [3, 9].map((line) => logs.plant(file, line, 'x')));
    logs.write();
    for (const maxFindings of [0, 1, 3, 6, 100]) {
      const report = await logs.validate('lines', { maxFindings });
      expect(told(report)).toEqual(
        planted
          .slice(0, maxFindings)
          .map(({ file, offset }) => `lines truncated_before_bucket ${file}:${offset}`),
      );
      expect(report.protocols[0]?.findings).toBe(6);
    }
  });

  it('looks at no more files than asked, and tells of those that cannot be read', async () => {
    const logs = new SoundLogs();
    logs.write();
    writeFileSync(join(logs.source, '0.gz'), Buffer.from('1f8b08000000', 'hex'));
    const warnings: string[] = [];
    const onWarning = (message: string) => void warnings.push(message);
    const report = await logs.validate('lines', { limit: 2, onWarning });
    expect(report.files).toEqual({ found: 2, read: 1, known: 0, failed: 1 });
    expect(warnings).toEqual([
      `Could not read ${join(logs.source, '0.gz')}: damaged gzip data (unexpected end of file).`,
    ]);
  });

  it('comes to what the truth of a benchmark says', async () => {
    const directory = join(scratchDirectory(), 'logs');
    const truth = await generateBenchmark({ directory, sizeMb: 4, keys: 300, addresses: 100 });
    const logs = new SoundLogs(0);
    const report = await logs.validate('lines', { source: directory });
    expect(report).toMatchObject({ lines: truth.lines.total, bytes: truth.bytes });
    const reasons = report.protocols[0]?.reasons.map(({ reason, lines }) => [reason, lines]) ?? [];
    expect(Object.fromEntries(reasons)).toEqual(truth.lines.reasons);
  });

  it('ends when it is asked to, and says so', async () => {
    const logs = new SoundLogs();
    logs.write();
    const report = await logs.validate('lines', { shouldStop: () => true });
    expect(report).toMatchObject({ stopped: true, lines: 0, files: { read: 0 } });
  });
});
