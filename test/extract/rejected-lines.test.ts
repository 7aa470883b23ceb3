import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import type { FoundFile } from '../../src/extract/read-log-file.js';
import { type RejectedLimits, RejectedLines } from '../../src/extract/rejected-lines.js';
import { logPath } from '../../src/source/log-path.js';
import { modifiedTime } from '../../src/source/modified-time.js';
import { scratchDirectory } from '../support/scratch.js';
import { compressedBlocks, zstdFrame } from '../support/zstd-frames.js';
import { soundLine } from '../validation/sound-logs.js';

const LIMITS: RejectedLimits = { mostLines: 10, mostBytes: 16 << 20, mostLineBytes: 1000 };

function fileOf(content: string | Uint8Array): FoundFile {
  const path = join(scratchDirectory(), 'a.log');
  writeFileSync(path, content);
  const stats = statSync(path);
  return { path: logPath(path), sizeBytes: stats.size, modifiedMs: modifiedTime(stats) };
}

async function rejectedIn(content: string | Uint8Array, limits: Partial<RejectedLimits> = {}) {
  const lines = new RejectedLines({ ...LIMITS, ...limits });
  const found = await lines.of(fileOf(content));
  return found.map(({ bytes, record, ...rest }) => ({ ...rest, text: String(bytes), record }));
}

describe('rejected lines', () => {
  const sound = `${soundLine(1)}\n`;
  const text = `${sound}bad one\n${sound}\nbad two`;
  it.each([
    ['plain', (all: string) => Buffer.from(all)],
    ['gzip', (all: string) => gzipSync(all)],
    ['zstd', (all: string) => zstdFrame(Buffer.from(all), compressedBlocks(Buffer.from(all)))],
  ])('are found in %s files, with what is wrong and where', async (_name, encode) => {
    expect(await rejectedIn(encode(text))).toEqual([
      { offset: sound.length, reason: 'truncated_before_time', text: 'bad one', record: undefined },
      {
        offset: 2 * sound.length + 8,
        reason: 'truncated_before_bucket_owner',
        text: '',
        record: undefined,
      },
      {
        offset: 2 * sound.length + 9,
        reason: 'truncated_before_time',
        text: 'bad two',
        record: undefined,
      },
    ]);
    expect(await rejectedIn(encode(text), { mostLines: 1, mostLineBytes: 3 })).toMatchObject([
      { text: 'bad' },
    ]);
  });

  it('are looked for in one file after the other', async () => {
    const lines = new RejectedLines(LIMITS);
    expect(await lines.of(fileOf('x\n'.repeat(1 << 21)))).toHaveLength(10);
    expect(await lines.of(fileOf(sound))).toEqual([]);
    expect((await lines.of(fileOf(`${sound}x`))).map(({ offset }) => offset)).toEqual([
      sound.length,
    ]);
  });

  it('are the records of structured lines, as they stand there', async () => {
    const records = [
      { schema_version_id: 'V_2_0' },
      { schema_version_id: 'V_1_0', remote_ip: 7 },
      { schema_version_id: 'V_1_0', bucket_name: 'b', request_time: 'now', remote_ip: null },
    ];
    const found = await rejectedIn(`${JSON.stringify(records)}\n{"schema_version_id":\n`);
    expect(found.map(({ reason, record, offset }) => [reason, record, offset])).toEqual([
      ['structured_unknown_version', records[0], 0],
      ['structured_invalid_field', records[1], 0],
      ['structured_invalid_field', records[2], 0],
      ['structured_not_json', undefined, JSON.stringify(records).length + 1],
    ]);
  });

  it('may be too long: their beginning is kept', async () => {
    const long = `${'y'.repeat(3 << 20)}\n`;
    const found = await rejectedIn(`${long}x\n`);
    expect(found).toMatchObject([
      { offset: 0, reason: 'line_too_long', text: 'y'.repeat(1000) },
      { offset: long.length, reason: 'truncated_before_bucket', text: 'x' },
    ]);
  });

  it('that stand far behind are not looked for, nor is what never ends', async () => {
    const far = `${sound.repeat((3 << 20) / sound.length)}x\n`;
    expect(await rejectedIn(far)).toHaveLength(1);
    expect(await rejectedIn(far, { mostBytes: 1 << 20 })).toEqual([]);
    const lines = new RejectedLines({ ...LIMITS, mostBytes: 4 << 20 });
    // A hundred times what it is stored in.
    expect(await lines.of(fileOf(gzipSync(Buffer.alloc(200 << 20))))).toHaveLength(1);
    expect(lines.bytes).toBeLessThan(40 << 20);
  });

  it('of a file that is damaged, or other than it was, are those found until then', async () => {
    const { modifiedMs, ...file } = fileOf('x\n');
    const lines = new RejectedLines(LIMITS);
    expect(await lines.of({ ...file, modifiedMs: modifiedMs - 1000 })).toEqual([]);
    expect(await lines.of(fileOf(gzipSync('x\n').subarray(0, 15)))).toEqual([]);
  });
});
