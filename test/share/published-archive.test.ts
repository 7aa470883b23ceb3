import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { checksFile, readPublishedChecks } from '../../cache/published-checks.js';
import { sealedJson } from '../../cache/sealed-json.js';
import { openPublished } from '../../src/share/published/published-archive.js';
import { datasetFolders } from '../../src/summarize/dataset-folder.js';
import { updateSummaries } from '../../src/summarize/update-summaries.js';
import { updateTotals } from '../../src/summarize/update-totals.js';
import { records } from '../support/random-records.js';
import { expectedSummaries } from '../support/summary-oracle.js';
import { SyntheticCache, type SyntheticRecord } from '../support/synthetic-cache.js';

let cache: SyntheticCache;
let engine: Engine;

beforeEach(async () => {
  cache = new SyntheticCache();
  engine = await openEngine(cache.paths, { threads: 2 });
});

afterEach(() => {
  engine.close();
  cache.remove();
});

function record(key: string, change: Partial<SyntheticRecord> = {}): SyntheticRecord {
  return { key, time: 1_700_000_000, requester: 1, bytesSent: 10n, download: true, ...change };
}

function many(key: string, count: number): SyntheticRecord[] {
  return Array.from({ length: count }, (_, requester) => record(key, { requester }));
}

async function publish(options: { threshold?: number; modulus?: number } = {}): Promise<void> {
  for (const mode of ['dataset', 'archive'] as const) {
    await updateSummaries(cache.paths, engine, { mode, ...options });
    await updateTotals(cache.paths, engine, { mode, ...options });
  }
}

test('gives tables, counts and totals as they were published', async () => {
  await cache.commit([...many('archive/a\tb', 75), record('ds1/=x', { bytesSent: 2n ** 60n })]);
  await publish();
  const published = openPublished(cache.paths);
  expect(published.rules).toEqual({ threshold: 50, modulus: 20 });
  expect(published.robots).toBe('include');
  expect(published.datasets.map(({ name, folder }) => [name, folder])).toEqual([
    ['archive', '%61rchive'],
    ['ds1', 'ds1'],
  ]);
  expect(published.table('%61rchive/by_asset.tsv')).toEqual({
    columns: ['asset_path', 'bytes_sent', 'number_of_requests', 'number_of_downloads'],
    rows: [['a\tb', '750', '80', '80']],
  });
  expect(published.table('ds1/by_asset.tsv')?.rows).toEqual([['=x', `${2n ** 60n}`, '<50', '<50']]);
  expect(published.requesterCount('%61rchive')).toBe('80');
  expect(published.totals()?.get('ds1')?.total_bytes_sent).toBe(2n ** 60n);
  expect(published.archiveTotals()?.total_bytes_sent).toBe(2n ** 60n + 750n);
  expect(published.coordinates()).toBeUndefined();
  expect(published.files).toContain('archive/by_day.tsv');
});

test('is what a second route says, whatever the keys', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(records, { minLength: 1, maxLength: 2 }), async (batches) => {
      fc.pre(batches.some((batch) => batch.length > 0));
      const own = new SyntheticCache();
      const ownEngine = await openEngine(own.paths, { threads: 1 });
      try {
        for (const batch of batches) await own.commit(batch);
        await updateSummaries(own.paths, ownEngine);
        await updateTotals(own.paths, ownEngine);
        const published = openPublished(own.paths);
        const expected = expectedSummaries(batches.flat(), {
          folderOf: datasetFolders(batches.flat().map(({ key }) => key.split('/')[0] as string)),
        });
        for (const [name, text] of expected) {
          expect(published.bytes(name).toString('utf8')).toBe(text);
          const table = published.table(name);
          const width = table?.columns.length;
          expect(table?.rows.every((row) => row.length === width)).toBe(true);
        }
      } finally {
        ownEngine.close();
        own.remove();
      }
    }),
    { numRuns: 20 },
  );
});

test('the date of publication is that of the last change', async () => {
  await cache.commit([record('ds1/a')]);
  await publish();
  const first = openPublished(cache.paths).changedAt;
  await publish();
  expect(openPublished(cache.paths).changedAt).toBe(first);
  await cache.commit([record('ds1/b')]);
  await publish();
  expect(openPublished(cache.paths).changedAt > first).toBe(true);
});

test('nothing, exact counts, and tables by several rules are not passed on', async () => {
  const open = (): unknown => openPublished(cache.paths);
  expect(open).toThrow(expect.objectContaining({ code: 'NOTHING_PUBLISHED' }));
  await cache.commit([record('ds1/a'), record('ds2/a')]);
  await publish({ threshold: 0, modulus: 1 });
  expect(open).toThrow(expect.objectContaining({ code: 'NOT_ROUNDED' }));
  await updateSummaries(cache.paths, engine, { pick: ['ds1'] });
  expect(open).toThrow(expect.objectContaining({ code: 'PUBLISHED_HALFWAY' }));
});

test('what is damaged, or published anew meanwhile, is not passed on', async () => {
  await cache.commit([record('ds1/a')]);
  await publish();
  const published = openPublished(cache.paths);
  appendFileSync(join(cache.paths.summaries, 'ds1', 'by_day.tsv'), '2020-01-01\t1\t<50\t<50\n');
  expect(() => published.table('ds1/by_day.tsv')).toThrow(
    expect.objectContaining({ code: 'CACHE_DAMAGED' }),
  );
  await cache.commit([record('ds1/b')]);
  await publish();
  expect(() => published.table('ds1/by_day.tsv')).toThrow(
    expect.objectContaining({ code: 'PUBLISHED_ANEW' }),
  );
  expect(openPublished(cache.paths).table('ds1/by_day.tsv')?.rows).toHaveLength(1);
});

test('an update that was interrupted, and lists of earlier versions, are told', async () => {
  await cache.commit([record('ds1/a')]);
  await publish();
  const noted = readPublishedChecks(cache.paths);
  const files = Object.fromEntries(noted?.files ?? []);
  const { rules, changedAt } = noted ?? {};
  const write = (value: object): void => writeFileSync(checksFile(cache.paths), sealedJson(value));
  const between = {
    ...files,
    'totals.json': ['0123456789abcdef', ...(files['totals.json'] ?? [])],
  };
  write({ version: 1, complete: true, rules, changedAt, files: between });
  expect(() => openPublished(cache.paths)).toThrow(
    expect.objectContaining({ code: 'PUBLISHED_HALFWAY' }),
  );
  write({ version: 1, complete: true, files });
  expect(() => openPublished(cache.paths)).toThrow(
    expect.objectContaining({ code: 'NOTHING_PUBLISHED' }),
  );
});
