import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { DIST, Sandbox } from '../support/cli.js';
import { ingress } from '../support/ingress.js';
import { openPackage, packagesIn } from '../support/packages.js';
import { publish, requestsOver } from '../support/published-cache.js';

const TEXT = readFileSync(join(import.meta.dirname, '../../SHARING.md'), 'utf8');

const DAY_MS = 86_400_000;

it('SHARING.md: its template works as it stands there, the package by its name', async () => {
  const sandbox = new Sandbox();
  const days = [3, 2].map((ago) => new Date(Date.now() - ago * DAY_MS).toISOString().slice(0, 10));
  await publish(sandbox, 'one.log', requestsOver(days, { datasets: 1 }));
  const modules = join(sandbox.root, 'node_modules');
  mkdirSync(modules);
  // As it would be installed.
  symlinkSync(dirname(DIST), join(modules, 's3-log-extraction'));
  const [, template = ''] = /```js\n(.*?)\n```/s.exec(TEXT) ?? [];
  writeFileSync(join(sandbox.root, 'mine.mjs'), template);
  const server = await ingress();
  const args = ['share', '--to', server.url, '--collectors', './mine.mjs', '--json'];
  const refused = await sandbox.run(args);
  expect(refused.json.error.code).toBe('GATHERING_REFUSED');
  const pick = ['--pick', 'largest,news'];
  const dry = await sandbox.run([...args, ...pick, '--dry-run']);
  const { status, json } = await sandbox.run([...args, ...pick], { env: { CONSENT: 'yes' } });
  expect(status).toBe(0);
  expect(json.packages.length).toBe(dry.json.packages.length);
  const files = new Map<string, string>();
  for (const { headers, body } of server.accepted.values()) {
    expect(headers['x-archive']).toBe('example');
    const isNews = headers['x-shipping-group'] === 'news';
    expect(headers['content-type']).toBe(
      isNews ? 'application/vnd.example.news+tgz' : 'application/gzip',
    );
    const opened = await openPackage('x', body ?? Buffer.alloc(0));
    for (const [name, text] of opened.files) files.set(name, text);
  }
  expect(JSON.parse(files.get('largest.json') ?? '')).toMatchObject({ dataset: 'ds0' });
  const news = [...files].filter(([name]) => name.startsWith('news_')).sort();
  expect(news.length).toBe(json.packages.length - 1);
  expect(news[0][1]).toBe(
    `since,until,days,before\n${days[0]}T00:00:00.000Z,${days[1]}T00:00:00.000Z,2,\n`,
  );
  expect(news[1][1]).toMatch(/,2,2\n$/);
});

it('SHARING.md: its program works as it stands there, but for its folders', async () => {
  const sandbox = new Sandbox();
  const day = new Date(Date.now() - DAY_MS).toISOString().slice(0, 10);
  await publish(sandbox, 'one.log', requestsOver([day], { datasets: 1 }));
  mkdirSync(join(sandbox.root, 'node_modules'));
  symlinkSync(dirname(DIST), join(sandbox.root, 'node_modules', 's3-log-extraction'));
  const [template = '', program = ''] = [...TEXT.matchAll(/```js\n(.*?)\n```/gs)].map(
    ([, code]) => code,
  );
  const out = join(sandbox.root, 'out');
  writeFileSync(join(sandbox.root, 'mine.mjs'), template);
  writeFileSync(
    join(sandbox.root, 'program.mjs'),
    program.replace('/data/s3-log-cache', sandbox.cache).replace('/data/outbox', out),
  );
  const path = join(sandbox.root, 'program.mjs');
  const env = { ...sandbox.env, CONSENT: 'yes' };
  const stdout = execFileSync(process.execPath, [path], { encoding: 'utf8', env });
  const packages = await packagesIn(out);
  expect(packages.length).toBeGreaterThan(2);
  for (const { name } of packages) expect(stdout).toContain(`'${name}'`);
});

it('SHARING.md names every file of a package and every code that it explains', () => {
  for (const name of ['manifest.json', 'checksums.sha256', 'config.json', 'totals.json']) {
    expect(TEXT).toContain(`\`${name}\``);
  }
  const codes = ['ADDRESS_IN_PACKAGE', 'DUPLICATE_COLLECTOR', 'COLLECTOR_FAILED'];
  for (const code of codes) expect(TEXT).toContain(code);
});
