import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { type Engine, openEngine } from '../../../cache/engine.js';
import { publishCoordinates } from '../../../src/ip/coordinates/publish-coordinates.js';
import { openPublished } from '../../../src/share/published/published-archive.js';
import { SITE_LIST } from '../../../src/share/site/site-folder.js';
import { type SiteOptions, writeSite } from '../../../src/share/site/write-site.js';
import { updateSummaries } from '../../../src/summarize/update-summaries.js';
import { updateTotals } from '../../../src/summarize/update-totals.js';
import { readTree } from '../../support/published-tree.js';
import { scratchDirectory } from '../../support/scratch.js';
import { SyntheticCache, type SyntheticRecord } from '../../support/synthetic-cache.js';

let cache: SyntheticCache;
let engine: Engine;
let site: string;

beforeEach(async () => {
  cache = new SyntheticCache();
  engine = await openEngine(cache.paths, { threads: 2 });
  site = join(scratchDirectory(), 'content');
  await cache.commit([
    ...many('000001/a', 70),
    ...many('000003/b', 3),
    ...many('undetermined/c', 60),
  ]);
  await publish();
});

afterEach(() => {
  engine.close();
  cache.remove();
});

function many(key: string, count: number): SyntheticRecord[] {
  return Array.from({ length: count }, (_, n) => ({
    key,
    time: 1_700_000_000 + n * 10_000,
    requester: n + 1,
    bytesSent: 10n,
    download: true,
  }));
}

async function publish(): Promise<void> {
  for (const mode of ['dataset', 'archive'] as const) {
    await updateSummaries(cache.paths, engine, { mode });
    await updateTotals(cache.paths, engine, { mode });
  }
  const points = new Map([
    ['missing', null],
    ['US/California', [36.7, -119.4] as const],
  ]);
  await publishCoordinates(cache.paths, points, () => {});
}

/** Of an archive that has these records alone. */
async function publishOnly(records: readonly SyntheticRecord[]): Promise<void> {
  rmSync(cache.paths.commits, { recursive: true });
  mkdirSync(cache.paths.commits);
  await cache.commit(records);
  await publish();
}

function write(options: SiteOptions = {}) {
  return writeSite(openPublished(cache.paths), site, options);
}

/** Of every file its bytes, inode and time. */
function stamps(): Map<string, string> {
  return new Map(
    [...readTree(site)].map(([name, content]) => {
      const { ino, mtimeNs } = statSync(join(site, name), { bigint: true });
      return [name, `${ino} ${mtimeNs} ${content}`];
    }),
  );
}

test('everything is where the usage page of DANDI reads it, as it reads it', () => {
  write();
  const text = (path: string): string => readFileSync(join(site, path), 'utf8');
  const rows = (path: string): string[][] =>
    text(path)
      .split('\n')
      .filter((row) => row.trim() !== '')
      .slice(1)
      .map((row) => row.split('\t'));
  const totals = JSON.parse(text('totals.json'));
  const all = { archive: JSON.parse(text('archive_totals.json')), ...totals };
  expect(Object.keys(all)).toEqual(['archive', '000001', '000003', 'undetermined']);
  for (const [id, of] of Object.entries<Record<string, number>>(all)) {
    expect(of.total_bytes_sent).toBeGreaterThan(0);
    const tables = ['by_day', 'by_region', ...(id === 'archive' ? [] : ['by_asset'])];
    for (const table of tables) {
      const found = rows(`summaries/${id}/${table}.tsv`);
      const bytes = found.reduce((sum, [, cell]) => sum + Number.parseInt(cell ?? '', 10), 0);
      expect(bytes).toBe(of.total_bytes_sent);
    }
    const [date] = rows(`summaries/${id}/by_day.tsv`)[0] ?? [];
    expect(new Date(`${date}T00:00:00Z`).toISOString().slice(0, 10)).toBe(date);
  }
  expect(parse(text('region_codes_to_coordinates.yaml'))).toEqual({
    missing: { latitude: null, longitude: null },
    'US/California': { latitude: 36.7, longitude: -119.4 },
  });
  // Word for word what was published.
  expect(text('totals.json')).toBe(
    readFileSync(join(cache.paths.summaries, 'totals.json'), 'utf8'),
  );
});

describe('written again', () => {
  test('nothing is touched where nothing has changed', () => {
    const first = write({ license: 'CC0-1.0' });
    expect(first).toMatchObject({ unchanged: 0, removed: 0, kept: [] });
    const before = stamps();
    expect(before.size).toBe(first.written + 1);
    expect(write({ license: 'CC0-1.0' })).toEqual({
      written: 0,
      unchanged: first.written,
      removed: 0,
      kept: [],
    });
    expect(stamps()).toEqual(before);
  });

  test('another site of the same archive has the same bytes', () => {
    write();
    const first = readTree(site);
    site = join(scratchDirectory(), 'other');
    write();
    expect(readTree(site)).toEqual(first);
  });

  test('only what changed is written, and what is gone is removed, with its folders', async () => {
    write({ license: 'CC0-1.0' });
    const before = stamps();
    await publishOnly([...many('000001/a', 70), ...many('undetermined/c', 61)]);
    const report = write();
    expect(report.removed).toBe(8);
    expect(readdirSync(join(site, 'summaries'))).toEqual(['000001', 'archive', 'undetermined']);
    expect(readdirSync(join(site, 'parquet/datasets'))).toEqual(['000001', 'undetermined']);
    expect(existsSync(join(site, 'LICENSE.md'))).toBe(false);
    const after = stamps();
    for (const name of ['summaries/000001/by_day.tsv', 'schemas/by_day.json', '.gitattributes']) {
      expect(after.get(name)).toBe(before.get(name));
    }
    expect(after.get('totals.json')).not.toBe(before.get('totals.json'));
  });

  test('a dry run tells the same and does nothing', async () => {
    const told = write({ dryRun: true });
    expect(existsSync(site)).toBe(false);
    expect(write()).toEqual(told);
    const before = stamps();
    await cache.commit(many('000009/a', 1));
    await publish();
    const next = write({ dryRun: true });
    expect(stamps()).toEqual(before);
    expect(write()).toEqual(next);
  });

  test('what a run that was killed had begun is gone', () => {
    write();
    const left = ['README.md.0123456789ab.tmp', 'summaries/000001/by_day.tsv.0123456789ab.tmp'];
    for (const name of left) writeFileSync(join(site, name), 'half');
    writeFileSync(join(site, 'notes.md.0123456789ab.tmp'), 'theirs');
    write();
    for (const name of left) expect(existsSync(join(site, name)), name).toBe(false);
    expect(existsSync(join(site, 'notes.md.0123456789ab.tmp'))).toBe(true);
  });
});

describe('files of others', () => {
  test('stay, also below folders of the site', async () => {
    const theirs = ['notes.txt', 'summaries/000001/notes.txt', '.git/config', 'README.md'];
    for (const name of theirs) {
      mkdirSync(join(site, name, '..'), { recursive: true });
      writeFileSync(join(site, name), 'theirs');
    }
    expect(write().kept).toEqual(['README.md']);
    await publishOnly(many('000003/b', 3));
    expect(write().removed).toBeGreaterThan(0);
    expect(readdirSync(join(site, 'summaries/000001'))).toEqual(['notes.txt']);
    for (const name of theirs) expect(readFileSync(join(site, name), 'utf8')).toBe('theirs');
  });

  test('in the way are told, and nothing is changed; those of the same bytes are taken over', () => {
    mkdirSync(join(site, 'summaries/000001'), { recursive: true });
    writeFileSync(join(site, 'summaries/000001/by_day.tsv'), 'theirs');
    const total = join(cache.paths.summaries, 'totals.json');
    writeFileSync(join(site, 'totals.json'), readFileSync(total));
    const before = stamps();
    expect(() => write()).toThrow(/"summaries\/000001\/by_day.tsv", which this command did not/);
    expect(stamps()).toEqual(before);
    writeFileSync(join(site, 'README.md'), 'theirs');
    expect(write({ overwrite: true }).kept).toEqual([]);
    expect(readFileSync(join(site, 'README.md'), 'utf8')).toContain('# Access summaries');
    expect(stamps().get('totals.json')).toBe(before.get('totals.json'));
  });

  test.skipIf(process.platform === 'win32')('are not reached by links', () => {
    const outside = scratchDirectory();
    writeFileSync(join(outside, 'by_day.tsv'), 'theirs');
    write();
    const folder = join(site, 'summaries/000001');
    renameSync(folder, join(outside, 'moved'));
    symlinkSync(outside, folder);
    expect(() => write()).toThrow(/no folder of its own/);
    rmSync(folder);
    write();
    const file = join(folder, 'by_day.tsv');
    rmSync(file);
    symlinkSync(join(outside, 'by_day.tsv'), file);
    // A link in the place of one of our files is replaced, and what it leads to is not.
    write();
    expect(lstatSync(file).isFile()).toBe(true);
    expect(readFileSync(join(outside, 'by_day.tsv'), 'utf8')).toBe('theirs');
    expect(readdirSync(outside).sort()).toEqual(['by_day.tsv', 'moved']);
  });

  test.skipIf(process.platform === 'win32')('are not removed where the list says so', () => {
    const outside = scratchDirectory();
    writeFileSync(join(outside, 'victim'), 'theirs');
    write();
    const list = join(site, SITE_LIST);
    const text = readFileSync(list, 'utf8');
    for (const name of ['../victim', '/etc/passwd', 'a/../../victim', '.git/config', 'a\\b', '']) {
      writeFileSync(list, text.replace('"README.md"', JSON.stringify(name)));
      expect(() => write()).toThrow(/no list of files of a site/);
    }
    for (const other of ['[]', '{', '{"version": 2, "files": []}', 'null']) {
      writeFileSync(list, other);
      expect(() => write()).toThrow(/no list of files of a site/);
    }
    symlinkSync(outside, join(site, 'elsewhere'));
    writeFileSync(list, text.replace('"README.md"', '"elsewhere/victim"'));
    expect(() => write()).toThrow(/no folder of its own/);
    expect(readFileSync(join(outside, 'victim'), 'utf8')).toBe('theirs');
  });

  test.skipIf(process.platform === 'win32')('the folder itself may be named by a link', () => {
    const real = scratchDirectory();
    site = join(scratchDirectory(), 'link');
    symlinkSync(real, site);
    write();
    expect(existsSync(join(realpathSync(site), 'totals.json'))).toBe(true);
  });
});

test('a licence is stated where one was chosen, and titles are text', () => {
  write({ license: 'odbl-1.0', title: '<script>alert(1)</script>\n# [x](y) `z`' });
  expect(readFileSync(join(site, 'LICENSE.md'), 'utf8')).toContain('SPDX: ODbL-1.0');
  const readme = readFileSync(join(site, 'README.md'), 'utf8');
  expect(readme).not.toContain('<script>');
  expect(readme.split('\n')[2]).toMatch(/^# &#60;script/);
  expect(() => write({ license: 'CC 0; rm' })).toThrow(/no identifier/);
});

test('it is ready for git, which sees nothing to commit the second time', () => {
  const git = (...args: string[]): string =>
    execFileSync('git', ['-C', site, '-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], {
      encoding: 'utf8',
    });
  write();
  git('init', '--quiet');
  git('-c', 'core.autocrlf=true', 'add', '--all');
  git('commit', '--quiet', '-m', 'x');
  write();
  expect(git('status', '--porcelain')).toBe('');
});
