import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readStamps, readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
  sandbox.write('log', logText(lines));
});

const KEYS = [
  ...[
    'ds1/sub-1/a.nwb',
    'ds1/b',
    'ds1/',
    'ds10/b',
    'raw/2018/x/y',
    'raw/2019/x',
    'raw/2019/deep/x',
  ],
  ...[
    'raw/2020/x',
    'other/b',
    'other',
    'unassociated/x',
    'mixed/b',
    '%25C3%25BC/%2520x',
    'one.txt',
  ],
];
const lines: TruthLine[] = [];
for (let n = 0; n < 300; n++) {
  const key = KEYS[n % KEYS.length] as string;
  lines.push({ key, time: 1_700_000_000 + n * 9000, client: n % 60, bytes: BigInt(n) });
}

const NAMES = `# What is published
version: 1
prefixes:
  ds1/: Flanker task
  raw/: mixed
  raw/2019/: archive-2019
  raw/2019/deep/: "=1+1"
  "%25C3%25BC/": ü
  one.txt: mixed
`;

/** Where keys belong by {@link NAMES}, written down one by one. */
const PLACES: Readonly<Record<string, string>> = {
  'ds1/sub-1/a.nwb': 'Flanker task/sub-1/a.nwb',
  'ds1/b': 'Flanker task/b',
  'ds1/': 'Flanker task/',
  'raw/2018/x/y': 'mixed/raw/2018/x/y',
  'raw/2020/x': 'mixed/raw/2020/x',
  'one.txt': 'mixed/one.txt',
  'raw/2019/x': 'archive-2019/x',
  'raw/2019/deep/x': '=1+1/x',
  '%25C3%25BC/%2520x': 'ü/%2520x',
  // No prefix: one is of its own, the others must not be taken for assets of what is named so.
  'ds10/b': 'ds10/b',
  'mixed/b': 'unassociated/mixed/b',
  'unassociated/x': 'unassociated/unassociated/x',
};
const FOLDERS: Readonly<Record<string, string>> = { '=1+1': '%3D1+1' };

function expectedBy(places: Readonly<Record<string, string>>, all = lines): Map<string, string> {
  const moved = recordsOf(all).map((record) => ({
    ...record,
    key: places[record.key] ?? record.key,
  }));
  return expectedTree(moved, (dataset) => FOLDERS[dataset] ?? dataset);
}

const summaries = (): string => join(sandbox.cache, 'summaries');
const namesFile = (text: string): string => {
  writeFileSync(join(sandbox.root, 'names.yaml'), text);
  return 'names.yaml';
};
/** All that would be written again if anything were made anew. */
const stamps = (): Map<string, string> => readStamps(sandbox.cache);

describe('names of datasets', () => {
  it('are what is published, and the cache remembers them', async () => {
    const file = namesFile(NAMES);
    await sandbox.done('update', '--from', 'logs', '--names', file);
    expect(readTree(summaries())).toEqual(expectedBy(PLACES));
    rmSync(join(sandbox.root, file));
    await sandbox.done('update', '--from', 'logs');
    await sandbox.done('update', 'summaries');
    expect(readTree(summaries())).toEqual(expectedBy(PLACES));
    sandbox.write('more', logText(lines));
    await sandbox.done('update', '--from', 'logs');
    expect(readTree(summaries())).toEqual(expectedBy(PLACES, [...lines, ...lines]));
    const source = join(sandbox.root, file);
    const { stdout } = await sandbox.run(['status']);
    expect(stdout).toContain(`  datasets:  by 6 names from ${source}\n`);
    const { datasets } = await sandbox.done('status');
    expect(datasets).toMatchObject({ rule: 'names', prefixes: 6, buckets: 0, source });
  });

  it('are taken by a watcher that publishes, and by no other', async () => {
    const spool = join(sandbox.root, 'spool');
    mkdirSync(spool);
    writeFileSync(join(spool, 'log'), logText(lines));
    const once = ['watch', 'spool', '--once', '--settle', '0', '--names', namesFile(NAMES)];
    const { status, stderr } = await sandbox.run(once);
    expect([status, stderr]).toEqual([2, expect.stringContaining('[NAMES_WITHOUT_THEN]')]);
    expect((await sandbox.run([...once, '--then', 'summaries'])).status).toBe(0);
    const tables = readTree(summaries());
    for (const [path, text] of expectedBy(PLACES)) {
      if (!path.includes('totals') && !path.startsWith('archive/')) {
        expect([path, tables.get(path)]).toEqual([path, text]);
      }
    }
    expect((await sandbox.done('status')).datasets.rule).toBe('names');
  });

  it('that are the same cost nothing; others make everything anew', async () => {
    await sandbox.done('update', '--from', 'logs');
    expect(readTree(summaries())).toEqual(expectedBy({}));
    const told = await sandbox.run(['update', 'summaries', '--names', namesFile(NAMES)]);
    expect(told.stderr).toMatch(/Names of datasets: 6, from .*\/names\.yaml\.\n/);
    await sandbox.done('update');
    expect(readTree(summaries())).toEqual(expectedBy(PLACES));
    const before = stamps();
    const again = namesFile(`${NAMES}otherwise: first-component # as before\n`);
    const same = await sandbox.run(['update', '--names', again]);
    expect(same.stderr).toContain('names.yaml, as before.\n');
    expect(same.stdout).toContain('Nothing new');
    // The lock counts up.
    const kept = (all: Map<string, string>) =>
      [...all].filter(([name]) => !name.startsWith('lock'));
    expect(kept(stamps())).toEqual(kept(before));
    await sandbox.done('update', '--names', namesFile(`${NAMES}otherwise: unassociated\n`));
    const without = ['ds10/b', 'other/b', 'other', 'mixed/b', 'unassociated/x'];
    const away = Object.fromEntries(without.map((key) => [key, `unassociated/${key}`]));
    expect(readTree(summaries())).toEqual(expectedBy({ ...PLACES, ...away }));
    const datasets = readdirSync(join(sandbox.cache, 'datasets'));
    expect(datasets).toEqual([expect.stringMatching(/^[0-9a-f]{32}\.names$/)]);
    await sandbox.done('update', 'summaries', '--dataset-level', '1');
    await sandbox.done('update');
    expect(readTree(summaries())).toEqual(expectedBy({}));
  });

  it('may be anything, and stand in folders that are safe', async () => {
    const hostile: Readonly<Record<string, string>> = {
      '../../../../tmp/x': '..%2F..%2F..%2F..%2Ftmp%2Fx',
      '..': '%2E%2E',
      'totals.json': '%74otals.json',
      "';$(touch x)": "';$(touch x)",
      '-rf': '%2Drf',
      NUL: '%4EUL',
      '\u202egpj': '%E2%80%AEgpj',
      'a b': 'a b',
      __proto__: '__proto__',
    };
    const entries = Object.keys(hostile).map(
      (name, n) => `  ${JSON.stringify(KEYS[n])}: ${JSON.stringify(name)}`,
    );
    const file = namesFile(
      `version: 1\notherwise: unassociated\nprefixes:\n${entries.join('\n')}\n`,
    );
    await sandbox.done('update', '--from', 'logs', '--names', file);
    const folders = readdirSync(summaries(), { withFileTypes: true }).filter((one) =>
      one.isDirectory(),
    );
    const safe = Object.values(hostile).map((folder) =>
      folder.startsWith('..%2F') ? folder.replace('..', '%2E.') : folder,
    );
    expect(new Set(folders.map(({ name }) => name))).toEqual(
      new Set([...safe, 'archive', 'unassociated']),
    );
    const totals = JSON.parse(readFileSync(join(summaries(), 'totals.json'), 'utf8'));
    expect(new Set(Object.keys(totals))).toEqual(
      new Set([...Object.keys(hostile), 'unassociated']),
    );
  });

  it('that are damaged are named, and mended by giving them again', async () => {
    const file = namesFile(NAMES);
    await sandbox.done('update', '--from', 'logs', '--names', file);
    const [stored] = readdirSync(join(sandbox.cache, 'datasets')) as [string];
    const path = join(sandbox.cache, 'datasets', stored);
    writeFileSync(path, readFileSync(path, 'utf8').replace('Flanker', 'flanker'));
    const found = await sandbox.run(['validate', 'cache', '--json']);
    expect([found.status, found.stdout]).toEqual([6, expect.stringContaining(stored)]);
    sandbox.write('more', logText(lines.slice(0, 1)));
    const refused = await sandbox.run(['update', '--from', 'logs']);
    expect(refused.stderr).toMatch(/is damaged: its SHA-256.*\n?.*update summaries --names FILE/);
    const repair = await sandbox.run(['repair', '--dry-run']);
    expect([repair.status, repair.stdout]).toEqual([6, expect.stringContaining('--names FILE')]);
    expect((await sandbox.run(['repair'])).status).toBe(0);
    expect((await sandbox.run(['status'])).status).toBe(0);
    await sandbox.done('update', 'summaries', '--names', file);
    await sandbox.done('update');
    expect((await sandbox.run(['validate', 'cache'])).status).toBe(0);
    const once = [...lines, ...lines.slice(0, 1)];
    expect(readTree(summaries())).toEqual(expectedBy(PLACES, once));
  });
});

describe('what contradicts names ends it before anything is done:', () => {
  it.each([
    [['--dataset-level', '2'], '--names and a mapping exclude each other'],
    [['--mapping', 'x'], '--names and a mapping exclude each other'],
    [['--mode', 'dandi'], '--names and a mapping exclude each other'],
  ])('%j', async (options, why) => {
    await sandbox.done('extract', 'logs');
    const file = namesFile(NAMES);
    const ended = await sandbox.run(['update', 'summaries', '--names', file, ...options]);
    expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining(why)]);
    expect(readTree(summaries()).size).toBe(0);
  });

  it('a file that is wrong', async () => {
    const file = namesFile(`${NAMES}  ds1/: twice\n`);
    const ended = await sandbox.run(['update', '--from', 'logs', '--names', file]);
    const why = `line 10: "ds1/" stands in line 4 already`;
    expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining(why)]);
    const none = await sandbox.run(['update', '--from', 'logs', '--names', '/dev/zero']);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining('regular file')]);
    expect(readdirSync(sandbox.root)).not.toContain('cache');
  });

  it('another mode', async () => {
    await sandbox.done('extract', 'logs');
    const buckets = namesFile(`${NAMES}buckets:\n  b: c\n`);
    const generic = await sandbox.run(['update', 'summaries', '--names', buckets]);
    expect([generic.status, generic.stderr]).toEqual([2, expect.stringContaining('generic mode')]);
    const dandi = new Sandbox();
    dandi.write('log', logText([{ key: 'zarr/x', time: 1_700_000_000, client: 1 }]));
    await dandi.done('extract', 'logs', '--mode', 'dandi');
    writeFileSync(join(dandi.root, 'names.yaml'), NAMES);
    const ended = await dandi.run(['update', 'summaries', '--names', 'names.yaml']);
    expect([ended.status, ended.stderr]).toEqual([2, expect.stringContaining('dandi mode')]);
    expect(readdirSync(dandi.cache)).not.toContain('settings.json');
  });
});
