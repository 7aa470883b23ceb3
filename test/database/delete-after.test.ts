import { existsSync, readFileSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Sandbox } from '../support/cli.js';
import { type Postgres, usePostgres } from '../support/postgres.js';
import { logText } from '../support/truth.js';

let server: Postgres;
let sandbox: Sandbox;

usePostgres((...started) => {
  [server, sandbox] = started;
});

const log = (key: string): string => logText([{ key, time: 1_700_000_000, client: 1, bytes: 1n }]);

it('deletes what an earlier run collected, but no other file that has taken its place', async () => {
  const collect = ['database', 'collect', sandbox.logs, '--json'];
  const kept = sandbox.write('by-hand/kept.log', log('ds/a'));
  const replaced = sandbox.write('by-hand/replaced.log', log('ds/a'));
  const unique = sandbox.write('2024-01-01-00-00-00-0123456789ABCDEF', log('ds/a'));
  for (const path of [replaced, unique]) utimesSync(path, 1_700_000_000, 1_700_000_000);
  const first = await sandbox.run(collect);
  expect([first.status, first.json.objects.collected]).toEqual([0, 3]);
  // As long as what was collected, and never collected itself.
  sandbox.write('by-hand/replaced.log', log('ds/b'));
  // S3 gives such a name once: it is a copy.
  sandbox.write('2024-01-01-00-00-00-0123456789ABCDEF', log('ds/a'));
  const second = await sandbox.run([...collect, '--delete-after']);
  expect(second.status).toBe(0);
  expect(second.json.objects).toMatchObject({ collected: 0, known: 3, deleted: 2, kept: 0 });
  expect(second.stderr).toContain('replaced.log: it may be other than what was collected');
  expect(readFileSync(replaced, 'utf8')).toBe(log('ds/b'));
  expect([existsSync(kept), existsSync(unique)]).toEqual([false, false]);
});

it('leaves a cache alone that stands among the logs', async () => {
  const cache = ['--cache', join(sandbox.logs, 'cache')];
  sandbox.write('log', log('ds/a'));
  await sandbox.done('extract', 'logs', ...cache);
  // Without a line, and so without one that would be rejected.
  const empty = sandbox.write('cache/empty', '');
  const { objects } = await sandbox.done(
    ...['database', 'collect', 'logs', '--delete-after', ...cache],
  );
  expect(objects).toMatchObject({ found: 1, collected: 1, deleted: 1, failed: 0 });
  expect(existsSync(empty)).toBe(true);
  const names = await server.query('SELECT name FROM s3_logs.s3_log_objects');
  expect(names).toEqual([{ name: 'log' }]);
});
