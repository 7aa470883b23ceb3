import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { compressedBlocks, zstdFrame } from '../support/zstd-frames.js';
import { SoundLogs, soundLine } from './sound-logs.js';

describe('lines of findings', () => {
  it.each([
    ['plain', (text: Buffer) => text, ''],
    ['gzip', gzipSync, '.gz'],
    ['zstd', (text: Buffer) => zstdFrame(text, compressedBlocks(text)), '.zst'],
  ])('are shown on demand only, masked, from %s files', async (_name, encode, suffix) => {
    const logs = new SoundLogs();
    const agent = 'for 198.51.100.7';
    logs.plant(0, 0, soundLine(0, { status: '20x', ip: '2001:db8::77', agent }));
    logs.plant(0, 19, 'no line');
    logs.plant(2, 5, soundLine(45, { ip: '300.1.2.3' }));
    logs.write(encode as (text: Buffer) => Uint8Array, suffix);
    const silent = await logs.validate('lines');
    expect(silent.findings.map((finding) => 'line' in finding)).toEqual([false, false, false]);
    // Known from the first run: lines are kept nowhere.
    const { findings, files } = await logs.validate('lines', { showLines: true });
    expect(files.read).toBe(0);
    expect(findings.map(({ line }) => line)).toEqual([
      soundLine(0, { status: '20x', ip: '[address]', agent: 'for [address]' }),
      'no line',
      soundLine(45, { ip: '[address]' }),
    ]);
    expect(findings.map(({ line: _line, ...rest }) => rest)).toEqual(silent.findings);
  });
});
