import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { logText } from '../support/truth.js';

let sandbox: Sandbox;
let spool: string;

const once = (folder: string, cache = sandbox.cache) =>
  sandbox.run(['watch', folder, '--once', '--settle', '0', '--cache', cache]);

/** Names of all that is there. */
function names(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
}

beforeEach(async () => {
  sandbox = new Sandbox();
  spool = join(sandbox.root, 'spool');
  mkdirSync(join(spool, 'sub'), { recursive: true });
  const line = { key: 'd/a', time: 1_700_000_000, client: 1, bytes: 1n };
  writeFileSync(join(spool, 'a.log'), logText([line]));
  expect((await once(spool)).status).toBe(0);
});

it('what belongs to another spool, or to a cache, is not watched, and stays as it is', async () => {
  symlinkSync(spool, join(sandbox.root, 'way'));
  const before = [names(spool), names(sandbox.cache)];
  for (const folder of [
    join(spool, '.s3logextraction'),
    join(spool, 'archive'),
    join(spool, 'sub'),
    join(sandbox.root, 'way/archive'),
    sandbox.cache,
    join(sandbox.cache, 'segments'),
  ]) {
    for (const cache of [sandbox.cache, join(sandbox.root, 'another')]) {
      const { status, stderr } = await once(folder, cache);
      const told = expect.stringContaining('[SPOOL_MISPLACED]');
      expect([folder, status, stderr]).toEqual([folder, 2, told]);
    }
  }
  expect([names(spool), names(sandbox.cache)]).toEqual(before);
});

it('a spool, or the cache, in a spool is left alone', async () => {
  const outer = join(sandbox.root, 'outer');
  const inner = join(outer, 'deep/inner');
  mkdirSync(inner, { recursive: true });
  const line = (n: number) => logText([{ key: 'd/a', time: n, client: 1, bytes: 1n }]);
  writeFileSync(join(inner, 'b.log'), line(1_700_000_001));
  expect((await once(inner, join(sandbox.root, 'other'))).status).toBe(0);
  writeFileSync(join(inner, 'c.log'), line(1_700_000_002));
  writeFileSync(join(outer, 'd.log'), line(1_700_000_003));
  const before = names(inner);
  const cache = join(outer, 'cache');
  for (let round = 0; round < 2; round++) expect((await once(outer, cache)).status).toBe(0);
  expect(names(inner)).toEqual(before);
  expect(names(join(outer, 'archive'))).toContain('d.log');
  expect(names(cache)).toContain('cache.json');
  expect((await sandbox.run(['validate', 'cache', '--cache', cache])).status).toBe(0);
});
