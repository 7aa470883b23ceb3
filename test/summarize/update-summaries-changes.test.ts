import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { updateSummaries } from '../../src/summarize/update-summaries.js';
import { updateTotals } from '../../src/summarize/update-totals.js';
import { readStamps, readTree } from '../support/published-tree.js';
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

  test('refuses an empty choice, which once meant all datasets', async () => {
    await cache.commit([record('a/x')]);
    for (const choice of [{ pick: [] }, { skip: [] }]) {
      await expect(updateSummaries(cache.paths, engine, choice)).rejects.toMatchObject({
        code: 'DATASET_CHOICE_INVALID',
      });
    }
  });

  test('refuses both at once, and either for the archive', async () => {
    const both = updateSummaries(cache.paths, engine, { pick: ['a'], skip: ['b'] });
    await expect(both).rejects.toMatchObject({ code: 'DATASET_CHOICE_INVALID', exitCode: 2 });
    const archive = updateSummaries(cache.paths, engine, { mode: 'archive', pick: ['a'] });
    await expect(archive).rejects.toMatchObject({ code: 'DATASET_CHOICE_INVALID', exitCode: 2 });
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

  test('a stop request ends it before tables are made, and the next run finishes', async () => {
    await cache.commit(['a', 'b', 'c'].map((name) => record(`${name}/x`)));
    // Asked before and between the segments of the rollups, which are done by then.
    let asked = 0;
    const first = await updateSummaries(cache.paths, engine, { shouldStop: () => ++asked > 4 });
    expect(first).toMatchObject({ stopped: true, filesWritten: 0 });
    expect(published().size).toBe(0);
    const second = await updateSummaries(cache.paths, engine);
    expect(second).toMatchObject({ stopped: false, filesUnchanged: 0, filesWritten: 12 });
  });

  test('a stop request between tables leaves whole ones', async () => {
    // More datasets than one thread gets at once.
    const names = Array.from({ length: 150 }, (_, n) => `d${n}`);
    await cache.commit(names.map((name) => record(`${name}/x`)));
    await updateSummaries(cache.paths, engine, { mode: 'archive' });
    let asked = 0;
    const first = await updateSummaries(cache.paths, engine, { shouldStop: () => ++asked > 3 });
    expect(first.stopped).toBe(true);
    expect(first.filesWritten).toBeGreaterThan(0);
    expect(first.filesWritten).toBeLessThan(600);
    const second = await updateSummaries(cache.paths, engine);
    expect(second).toMatchObject({
      stopped: false,
      filesUnchanged: first.filesWritten,
      filesWritten: 600 - first.filesWritten,
    });
  });
});

test('an option that is not a whole number is a usage error', async () => {
  const update = updateSummaries(cache.paths, engine, { threshold: 1.5 });
  await expect(update).rejects.toMatchObject({ code: 'PRIVACY_RULES_INVALID', exitCode: 2 });
  const totals = updateTotals(cache.paths, engine, { modulus: 0 });
  await expect(totals).rejects.toMatchObject({ code: 'PRIVACY_RULES_INVALID', exitCode: 2 });
});
