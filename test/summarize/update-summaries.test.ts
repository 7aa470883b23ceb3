import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { datasetFolder } from '../../src/summarize/dataset-folder.js';
import { updateSummaries } from '../../src/summarize/update-summaries.js';
import { updateTotals } from '../../src/summarize/update-totals.js';
import { readStamps, readTree } from '../support/published-tree.js';
import { records, regions } from '../support/random-records.js';
import {
  expectedArchive,
  expectedSummaries,
  expectedTotals,
  type OracleOptions,
} from '../support/summary-oracle.js';
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

const folderOf = datasetFolder;

function record(key: string, change: Partial<SyntheticRecord> = {}): SyntheticRecord {
  return { key, time: 1_700_000_000, requester: 1, bytesSent: 10n, download: true, ...change };
}

/** JSON with every integer as a string of its digits, so that none loses any. */
function parseTotals(text: string): unknown {
  return JSON.parse(text.replace(/^(\s*"(?:[^"\\]|\\.)*": )(\d+)(,?)$/gm, '$1"$2"$3'));
}

function published(): Map<string, string> {
  return readTree(cache.paths.summaries);
}

async function updateAll(
  paths: SyntheticCache['paths'],
  on: Engine,
  options: { threshold?: number; modulus?: number } = {},
): Promise<void> {
  for (const mode of ['dataset', 'archive'] as const) {
    await updateSummaries(paths, on, { mode, ...options });
    await updateTotals(paths, on, { mode, ...options });
  }
}

describe('published tables', () => {
  test('equal those of a second route, whatever the records and the order of commits', async () => {
    await fc.assert(
      fc.asyncProperty(
        records,
        regions,
        fc.constantFrom<[number, number]>([50, 20], [50, 20], [0, 1], [3, 7]),
        fc.integer({ min: 1, max: 12 }),
        async (all, known, [threshold, modulus], commits) => {
          const options: OracleOptions = { regions: known, threshold, modulus, folderOf };
          const expected = [
            ...expectedSummaries(all, options),
            ...expectedArchive(all, options),
          ].sort();
          // Once in many commits, each published before the next; once in a single one, backwards.
          const step = new SyntheticCache();
          const whole = new SyntheticCache();
          const stepEngine = await openEngine(step.paths, { threads: 2 });
          const wholeEngine = await openEngine(whole.paths, { threads: 1 });
          try {
            await step.writeRegions(known);
            await whole.writeRegions(known);
            await whole.commit([...all].reverse());
            await updateAll(whole.paths, wholeEngine, { threshold, modulus });
            for (let n = 0; n < commits; n++) {
              const own = all.filter((_, i) => i % commits === n);
              await step.commit(
                own.filter((_, i) => i % 2 === 0),
                own.filter((_, i) => i % 2 === 1),
              );
              if (n % 3 === 0) await updateAll(step.paths, stepEngine, { threshold, modulus });
            }
            await updateAll(step.paths, stepEngine, { threshold, modulus });
            const found = readTree(whole.paths.summaries);
            expect(readTree(step.paths.summaries)).toEqual(found);

            const totals = found.get('totals.json');
            const archive = found.get('archive_totals.json');
            found.delete('totals.json');
            found.delete('archive_totals.json');
            expect([...found].sort()).toEqual(expected);
            if (all.length === 0) {
              expect([totals, archive]).toEqual([undefined, undefined]);
              return;
            }
            const datasets = [...new Set(all.map(({ key }) => key.split('/')[0] as string))];
            const parsed = new Map(Object.entries(parseTotals(totals ?? '') as object));
            expect(parsed.size).toBe(datasets.length);
            for (const dataset of datasets) {
              const own = all.filter(({ key }) => key.split('/')[0] === dataset);
              expect(parsed.get(dataset)).toEqual(expectedTotals(own, options));
            }
            expect(parseTotals(archive ?? '')).toEqual(expectedTotals(all, options));
          } finally {
            stepEngine.close();
            wholeEngine.close();
            step.remove();
            whole.remove();
          }
        },
      ),
      { numRuns: 12 },
    );
  }, 120_000);

  test('have these bytes', async () => {
    await cache.commit([
      ...Array.from({ length: 70 }, (_, i) => record('ds1/a/x', { requester: i + 1 })),
      record('ds1/a-b/x', { bytesSent: 2n ** 63n - 1n, download: false }),
      record('ds1/a-b/x', { bytesSent: 2n ** 63n - 1n, time: 1_700_100_000 }),
      record('ds1', { requester: 0 }),
      record('ds1/'),
      record('ds1/=1+1'),
    ]);
    await cache.writeRegions(
      new Map([
        [1, 'US/California'],
        [2, 'AWS/us-east-10'],
        [3, 'AWS/us-east-2'],
      ]),
    );
    await updateAll(cache.paths, engine);
    const tables = published();
    expect(tables.get('ds1/by_day.tsv')).toBe(
      'date\tbytes_sent\tnumber_of_requests\tnumber_of_downloads\n' +
        '2023-11-14\t9223372036854776537\t80\t80\n' +
        '2023-11-16\t9223372036854775807\t<50\t<50\n',
    );
    expect(tables.get('ds1/by_asset.tsv')).toBe(
      'asset_path\tbytes_sent\tnumber_of_requests\tnumber_of_downloads\n' +
        '.\t20\t<50\t<50\n' +
        "'=1+1\t10\t<50\t<50\n" +
        'a/x\t700\t80\t80\n' +
        'a-b/x\t18446744073709551614\t<50\t<50\n',
    );
    expect(tables.get('ds1/by_region.tsv')).toBe(
      'region\tbytes_sent\tnumber_of_requests\tnumber_of_downloads\n' +
        'AWS/us-east-2\t10\t<50\t<50\n' +
        'AWS/us-east-10\t10\t<50\t<50\n' +
        'US/California\t18446744073709551644\t<50\t<50\n' +
        'missing\t680\t60\t60\n',
    );
    expect(tables.get('ds1/requester_count.tsv')).toBe('80');
    const totals =
      '"number_of_requesters": 80,\n' +
      '"number_of_unique_countries": 1,\n' +
      '"number_of_unique_regions": 4,\n' +
      '"total_bytes_sent": 18446744073709552344,\n' +
      '"total_number_of_downloads": 80,\n' +
      '"total_number_of_requests": 80\n';
    const indented = (margin: string) => totals.replace(/^(?=")/gm, margin);
    expect(tables.get('totals.json')).toBe(`{\n  "ds1": {\n${indented('    ')}  }\n}`);
    expect(tables.get('archive_totals.json')).toBe(`{\n${indented('  ')}}`);
    expect(statSync(join(cache.paths.summaries, 'ds1', 'by_day.tsv')).mode & 0o777).toBe(0o644);
    expect(statSync(join(cache.paths.summaries, 'ds1')).mode & 0o777).toBe(0o755);
  });

  test('of a dataset named archive stand apart from those of the archive', async () => {
    await cache.commit([record('archive/x'), record('ds1/x')]);
    await updateAll(cache.paths, engine);
    expect(readdirSync(cache.paths.summaries).sort()).toEqual([
      '%61rchive',
      'archive',
      'archive_totals.json',
      'ds1',
      'totals.json',
    ]);
    expect(existsSync(join(cache.paths.summaries, 'archive', 'by_asset.tsv'))).toBe(false);
    expect(parseTotals(published().get('totals.json') ?? '')).toHaveProperty('archive');
  });

  test('count archive requesters once, however many datasets they asked for', async () => {
    const of = (dataset: string) =>
      Array.from({ length: 60 }, (_, i) => record(`${dataset}/x`, { requester: i + 1 }));
    await cache.commit(of('a'), of('b'));
    await updateAll(cache.paths, engine);
    expect(published().get('archive/requester_count.tsv')).toBe('60');
  });

  test('count no requester for lines that name none, whose region is missing', async () => {
    await cache.commit([0, 0, 1, 2].map((requester) => record('ds1/x', { requester })));
    await cache.writeRegions(
      new Map([
        [0, 'US'],
        [1, 'DE'],
      ]),
    );
    await updateAll(cache.paths, engine, { threshold: 0, modulus: 1 });
    expect(published().get('ds1/requester_count.tsv')).toBe('2');
    expect(published().get('ds1/by_region.tsv')).toMatch(/\nDE\t10\t1\t1\nmissing\t30\t3\t3\n$/);
    expect(parseTotals(published().get('archive_totals.json') ?? '')).toMatchObject({
      number_of_requesters: '2',
      number_of_unique_countries: '1',
      number_of_unique_regions: '2',
    });
  });

  test('larger than what is held in memory are whole, and left alone when the same', async () => {
    const rows = 60_000;
    await cache.commitQuery(
      `SELECT 'big/' || repeat('x', 20) || lpad(i::VARCHAR, 6, '0') AS key, 0::BIGINT AS time,
       unhex(md5('1')) AS requester, 1::BIGINT AS bytes_sent, true AS download FROM range(${rows}) t(i)`,
      rows,
    );
    await updateSummaries(cache.paths, engine, { threshold: 1, modulus: 1 });
    const lines = (published().get('big/by_asset.tsv') ?? '').split('\n');
    expect(lines.length).toBe(rows + 2);
    expect(lines.slice(1, -1).every((line, i) => line === assetLine(i))).toBe(true);
    const again = await updateSummaries(cache.paths, engine, { threshold: 1, modulus: 1 });
    expect(again).toMatchObject({ filesWritten: 0, filesUnchanged: 4 });
    expect(readdirSync(cache.paths.tmp).filter((name) => name.startsWith('published'))).toEqual([]);
  });

  test('of which nothing changed keep their modification time', async () => {
    await cache.commit([record('a/x'), record('b/x')]);
    await updateAll(cache.paths, engine);
    const before = readStamps(cache.paths.summaries);
    await cache.commit([record('b/y')]);
    await updateAll(cache.paths, engine);
    const after = readStamps(cache.paths.summaries);
    const changed = [...after].filter(([path, stamp]) => before.get(path) !== stamp);
    expect(changed.map(([path]) => path)).toEqual([
      'archive/by_day.tsv',
      'archive/by_region.tsv',
      'archive_totals.json',
      'b/by_asset.tsv',
      'b/by_day.tsv',
      'b/by_region.tsv',
      'totals.json',
    ]);
  });
});

function assetLine(i: number): string {
  return `${'x'.repeat(20)}${String(i).padStart(6, '0')}\t1\t1\t1`;
}
