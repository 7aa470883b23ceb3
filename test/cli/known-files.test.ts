import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { logText } from '../support/truth.js';

const FILES = 1_500;

it('files that are known stay known, whatever becomes of their index', async () => {
  const sandbox = new Sandbox();
  const text = logText([{ key: 'ds1/x', time: 1_700_000_000, client: 1 }]);
  for (let i = 0; i < FILES; i++) sandbox.write(`${i % 3}/log-${i}`, text);
  expect((await sandbox.done('extract', 'logs')).files).toMatchObject({ extracted: FILES });
  const ledger = join(sandbox.cache, 'ledger');
  const status = await sandbox.done('status');
  const known = { found: FILES, known: FILES, extracted: 0, failed: 0 };
  for (const damage of [
    () => {},
    () => rmSync(ledger, { recursive: true }),
    () => writeFileSync(join(ledger, 'manifest.json'), ''),
    () => {
      const part = readdirSync(ledger).find((name) => name.endsWith('.part')) ?? '';
      const bytes = readFileSync(join(ledger, part));
      bytes[bytes.length >> 1] ^= 1;
      writeFileSync(join(ledger, part), bytes);
    },
  ]) {
    damage();
    const { files } = await sandbox.done('extract', 'logs', '--dry-run');
    expect(files).toMatchObject({ found: FILES, known: FILES, new: 0 });
    expect(await sandbox.done('status')).toEqual(status);
    expect((await sandbox.done('extract', 'logs')).files).toEqual(known);
  }
  await sandbox.done('reset', 'extraction', '--yes');
  expect(existsSync(ledger)).toBe(false);
  expect((await sandbox.done('extract', 'logs')).files).toMatchObject({ extracted: FILES });
});

// A run that began at the file itself knew it by its base name; one that began at its folder counted it again.
it.each([
  ['logs/sub/x.log', 'logs'],
  ['logs', 'logs/sub/x.log'],
  ['logs/sub', 'logs/sub/x.log'],
])('a file counts once, extracted from %s and then from %s', async (first, second) => {
  const sandbox = new Sandbox();
  sandbox.write('sub/x.log', logText([{ key: 'ds1/x', time: 1_700_000_000, client: 1 }]));
  const { files } = await sandbox.done('extract', first);
  expect(files).toMatchObject({ extracted: 1 });
  expect((await sandbox.done('extract', second)).files).toMatchObject({ known: 1, extracted: 0 });
  expect((await sandbox.done('status')).lines.total).toBe(1);
});

// Where a run began was compared as it was written: by a link to a folder below, all counted again.
it.each([
  ['logs', 'sub-link'],
  ['sub-link', 'logs'],
  ['logs-link', 'sub-link'],
  ['sub-link', 'logs-link/sub'],
  ['logs', 'sub-link/x.log'],
  ['file-link', 'logs-link'],
])(
  'a file counts once, extracted from %s and then from %s, whatever is a link',
  async (first, second) => {
    const sandbox = new Sandbox();
    sandbox.write('sub/x.log', logText([{ key: 'ds1/x', time: 1_700_000_000, client: 1 }]));
    symlinkSync('logs', join(sandbox.root, 'logs-link'));
    symlinkSync('logs/sub', join(sandbox.root, 'sub-link'));
    symlinkSync('logs/sub/x.log', join(sandbox.root, 'file-link'));
    expect((await sandbox.done('extract', first)).files).toMatchObject({ extracted: 1 });
    expect((await sandbox.done('extract', second)).files).toMatchObject({ known: 1, extracted: 0 });
    expect((await sandbox.done('status')).lines.total).toBe(1);
  },
);

// The index is derived: nothing in its place may make a run fail.
it.each([
  ['a file', (ledger: string) => writeFileSync(ledger, '')],
  [
    'a folder for a manifest',
    (ledger: string) => mkdirSync(join(ledger, 'manifest.json'), { recursive: true }),
  ],
  [
    'a folder for a part',
    (ledger: string) => mkdirSync(join(ledger, '0123456789abcdef.part'), { recursive: true }),
  ],
])(
  '%s in the place of the index stops neither extract nor status nor reset',
  async (_, obstruct) => {
    const sandbox = new Sandbox();
    sandbox.write('x.log', logText([{ key: 'ds1/x', time: 1_700_000_000, client: 1 }]));
    await sandbox.done('extract', 'logs');
    rmSync(join(sandbox.cache, 'ledger'), { recursive: true });
    obstruct(join(sandbox.cache, 'ledger'));
    expect((await sandbox.done('status')).files).toBe(1);
    sandbox.write('y.log', logText([{ key: 'ds1/y', time: 1_700_000_000, client: 1 }]));
    expect((await sandbox.done('extract', 'logs')).files).toMatchObject({ known: 1, extracted: 1 });
    expect((await sandbox.done('status')).files).toBe(2);
    await sandbox.done('reset', 'extraction', '--yes');
    expect((await sandbox.done('status')).files).toBe(0);
  },
);
