import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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
  expect(readdirSync(ledger)).toEqual([]);
  expect((await sandbox.done('extract', 'logs')).files).toMatchObject({ extracted: FILES });
});
