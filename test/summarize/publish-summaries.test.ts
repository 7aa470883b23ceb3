import { rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { PublishedState } from '../../cache/published-state.js';
import { readManifest } from '../../cache/rollup-manifest.js';
import { updateRollups } from '../../cache/rollups.js';
import { privacyRules } from '../../src/summarize/privacy.js';
import { OUTPUTS, publishSummaries } from '../../src/summarize/publish-summaries.js';
import { readStamps, readTree } from '../support/published-tree.js';
import { records, regions } from '../support/random-records.js';
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

/** As the nightly update does: what was published last is not made again. */
async function publishSince(own = cache, on = engine): Promise<void> {
  const since = new PublishedState(own.paths, []);
  await publishSummaries(own.paths, on, OUTPUTS, { rules: privacyRules(), since });
  since.note();
}

function published(): Map<string, string> {
  return readTree(cache.paths.summaries);
}

/** What changes is written; returns the names of the files that were. */
async function written(action: () => Promise<void>): Promise<string[]> {
  const before = readStamps(cache.paths.summaries);
  await action();
  const after = readStamps(cache.paths.summaries);
  return [...after].filter(([path, stamp]) => before.get(path) !== stamp).map(([path]) => path);
}

test('night after night it comes to the same bytes as all at once', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(records, { minLength: 1, maxLength: 12 }),
      regions,
      regions,
      async (nights, early, late) => {
        const step = new SyntheticCache();
        const whole = new SyntheticCache();
        const stepEngine = await openEngine(step.paths, { threads: 2 });
        const wholeEngine = await openEngine(whole.paths, { threads: 2 });
        try {
          for (const [n, night] of nights.entries()) {
            if (n === 1) await step.writeRegions(early, 'a');
            if (n === 3) await step.writeRegions(late, 'b');
            await step.commit(night);
            await publishSince(step, stepEngine);
          }
          if (nights.length > 1) await whole.writeRegions(early, 'a');
          if (nights.length > 3) await whole.writeRegions(late, 'b');
          await whole.commit(nights.flat());
          await publishSince(whole, wholeEngine);
          expect(readTree(step.paths.summaries)).toEqual(readTree(whole.paths.summaries));
        } finally {
          stepEngine.close();
          wholeEngine.close();
          step.remove();
          whole.remove();
        }
      },
    ),
    { numRuns: 4 },
  );
}, 60_000);

test('only tables of what is new are made; of new regions only those by region', async () => {
  await cache.commit([record('a/x'), record('b/x')]);
  await publishSince();
  expect(new PublishedState(cache.paths, []).isCurrent()).toBe(true);
  await cache.commit([record('b/y')]);
  const needed = async () => {
    const since = new PublishedState(cache.paths, []);
    const { manifest } = await updateRollups(cache.paths, engine);
    const all = ['a', 'b'].flatMap((dataset) =>
      ['by_day.tsv', 'by_asset.tsv', 'by_region.tsv'].map((table) => [dataset, table] as const),
    );
    const { blockPlaces } = await import('../../cache/rollups/dataset-blocks.js');
    const places = blockPlaces(cache.paths.rollups, manifest.runs);
    const isNeeded = since.neededTables(manifest, places, (dataset) => dataset);
    return all.filter(([dataset, table]) => isNeeded?.(dataset, table) ?? true).map(String);
  };
  expect(await needed()).toEqual(['b,by_day.tsv', 'b,by_asset.tsv', 'b,by_region.tsv']);
  await publishSince();
  expect(await needed()).toEqual([]);
  await cache.writeRegions(new Map([[1, 'US']]));
  expect(new PublishedState(cache.paths, []).isCurrent()).toBe(false);
  expect(await needed()).toEqual(['a,by_region.tsv', 'b,by_region.tsv']);
  expect(await written(publishSince)).toEqual([
    'a/by_region.tsv',
    'archive/by_region.tsv',
    'archive_totals.json',
    'b/by_region.tsv',
    'totals.json',
  ]);
  rmSync(join(cache.paths.commits, `${readManifest(cache.paths)?.runs[0]?.commits[0]}.json`));
  expect(await needed()).toHaveLength(6);
});

test('a table that somebody changed or removed is made again, and so with other rules', async () => {
  await cache.commit([record('a/x'), record('b/x')]);
  await publishSince();
  const expected = published();
  const path = join(cache.paths.summaries, 'a', 'by_day.tsv');
  writeFileSync(path, expected.get('a/by_day.tsv')?.replace('<50', '>50') ?? '');
  rmSync(join(cache.paths.summaries, 'b'), { recursive: true });
  await publishSince();
  expect(published()).toEqual(expected);
  utimesSync(path, 1, 1);
  expect(await written(publishSince)).toEqual([]);
  expect(new PublishedState(cache.paths, [1]).isCurrent()).toBe(false);
});

test('damaged rollups are made anew before anything is published', async () => {
  const { readdirSync, readFileSync, statSync } = await import('node:fs');
  await cache.commit(Array.from({ length: 60 }, (_, i) => record('a/x', { requester: i + 1 })));
  await publishSince();
  const expected = published();
  const name = readdirSync(cache.paths.rollups).find((file) => file.endsWith('.sums')) as string;
  const path = join(cache.paths.rollups, name);
  const { atime, mtime } = statSync(path);
  const bytes = readFileSync(path);
  bytes[8] = (bytes[8] as number) ^ 1;
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
  await publishSummaries(cache.paths, engine, OUTPUTS, { rules: privacyRules() });
  expect(published()).toEqual(expected);
  expect(readdirSync(cache.paths.rollups)).not.toContain(name);
});
