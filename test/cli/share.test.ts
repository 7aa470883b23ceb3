import {
  cpSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { fileIn, packagesIn, requireConsistent, tableIn } from '../support/packages.js';
import { publish, requestsOver } from '../support/published-cache.js';
import { readTree } from '../support/published-tree.js';
import { logText } from '../support/truth.js';

const DAYS = ['2023-11-01', '2023-12-31', '2024-01-01', '2024-01-15', '2024-06-01'];

let sandbox: Sandbox;
let out: string;

beforeEach(async () => {
  sandbox = new Sandbox();
  out = join(sandbox.root, 'out');
  await publish(sandbox, 'one.log', requestsOver(DAYS));
});

/** Rows of the published tables, as packages have them. */
function publishedRows(table: string, isArchiveToo: boolean): string[] {
  const tree = readTree(join(sandbox.cache, 'summaries'));
  return [...tree]
    .filter(([name]) => name.endsWith(`/${table}.tsv`))
    .filter(([name]) => isArchiveToo || !name.startsWith('archive/'))
    .flatMap(([name, text]) => {
      const folder = name.split('/')[0];
      const scope = folder === 'archive' ? 'archive,' : isArchiveToo ? `dataset,${folder}` : folder;
      return text
        .split('\n')
        .slice(1, -1)
        .map((row) => `${scope},${row.replaceAll('\t', ',')}`);
    });
}

describe('share --to FOLDER', () => {
  it('packs what is published, all of it, once', async () => {
    const report = await sandbox.done('share', '--to', out);
    const packages = await packagesIn(out);
    expect(report.packages.map(({ name }: { name: string }) => name).sort()).toEqual(
      packages.map(({ name }) => name),
    );
    packages.forEach(requireConsistent);
    expect(tableIn(packages, 'by_day').slice(1).sort()).toEqual(
      publishedRows('by_day', true).sort(),
    );
    expect(tableIn(packages, 'by_asset').slice(1)).toEqual(publishedRows('by_asset', false));
    expect(tableIn(packages, 'by_region').slice(1)).toEqual(publishedRows('by_region', true));
    const totals = JSON.parse(fileIn(packages, 'totals.json') ?? '');
    const read = (name: string) =>
      JSON.parse(readFileSync(join(sandbox.cache, 'summaries', name), 'utf8'));
    expect(totals).toEqual({ archive: read('archive_totals.json'), datasets: read('totals.json') });
    const config = fileIn(packages, 'config.json') ?? '';
    // All of it: nothing that tells whose it is.
    expect(JSON.parse(config)).toEqual({
      program: { name: 's3-log-extraction', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      node: Number(process.versions.node.split('.')[0]),
      platform: process.platform,
      data_changed_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/),
      privacy: { threshold: 50, modulus: 20 },
      robots: 'include',
      datasets: '1-9',
      files: '10-99',
    });
    // A slice goes over no end of a year, and days far from each other are in several.
    const slices = packages
      .flatMap(({ files }) => [...files.keys()])
      .filter((n) => /^by_day/.test(n));
    expect(slices.sort()).toEqual([
      'by_day_20231101_20231102.csv',
      'by_day_20231231_20240101.csv',
      'by_day_20240101_20240116.csv',
      'by_day_20240601_20240602.csv',
    ]);
  });

  it('sends nothing again, and then just what has changed, also of days long past', async () => {
    await sandbox.done('share', '--to', out);
    expect((await sandbox.done('share', '--to', out)).packages).toEqual([]);
    await sandbox.done('update');
    expect((await sandbox.done('share', '--to', out)).packages).toEqual([]);
    rmSync(out, { recursive: true });
    await publish(sandbox, 'late.log', requestsOver(['2024-01-01'], { datasets: 1, assets: 1 }));
    const report = await sandbox.done('share', '--to', out);
    const packages = await packagesIn(out);
    expect(packages).toHaveLength(2);
    expect(report.unchanged).toEqual(['coordinates']);
    const rows = tableIn(packages, 'by_day').slice(1).sort();
    const ofDay = publishedRows('by_day', true).filter((row) => row.includes('2024-01-01'));
    expect(rows).toEqual(ofDay.sort());
  });

  it('makes the packages that it made before, to the byte, when it has forgotten all', async () => {
    await sandbox.done('share', '--to', out);
    const first = readTree(out);
    rmSync(join(sandbox.cache, 'share'), { recursive: true });
    const again = await sandbox.done('share', '--to', out);
    expect(again.packages.map(({ outcome }: { outcome: string }) => outcome)).toEqual(
      Array(first.size / 2).fill('there'),
    );
    expect(readTree(out)).toEqual(first);
    const once = await sandbox.done('share', '--to', out, '--again');
    expect(once.packages).toEqual(again.packages);
    expect((await sandbox.done('share', '--to', out)).packages).toEqual([]);
    await sandbox.done('share', '--to', join(sandbox.root, 'elsewhere'));
    expect(readTree(join(sandbox.root, 'elsewhere'))).toEqual(first);
    // Of a copy of the cache, too.
    cpSync(sandbox.cache, join(sandbox.root, 'copy'), { recursive: true });
    rmSync(join(sandbox.root, 'copy', 'share'), { recursive: true });
    const third = join(sandbox.root, 'third');
    await sandbox.done('share', '--to', third, '--cache', join(sandbox.root, 'copy'));
    expect(readTree(third)).toEqual(first);
  });

  it('lists packages without sending or remembering any with --dry-run', async () => {
    const dry = await sandbox.done('share', '--to', out, '--dry-run');
    expect(readdirSync(sandbox.root)).not.toContain('out');
    const report = await sandbox.done('share', '--to', out);
    const names = ({ packages }: { packages: { name: string; sizeBytes: number }[] }) =>
      packages.map(({ name, sizeBytes }) => [name, sizeBytes]);
    expect(names(dry)).toEqual(names(report));
    expect(dry.packages[0].outcome).toBe('waiting');
    const { stdout } = await sandbox.run(['share', '--to', join(sandbox.root, 'b'), '--dry-run']);
    expect(stdout).toMatch(/would be shipped \([\d.]+ k?B, [\d.]+ kB unpacked: config\.json/);
  });

  it('keeps every package within limits, and loses no row for it', async () => {
    await publish(sandbox, 'two.log', requestsOver(DAYS, { datasets: 40, assets: 12 }));
    const limits = ['--max-size', '0.015', '--max-packed-size', '0.008'];
    await sandbox.done('share', '--to', out, ...limits);
    const packages = await packagesIn(out);
    expect(packages.length).toBeGreaterThan(6);
    for (const one of packages) {
      requireConsistent(one);
      expect(one.uncompressedBytes).toBeLessThanOrEqual(15_000);
      expect(one.packedBytes).toBeLessThanOrEqual(8_000);
    }
    expect(tableIn(packages, 'by_asset').slice(1).sort()).toEqual(
      publishedRows('by_asset', false).sort(),
    );
    expect(tableIn(packages, 'by_day').slice(1).sort()).toEqual(
      publishedRows('by_day', true).sort(),
    );
  });

  it('masks names that read as an address, and sends their figures', async () => {
    const lines = ['ds0/from 198.51.100.99/a', 'ds0/v1.2.3.4/b', '203.0.113.9/x', '203.0.113.8/x'];
    await publish(
      sandbox,
      'odd.log',
      logText(
        lines.map((key) => ({
          key: key.replace(' ', '%2520'),
          time: 1_717_200_000,
          client: 1,
          bytes: 7n,
        })),
      ),
    );
    await sandbox.done('share', '--to', out);
    const packages = await packagesIn(out);
    const all = packages.flatMap(({ files }) => [...files.values()]).join('\n');
    expect(all).not.toMatch(/198\.51|1\.2\.3\.4|203\.0/);
    const assets = tableIn(packages, 'by_asset');
    expect(assets).toContain('ds0,from%2520[address]/a,7,<50,<50');
    expect(assets).toContain('ds0,v[address]/b,7,<50,<50');
    expect(assets.filter((row) => row.startsWith('[address],x,'))).toHaveLength(2);
    const { datasets } = JSON.parse(fileIn(packages, 'totals.json') ?? '');
    expect(Object.keys(datasets)).toEqual(
      expect.arrayContaining(['[address]', '[address]~2', 'ds0']),
    );
  });

  it('refuses places that are none, with nothing done', async () => {
    writeFileSync(join(sandbox.root, 'file'), '');
    symlinkSync(sandbox.cache, join(sandbox.root, 'link'));
    const refused: [string[], string, number][] = [
      [[], 'NO_DESTINATION', 2],
      [['--to', join(sandbox.cache, 'x')], 'INVALID_DESTINATION', 2],
      [['--to', join(sandbox.root, 'link', 'x')], 'INVALID_DESTINATION', 2],
      [['--to', join(sandbox.root, 'file')], 'INVALID_DESTINATION', 2],
      [['--to', 'ftp://host/x'], 'INVALID_DESTINATION', 2],
      [['--to', 'https://me:secret-pw@host/'], 'INVALID_DESTINATION', 2],
      [['--to', 'https://host/?token=secret-pw'], 'INVALID_DESTINATION', 2],
      [['--to', 's3://'], 'INVALID_BUCKET_URL', 2],
      [['--to', out, '--pick', 'totals', '--skip', 'by_day'], 'PICK_AND_SKIP_COLLECTORS', 2],
      [['--to', out, '--pick', 'nothing'], 'NO_SUCH_COLLECTOR', 2],
      [['--to', out, '--max-size', '0.001'], 'INVALID_PACKAGE_LIMITS', 2],
      [['--to', out, '--timeout', '0'], 'INVALID_SHARE_TIMEOUT', 2],
    ];
    for (const [args, code, status] of refused) {
      const ended = await sandbox.run(['share', ...args, '--json']);
      expect([args, ended.json.error?.code, ended.status]).toEqual([args, code, status]);
      expect(ended.stderr + ended.stdout).not.toContain('secret-pw');
    }
    expect(readdirSync(sandbox.root)).not.toContain('out');
  });

  it('refuses exact counts, and a cache that has published nothing', async () => {
    await sandbox.done('update', 'summaries', '--threshold', '0', '--modulus', '1');
    await sandbox.done('update', 'totals', '--threshold', '0', '--modulus', '1');
    const ended = await sandbox.run(['share', '--to', out, '--json']);
    expect(ended.status).toBe(1);
    expect(['NOT_ROUNDED', 'PUBLISHED_HALFWAY']).toContain(ended.json.error.code);
    const other = new Sandbox();
    other.write('x.log', requestsOver(['2024-01-01']));
    await other.done('extract', 'logs');
    expect((await other.run(['share', '--to', 'out', '--json'])).json.error.code).toBe(
      'NOTHING_PUBLISHED',
    );
  });

  it('writes over nothing that is no file, and follows no link in its own folders', async () => {
    const dry = await sandbox.done('share', '--to', out, '--dry-run');
    mkdirSync(join(out, dry.packages[0].name), { recursive: true });
    expect((await sandbox.run(['share', '--to', out, '--json'])).json.error.code).toBe(
      'SHIPPING_FAILED',
    );
    rmSync(join(out, dry.packages[0].name), { recursive: true });
    await sandbox.done('share', '--to', out);
    const before = readTree(out);
    const [folder] = readdirSync(join(sandbox.cache, 'share')).filter((name) => name !== 'lock');
    rmSync(join(sandbox.cache, 'share', folder), { recursive: true });
    symlinkSync(out, join(sandbox.cache, 'share', folder));
    expect((await sandbox.run(['share', '--to', out, '--json'])).json.error.code).toBe(
      'LINKED_FOLDER',
    );
    expect(readTree(out)).toEqual(before);
  });
});
