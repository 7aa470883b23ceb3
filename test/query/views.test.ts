import { copyFileSync, rmSync, symlinkSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEngine } from '../../cache/engine.js';
import { updateSettings } from '../../cache/settings.js';
import { cellText } from '../../src/query/cells.js';
import { openQuery } from '../../src/query/open-query.js';
import { VIEWS } from '../../src/query/views.js';
import { countryOfRegion } from '../../src/summarize/country.js';
import { updateSummaries } from '../../src/summarize/update-summaries.js';
import { updateTotals } from '../../src/summarize/update-totals.js';
import { records } from '../support/random-records.js';
import { SyntheticCache, type SyntheticRecord, sealedAddress } from '../support/synthetic-cache.js';

let cache: SyntheticCache;

beforeEach(() => {
  cache = new SyntheticCache();
});

afterEach(() => {
  cache.remove();
});

const someRecords = records.filter((all) => all.length > 0);

function record(key: string, change: Partial<SyntheticRecord> = {}): SyntheticRecord {
  return { key, time: 1_700_000_000, requester: 1, bytesSent: 10n, download: true, ...change };
}

async function ask(sql: string, of = cache): Promise<string[][]> {
  const query = await openQuery(of.paths, sql);
  const rows: string[][] = [];
  try {
    for await (const batch of query.batches()) {
      for (const row of batch) rows.push(row.map((v) => (v === null ? 'NULL' : cellText(v))));
    }
  } finally {
    query.close();
  }
  return rows;
}

async function publish(of = cache): Promise<void> {
  const engine = await openEngine(of.paths, { threads: 2 });
  for (const mode of ['dataset', 'archive'] as const) {
    await updateSummaries(of.paths, engine, { mode });
    await updateTotals(of.paths, engine, { mode });
  }
  engine.close();
}

describe('every view', () => {
  it.each(VIEWS.map((view) => [view.name, view] as const))(
    '%s has the columns that it is said to have, with and without rows',
    async (name, { columns }) => {
      await cache.commit([record('ds1/a')]);
      await publish();
      const told = columns.map((column) => [column.name, column.type]);
      const sql = `SELECT column_name, data_type FROM duckdb_columns() WHERE table_name = '${name}'`;
      expect(await ask(sql)).toEqual(told);
      const filled = `SELECT column_name, column_type FROM (DESCRIBE FROM ${name})`;
      expect(await ask(filled)).toEqual(told);
    },
  );
});

it('records are those of commits, exact, with requesters sealed', async () => {
  await cache.commit(
    [record('ds1/a/b', { bytesSent: 2n ** 62n }), record('ds1', { requester: 0, time: 59 })],
    [record('/x', { download: false, time: 253_402_300_799 })],
  );
  await cache.commit([record('ds1/a/b', { requester: 2, bytesSent: 2n ** 62n })]);
  const uuid = (n: number): string =>
    sealedAddress(n)
      .toString('hex')
      .replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5');
  expect(await ask('FROM records ORDER BY key, requester')).toEqual([
    ['/x', '', 'x', '9999-12-31 23:59:59', '9999-12-31', uuid(1), '10', 'false', 'true'],
    ['ds1', 'ds1', '.', '1970-01-01 00:00:59', '1970-01-01', 'NULL', '10', 'true', 'true'],
    ...[1, 2]
      .map((n) => uuid(n))
      .sort()
      .map((id) => [
        ...['ds1/a/b', 'ds1', 'a/b', '2023-11-14 22:13:20', '2023-11-14', id],
        ...[String(2n ** 62n), 'true', 'true'],
      ]),
  ]);
  expect(await ask('SELECT sum(bytes_sent) FROM records')).toEqual([[String(2n ** 63n + 20n)]]);
});

it.each([
  ['the first component', { rule: 'level', level: 1 }],
  ['the first two components', { rule: 'level', level: 2 }],
  ['an expression', { rule: 'pattern', pattern: '^([a-z0-9]+)[/%]' }],
] as const)(
  'datasets and assets are what is published, by %s',
  async (_name, datasets) => {
    await fc.assert(
      fc.asyncProperty(someRecords, async (all) => {
        const one = new SyntheticCache();
        try {
          updateSettings(one.paths, { datasets });
          await one.commit(all);
          await publish(one);
          const difference = await ask(
            `WITH found AS (
               SELECT dataset, asset_path AS name, sum(bytes_sent) AS bytes FROM records GROUP BY ALL
             ), published AS (
               SELECT dataset, name, bytes_sent AS bytes FROM summaries
               WHERE kind = 'asset' AND dataset IS NOT NULL
             )
             (FROM found EXCEPT FROM published) UNION ALL (FROM published EXCEPT FROM found)`,
            one,
          );
          expect(difference).toEqual([]);
        } finally {
          one.remove();
        }
      }),
      { numRuns: 8 },
    );
  },
  60_000,
);

it('records of robots are there, and told apart where summaries leave them out', async () => {
  const { commit, ...rest } = await cache.commit([record('ds1/a')], [record('ds1/robot')]);
  const { writeCommit } = await import('../../cache/commit-record.js');
  const tagged = rest.records.map((one, i) => (i === 1 ? { ...one, tags: ['robot'] } : one));
  writeCommit(cache.paths, { ...rest, commit, records: tagged });
  const sql = 'SELECT key, counted FROM records ORDER BY key';
  expect(await ask(sql)).toEqual([
    ['ds1/a', 'true'],
    ['ds1/robot', 'true'],
  ]);
  updateSettings(cache.paths, { robots: 'exclude' });
  expect(await ask(sql)).toEqual([
    ['ds1/a', 'true'],
    ['ds1/robot', 'false'],
  ]);
});

it('countries of regions are those that totals count', async () => {
  const regions = [
    ...['US/California', 'US', 'AWS/us-east-2', 'GCP/asia-east1', 'Azure/westeurope', 'VPN'],
    ...['GitHub', 'bogon', 'unknown', 'undetermined', 'AWS/x', "CI/Côte d'Ivoire"],
  ];
  await cache.commit([record('ds1/a')]);
  await cache.writeRegions(new Map(regions.map((region, i) => [i + 1, region])));
  const expected = regions.map((region) => [region, countryOfRegion(region) ?? 'NULL']);
  expect((await ask('SELECT region, country FROM regions')).sort()).toEqual(expected.sort());
  const joined = 'SELECT region FROM records JOIN regions USING (requester)';
  expect(await ask(joined)).toEqual([['US/California']]);
});

it('summaries and totals are what is published: suppressed is NULL', async () => {
  const many = Array.from({ length: 75 }, (_, requester) => record('ds1/a', { requester }));
  await cache.commit([...many, record('=x/+y', { bytesSent: 2n ** 62n })]);
  await publish();
  expect(
    await ask("FROM summaries WHERE kind IN ('asset', 'day') ORDER BY dataset NULLS FIRST, kind"),
  ).toEqual([
    ['NULL', 'day', '2023-11-14', '2023-11-14', String(2n ** 62n + 750n), '80', '80'],
    ['=x', 'asset', '+y', 'NULL', String(2n ** 62n), 'NULL', 'NULL'],
    ['=x', 'day', '2023-11-14', '2023-11-14', String(2n ** 62n), 'NULL', 'NULL'],
    ['ds1', 'asset', 'a', 'NULL', '750', '80', '80'],
    ['ds1', 'day', '2023-11-14', '2023-11-14', '750', '80', '80'],
  ]);
  expect(await ask('FROM totals ORDER BY dataset NULLS FIRST')).toEqual([
    ['NULL', '80', '0', '1', String(2n ** 62n + 750n), '80', '80'],
    ['=x', 'NULL', '0', '1', String(2n ** 62n), 'NULL', 'NULL'],
    ['ds1', '80', '0', '1', '750', '80', '80'],
  ]);
});

it('nothing published is said so, where it is asked for', async () => {
  await cache.commit([record('ds1/a')]);
  await expect(ask('FROM summaries')).rejects.toMatchObject({ code: 'NOTHING_PUBLISHED' });
  expect(await ask('SELECT count(*) FROM records')).toEqual([['1']]);
});

describe('a segment', () => {
  it('that no commit names is not seen', async () => {
    const { records: segments } = await cache.commit([record('ds1/a')]);
    const path = join(cache.paths.segments, segments[0]?.file ?? '');
    copyFileSync(path, path.replace('-0.records', '-1.records'));
    expect(await ask('SELECT key FROM records')).toEqual([['ds1/a']]);
  });

  it.each([
    ['is missing', (path: string) => rmSync(path)],
    ['was cut', (path: string) => truncateSync(path, 100)],
    [
      'is a link',
      (path: string) => {
        copyFileSync(path, `${path}.other`);
        rmSync(path);
        symlinkSync(`${path}.other`, path);
      },
    ],
  ])('that %s is damage that is named', async (_what, damage) => {
    const { records: segments } = await cache.commit([record('ds1/a')]);
    const path = join(cache.paths.segments, segments[0]?.file ?? '');
    damage(path);
    await expect(ask('FROM records')).rejects.toMatchObject({
      code: 'CACHE_DAMAGED',
      message: expect.stringContaining(path),
    });
    expect(await ask('SELECT 1')).toEqual([['1']]);
  });
});

it('an empty cache has views without rows', async () => {
  for (const name of ['records', 'files', 'rejects', 'regions']) {
    expect(await ask(`SELECT count(*) FROM ${name}`)).toEqual([['0']]);
  }
});
