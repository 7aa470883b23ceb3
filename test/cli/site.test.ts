import { existsSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { parquetReadObjects } from 'hyparquet';
import { beforeEach, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { blobKey, uuid } from '../support/dandi-truth.js';
import { readTree } from '../support/published-tree.js';
import { logText, type TruthLine } from '../support/truth.js';

const MONDAY = Date.UTC(2024, 0, 1) / 1000;
const LINES: TruthLine[] = Array.from({ length: 140 }, (_, n) => ({
  key: blobKey(uuid(n % 3)),
  time: MONDAY + n * 20_000,
  client: 1 + n,
  bytes: 10n,
}));
const MAPPING = {
  [uuid(0)]: { '000003': 'sub-1/a.nwb' },
  [uuid(1)]: { '000003': 'sub-1/v.avi' },
};

let sandbox: Sandbox;
let site: string;

/** A DANDI archive, which has tables by week. */
beforeEach(async () => {
  sandbox = new Sandbox();
  site = join(sandbox.root, 'content');
  sandbox.env.S3_LOG_EXTRACTION_PASSWORD = 'five random words are good';
  sandbox.write('log', logText(LINES));
  const mapping = join(sandbox.root, 'mapping.json.gz');
  writeFileSync(mapping, gzipSync(JSON.stringify(MAPPING)));
  await sandbox.done('extract', 'logs', '--mode', 'dandi');
  await sandbox.done('update', 'summaries', '--mode', 'dandi', '--mapping', mapping);
  await sandbox.done('update');
  delete sandbox.env.S3_LOG_EXTRACTION_PASSWORD;
}, 60_000);

function share(...options: string[]) {
  return sandbox.run(['share', '--layout', 'site', '--to', site, ...options]);
}

it('a public folder is written, and left alone when nothing has changed', async () => {
  const dry = await share('--dry-run', '--json');
  expect([dry.status, existsSync(site)]).toEqual([0, false]);
  const first = await share('--license', 'cc0-1.0', '--title', 'Usage of DANDI', '--json');
  expect(first.status).toBe(0);
  expect(first.json).toEqual({ ...dry.json, written: dry.json.written + 1 });
  const before = readTree(site);
  expect(before.size).toBe(first.json.written + 1);
  const again = await share('--license', 'CC0-1.0', '--title', 'Usage of DANDI');
  expect(again.stdout).toContain(
    `content: 0 files written, ${first.json.written} unchanged, 0 removed`,
  );
  expect(readTree(site)).toEqual(before);

  // As published, byte for byte, where the usage page reads it.
  for (const [name, content] of readTree(join(sandbox.cache, 'summaries'))) {
    const path = /^[^/]*\.(json|yaml)$/.test(name) ? name : `summaries/${name}`;
    expect(before.get(path), path).toBe(content);
  }
  for (const folder of ['archive', '000003']) {
    const weeks = before.get(`summaries/${folder}/by_asset_type_per_week.tsv`)?.split('\n') ?? [];
    expect(weeks[0]?.split('\t')[0]).toBe('week_start');
    expect(weeks[1]).toMatch(/^2024-01-01\t\d+/);
  }
  const file = readFileSync(join(site, 'parquet/datasets/000003/by_asset_per_week.parquet'));
  const rows = await parquetReadObjects({ file: Uint8Array.from(file).buffer });
  expect(rows[0]).toEqual({
    dataset: '000003',
    week_start: new Date('2024-01-01'),
    asset_path: 'sub-1/a.nwb',
    bytes_sent: 110n,
  });
  expect(rows.reduce((sum, row) => sum + row.bytes_sent, 0n)).toBe(940n);
  const withReport = ['--license', 'CC0-1.0', '--title', 'Usage of DANDI', '--report', '--json'];
  expect((await share(...withReport)).json).toMatchObject({ written: 2, removed: 0 });
  expect(readFileSync(join(site, 'index.html'), 'utf8')).toContain('Usage of DANDI');
  expect((await share(...withReport)).json.written).toBe(0);
  const readme = before.get('README.md') ?? '';
  expect(readme).toContain('# Usage of DANDI');
  for (const table of readdirSync(join(site, 'summaries/000003'))) expect(readme).toContain(table);
}, 60_000);

it('mistakes are told, and nothing is written', async () => {
  symlinkSync(sandbox.cache, join(sandbox.root, 'way'));
  for (const [args, code] of [
    [['--to', 'https://host/path'], 'SITE_DESTINATION'],
    [['--to', 's3://bucket/folder'], 'SITE_DESTINATION'],
    [['--to', join(sandbox.cache, 'site')], 'SITE_DESTINATION'],
    [['--to', join(sandbox.root, 'way/site')], 'SITE_DESTINATION'],
    [['--to', sandbox.cache], 'SITE_DESTINATION'],
    [['--to', site, '--license', 'no licence'], 'INVALID_LICENSE'],
    [['--to', site, '--homepage', 'javascript:alert(1)'], 'INVALID_HOMEPAGE'],
    [['--to', site, '--pick', 'totals'], 'LAYOUT_OPTIONS'],
    [['--to', site, '--layout', 'packages', '--license', 'CC0-1.0'], 'LAYOUT_OPTIONS'],
  ] as const) {
    const layout = args.includes('--layout' as never) ? [] : ['--layout', 'site'];
    const ended = await sandbox.run(['share', ...layout, ...args]);
    expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining(`[${code}]`)]);
    expect(existsSync(site)).toBe(false);
  }
  await share();
  writeFileSync(join(site, 'totals.json'), 'changed by hand');
  expect((await share()).status).toBe(0);
  expect(JSON.parse(readFileSync(join(site, 'totals.json'), 'utf8'))).toHaveProperty('000003');
}, 60_000);
