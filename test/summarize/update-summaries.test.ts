import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
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
        '"\'=1+1"\t10\t<50\t<50\n' +
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

describe('stale tables', () => {
  test('are removed with their folder, and nothing that is not ours', async () => {
    const kept = await cache.commit([record('a/x')]);
    await cache.commit([record('b/x'), record('c/x')]);
    await updateAll(cache.paths, engine);
    const { summaries, commits } = cache.paths;
    writeFileSync(join(summaries, 'c', 'notes.txt'), 'mine');
    mkdirSync(join(summaries, 'mine'));
    writeFileSync(join(summaries, 'mine', 'index.html'), 'mine');
    mkdirSync(join(summaries, 'empty'));
    const outside = join(cache.paths.root, '..', 'outside');
    mkdirSync(outside);
    writeFileSync(join(outside, 'by_day.tsv'), 'not ours');
    symlinkSync(outside, join(summaries, 'link'));
    for (const name of readdirSync(commits)) {
      if (name !== `${kept.commit}.json`) rmSync(join(commits, name));
    }
    const result = await updateSummaries(cache.paths, engine);
    expect(result).toMatchObject({ datasets: 1, filesWritten: 0, filesRemoved: 8 });
    await updateTotals(cache.paths, engine);
    expect(existsSync(join(summaries, 'b'))).toBe(false);
    expect(readdirSync(join(summaries, 'c'))).toEqual(['notes.txt']);
    expect(readdirSync(join(summaries, 'mine'))).toEqual(['index.html']);
    expect(existsSync(join(summaries, 'empty'))).toBe(true);
    expect(readFileSync(join(outside, 'by_day.tsv'), 'utf8')).toBe('not ours');
    expect(existsSync(join(summaries, 'archive', 'by_day.tsv'))).toBe(true);
    expect(Object.keys(parseTotals(published().get('totals.json') ?? '') as object)).toEqual(['a']);
  });

  test('of a cache without records are all removed', async () => {
    await cache.commit([record('a/x')]);
    await updateAll(cache.paths, engine);
    for (const name of readdirSync(cache.paths.commits)) rmSync(join(cache.paths.commits, name));
    await updateAll(cache.paths, engine);
    expect(readdirSync(cache.paths.summaries)).toEqual([]);
  });

  test('stay when only some datasets are asked for', async () => {
    const kept = await cache.commit([record('a/x')]);
    await cache.commit([record('b/x')]);
    await updateSummaries(cache.paths, engine);
    rmSync(join(cache.paths.commits, readdirSync(cache.paths.commits)[1] as string));
    expect(readdirSync(cache.paths.commits)).toEqual([`${kept.commit}.json`]);
    await updateSummaries(cache.paths, engine, { pick: ['a'] });
    expect(existsSync(join(cache.paths.summaries, 'b', 'by_day.tsv'))).toBe(true);
  });
});

describe('the choice of datasets', () => {
  test('takes the picked ones, or all but the skipped ones', async () => {
    await cache.commit(['a', 'b', 'c', 'it\'s "d"'].map((name) => record(`${name}/x`)));
    await updateSummaries(cache.paths, engine, { pick: ['b', 'it\'s "d"'] });
    expect(readdirSync(cache.paths.summaries).sort()).toEqual(['b', "it's %22d%22"]);
    await updateSummaries(cache.paths, engine, { skip: ['a', 'nowhere'] });
    expect(readdirSync(cache.paths.summaries).sort()).toEqual(['b', 'c', "it's %22d%22"]);
  });

  test('refuses both at once, and either for the archive', async () => {
    const both = updateSummaries(cache.paths, engine, { pick: ['a'], skip: ['b'] });
    await expect(both).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
    const archive = updateSummaries(cache.paths, engine, { mode: 'archive', pick: ['a'] });
    await expect(archive).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
  });

  test('names a picked dataset that does not exist, and writes nothing', async () => {
    await cache.commit([record('a/x')]);
    const update = updateSummaries(cache.paths, engine, { pick: ['a', 'nowhere'] });
    await expect(update).rejects.toMatchObject({ code: 'UNKNOWN_DATASET' });
    await expect(update).rejects.toThrow(/nowhere/);
    expect(published().size).toBe(0);
  });
});

describe('when something is wrong', () => {
  test('a damaged segment is named and nothing published changes', async () => {
    await cache.commit([record('a/x')]);
    await updateAll(cache.paths, engine);
    const before = readStamps(cache.paths.root);
    const commit = await cache.commit([record('b/x')]);
    const segment = join(cache.paths.segments, commit.records[0]?.file as string);
    const bytes = readFileSync(segment);
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
    writeFileSync(segment, bytes);
    const flipped = updateSummaries(cache.paths, engine);
    await expect(flipped).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
    await expect(flipped).rejects.toThrow(commit.records[0]?.file);
    truncateSync(segment, bytes.length - 1);
    await expect(updateTotals(cache.paths, engine)).rejects.toThrow(commit.records[0]?.file);
    rmSync(segment);
    await expect(updateTotals(cache.paths, engine)).rejects.toThrow(/missing/);
    const after = readStamps(cache.paths.root);
    expect([...before].every(([path, stamp]) => after.get(path) === stamp)).toBe(true);
    expect([...published().keys()].some((path) => path.startsWith('b/'))).toBe(false);
  });

  test('a symbolic link in place of a folder is refused', async () => {
    await cache.commit([record('a/x')]);
    const outside = join(cache.paths.root, '..', 'outside');
    mkdirSync(outside);
    mkdirSync(cache.paths.summaries);
    symlinkSync(outside, join(cache.paths.summaries, 'a'));
    const update = updateSummaries(cache.paths, engine);
    await expect(update).rejects.toMatchObject({ code: 'NOT_A_FOLDER' });
    expect(readdirSync(outside)).toEqual([]);
    expect(lstatSync(join(cache.paths.summaries, 'a')).isSymbolicLink()).toBe(true);
  });

  test('a lost lock ends it before the next file is replaced', async () => {
    await cache.commit([record('a/x')]);
    await updateSummaries(cache.paths, engine);
    await cache.commit([record('a/y')]);
    const before = readStamps(cache.paths.summaries);
    const assertHeld = () => {
      throw new Error('lost');
    };
    await expect(updateSummaries(cache.paths, engine, { assertHeld })).rejects.toThrow('lost');
    expect(readStamps(cache.paths.summaries)).toEqual(before);
  });

  test('a stop request ends it between files, and the next run finishes', async () => {
    await cache.commit(['a', 'b', 'c'].map((name) => record(`${name}/x`)));
    let asked = 0;
    const first = await updateSummaries(cache.paths, engine, { shouldStop: () => ++asked > 3 });
    expect(first.stopped).toBe(true);
    expect(published().size).toBe(2);
    const second = await updateSummaries(cache.paths, engine);
    expect(second).toMatchObject({ stopped: false, filesUnchanged: 2, filesWritten: 10 });
  });
});

test('an option that is not a whole number is a usage error', async () => {
  const update = updateSummaries(cache.paths, engine, { threshold: 1.5 });
  await expect(update).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
  const totals = updateTotals(cache.paths, engine, { modulus: 0 });
  await expect(totals).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
});

function assetLine(i: number): string {
  return `${'x'.repeat(20)}${String(i).padStart(6, '0')}\t1\t1\t1`;
}
