import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { compress, init } from '@bokuweb/zstd-wasm';
import { describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { randomLines } from '../support/random-lines.js';
import { accountOf, expectedTree, logText, recordsOf } from '../support/truth.js';

await init();

/** Twelve log files of every kind of line, as parts of one whole. */
const PARTS = Array.from({ length: 12 }, (_, i) => randomLines(i === 0 ? 1 : 150, 1 + i));
const ALL = PARTS.flat();
const EXPECTED = expectedTree(recordsOf(ALL));

/** Where and how part `i` is stored. */
type Layout = (i: number, text: string) => readonly [name: string, content: string | Uint8Array];

const unique = (i: number): string =>
  `2024-03-01-0${i % 10}-00-00-${(0xabcdef00 + i).toString(16).toUpperCase().padStart(16, '0')}`;

const LAYOUTS: Record<string, Layout> = {
  'flat, as S3 names them': (i, text) => [unique(i), text],
  'nested and compressed in part': (i, text) => {
    const folder = `111122223333/us-east-1/bucket/2024/03/0${1 + (i % 3)}`;
    if (i % 3 === 0) return [`${folder}/${unique(i)}.gz`, gzipSync(text)];
    if (i % 3 === 1) return [`${folder}/${unique(i)}`, compress(Buffer.from(text), 3)];
    return [`${folder}/${unique(i)}`, text];
  },
  'under any names, the last line without its end': (i, text) => {
    const names = ['access', 'a b.txt', "it's.csv", '-rf', 'x\ny', 'é.data', '$(id)', 'core.tmp'];
    return [`${'deep/'.repeat(i)}${names[i % names.length]}`, text.replace(/\n$/, '')];
  },
};

function store(sandbox: Sandbox, layout: Layout, parts: readonly number[]): number {
  let bytes = 0;
  for (const i of parts) {
    const [name, content] = layout(i, logText(PARTS[i] as (typeof PARTS)[number]));
    sandbox.write(name, content);
    bytes += Buffer.byteLength(content);
  }
  return bytes;
}

const everything = PARTS.map((_, i) => i);

describe('extract and update, on logs whose truth is known', () => {
  for (const [index, [name, layout]] of Object.entries(LAYOUTS).entries()) {
    const workers = index + 1;
    it(`account for every line and publish every byte: ${name}, ${workers} workers`, async () => {
      const sandbox = new Sandbox();
      const bytes = store(sandbox, layout, everything);
      const ended = await sandbox.run(['extract', 'logs', '--json', `--workers=${workers}`]);
      expect(ended.stderr).toBe('');
      expect(ended.status).toBe(0);
      expect(ended.stdout).toMatch(/^[^\n]*\n$/);
      const report = ended.json;
      expect(report).toEqual({
        files: { found: 12, known: 0, extracted: 12, failed: 0 },
        bytes,
        lines: expect.objectContaining(accountOf(ALL)),
        elapsedMs: expect.any(Number),
        stopped: false,
      });
      expect(Object.keys(report)).toEqual(['files', 'bytes', 'lines', 'elapsedMs', 'stopped']);
      expect(Object.keys(report.lines)).toEqual(
        'total kept skipped rejected reasons notes'.split(' '),
      );
      await sandbox.done('update');
      expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(EXPECTED);
    });
  }

  it('publish the same bytes file by file as at once, and extract nothing twice', async () => {
    const sandbox = new Sandbox();
    const layout = LAYOUTS['nested and compressed in part'] as Layout;
    for (const parts of [[11, 3], [0], [5, 4, 6, 7], [1, 2, 8, 9, 10]]) {
      store(sandbox, layout, parts);
      const { extraction } = await sandbox.done('update', '--from', 'logs', '--workers=2');
      expect(extraction.files.extracted).toBe(parts.length);
      expect(extraction.lines).toMatchObject(accountOf(parts.flatMap((i) => PARTS[i] ?? [])));
    }
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(EXPECTED);
    const again = await sandbox.done('extract', 'logs');
    expect(again.files).toEqual({ found: 12, known: 12, extracted: 0, failed: 0 });
    expect(again.lines).toMatchObject(accountOf([]));
    expect((await sandbox.done('status')).lines).toMatchObject(accountOf(ALL));

    rmSync(join(sandbox.cache, 'summaries'), { recursive: true });
    rmSync(join(sandbox.cache, 'rollups'), { recursive: true });
    await sandbox.done('update');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(EXPECTED);
  });

  it('know a log again in another folder, compressed, and beside its copy', async () => {
    const sandbox = new Sandbox();
    const text = logText(PARTS[1] ?? []);
    sandbox.write(`a/${unique(1)}`, text);
    sandbox.write(`b/${unique(1)}`, text);
    const first = await sandbox.done('extract', 'logs');
    expect(first.files).toEqual({ found: 2, known: 1, extracted: 1, failed: 0 });

    mkdirSync(join(sandbox.logs, 'moved'));
    renameSync(join(sandbox.logs, 'a', unique(1)), join(sandbox.logs, 'moved', unique(1)));
    rmSync(join(sandbox.logs, 'b'), { recursive: true });
    sandbox.write(`c/${unique(1)}.gz`, gzipSync(text));
    sandbox.write(`d/${unique(1)}.zst`, compress(Buffer.from(text), 3));
    const second = await sandbox.done('extract', 'logs');
    expect(second.files).toEqual({ found: 3, known: 3, extracted: 0, failed: 0 });
    expect((await sandbox.done('extract', 'logs/c')).files.known).toBe(1);
    await sandbox.done('update');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(
      expectedTree(recordsOf(PARTS[1] ?? [])),
    );
  });

  it('remove what was published of datasets that exist no longer', async () => {
    const sandbox = new Sandbox();
    store(sandbox, LAYOUTS['flat, as S3 names them'] as Layout, [2, 3]);
    await sandbox.done('update', '--from', 'logs');
    rmSync(sandbox.logs, { recursive: true });
    mkdirSync(sandbox.logs);
    await sandbox.done('reset', 'extraction', '--yes');
    const lines = [{ key: 'other/x', time: 1_700_000_000, client: 1, bytes: 5n }];
    sandbox.write('one', logText(lines));
    await sandbox.done('update', '--from', 'logs');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expectedTree(recordsOf(lines)));
    await sandbox.done('reset', 'extraction', '--yes');
    await sandbox.done('update');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(new Map());
  });
});
