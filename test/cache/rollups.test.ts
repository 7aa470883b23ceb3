import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { listCommits, readCommit } from '../../cache/commit-record.js';
import { type Engine, openEngine } from '../../cache/engine.js';
import {
  type RollupRun,
  readManifest,
  requesterNumbers,
  writeManifest,
} from '../../cache/rollup-manifest.js';
import { chooseRunsToMerge, MOST_RUNS, mergeRuns } from '../../cache/rollup-merge.js';
import { rollUpCommits } from '../../cache/rollup-run.js';
import { assetPath } from '../../cache/rollups/asset-order.js';
import { blockPlaces, DatasetReader } from '../../cache/rollups/dataset-blocks.js';
import { readRequesters } from '../../cache/rollups/requester-file.js';
import { bytesSentOf, type Sums } from '../../cache/rollups/sums.js';
import { updateRollups } from '../../cache/rollups.js';
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

function record(n: number): SyntheticRecord {
  return {
    key: `ds${n % 3}/${n % 7}`,
    time: n * 40_000 - 100_000,
    requester: n % 5,
    bytesSent: 2n ** 63n - 1n - BigInt(n),
    download: n % 2 === 0,
  };
}

/** All sums, whichever runs they are in. */
async function sums(): Promise<unknown> {
  const { runs } = readManifest(cache.paths) ?? { runs: [] };
  const addresses = new Map<number, string>();
  for (const file of runs.flatMap((run) => run.requesters)) {
    const { numbers, addresses: words } = readRequesters(cache.paths.rollups, file);
    const bytes = Buffer.from(words.buffer, words.byteOffset, words.byteLength);
    numbers.forEach((number, row) => {
      addresses.set(number, bytes.toString('hex', row * 16, row * 16 + 16));
    });
  }
  const reader = new DatasetReader(cache.paths.rollups, requesterNumbers(runs));
  const all: unknown[] = [];
  for (const [dataset, places] of blockPlaces(cache.paths.rollups, runs)) {
    const { days, byDay, requesters, byRequester } = reader.sums(places);
    const row = (kind: string, name: unknown, of: Sums, slot: number) =>
      all.push([dataset, kind, name, of.bytesSent(slot), of.requests(slot), of.downloads(slot)]);
    days.forEach((day, slot) => {
      row('day', day, byDay, slot);
    });
    for (let slot = 0; slot < byRequester.count; slot++) {
      row('requester', addresses.get(requesters[slot] as number), byRequester, slot);
    }
    const assets = reader.assets(places);
    while (assets.next()) {
      const { low, high, requests, downloads } = assets;
      const name = Buffer.from(assets.name.subarray(0, assets.length)).toString('latin1');
      all.push([dataset, 'asset', assetPath(name), bytesSentOf(low, high), requests, downloads]);
    }
  }
  reader.close();
  return all.map(String).sort();
}

function filesOf(runs: readonly RollupRun[]): number {
  return runs.reduce((sum, run) => sum + run.sums.length + run.requesters.length, 0);
}

function files(): string[] {
  return readdirSync(cache.paths.rollups).sort();
}

describe('rollups', () => {
  test('hold the sums of all commits, and reading costs only new ones', async () => {
    await cache.commit([record(1), record(2)], [record(3)]);
    expect(await updateRollups(cache.paths, engine)).toMatchObject({ commitsAdded: 1 });
    const before = files();
    expect(await updateRollups(cache.paths, engine)).toMatchObject({
      commitsAdded: 0,
      rebuilt: false,
    });
    expect(files()).toEqual(before);
    await cache.commit([record(4)]);
    await cache.commit([]);
    await cache.commit();
    expect(await updateRollups(cache.paths, engine)).toMatchObject({ commitsAdded: 3 });
    expect(before.every((file) => files().includes(file))).toBe(true);
    expect(await updateRollups(cache.paths, engine)).toMatchObject({ commitsAdded: 0 });
  });

  test('are the same after many updates with merges as after one', async () => {
    for (let n = 0; n < 30; n++) {
      await cache.commit(Array.from({ length: 1 + (n % 4) }, (_, i) => record(n * 10 + i)));
      const { manifest } = await updateRollups(cache.paths, engine);
      expect(manifest.runs.length).toBeLessThanOrEqual(MOST_RUNS);
      expect(files().length).toBe(filesOf(manifest.runs) + 1);
      expect(manifest.runs.flatMap((run) => run.commits).length).toBe(n + 1);
    }
    const stepwise = await sums();
    rmSync(cache.paths.rollups, { recursive: true });
    const { manifest } = await updateRollups(cache.paths, engine);
    expect(manifest.runs.length).toBe(1);
    expect(await sums()).toEqual(stepwise);
    rmSync(cache.paths.rollups, { recursive: true });
    await updateRollups(cache.paths, engine, { batchRows: 3 });
    expect(await sums()).toEqual(stepwise);
  });

  test('are rolled up anew when they are not usable', async () => {
    for (let n = 0; n < 3; n++) {
      await cache.commit([record(n), record(n + 1)]);
      await updateRollups(cache.paths, engine);
    }
    const expected = await sums();
    const manifest = join(cache.paths.rollups, 'manifest.json');
    const damages: (() => void)[] = [
      () => rmSync(manifest),
      () => writeFileSync(manifest, readFileSync(manifest, 'utf8').replace('"rows":', '"rows":1')),
      () => writeFileSync(manifest, '{"version":1,"runs":[]}'),
      () => writeManifest(cache.paths, { version: 1, runs: [] } as never),
      () => rmSync(join(cache.paths.rollups, files()[0] as string)),
      () => {
        const path = join(cache.paths.rollups, files()[1] as string);
        const bytes = readFileSync(path);
        bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
        writeFileSync(path, bytes);
      },
    ];
    for (const damage of damages) {
      damage();
      const update = await updateRollups(cache.paths, engine);
      expect(update).toMatchObject({ commitsAdded: 3, rebuilt: true });
      expect(await sums()).toEqual(expected);
      expect(files().length).toBe(filesOf(update.manifest.runs) + 1);
    }
  });

  test('forget commits that exist no longer', async () => {
    await cache.commit([record(1)]);
    const only = await cache.commit([record(2)]);
    await updateRollups(cache.paths, engine);
    rmSync(join(cache.paths.commits, readdirSync(cache.paths.commits)[0] as string));
    const { manifest } = await updateRollups(cache.paths, engine);
    expect(manifest.runs.flatMap((run) => run.commits)).toEqual([only.commit]);
  });

  test('of more records than are summed up at once have the same sums', async () => {
    await cache.commit(Array.from({ length: 40_000 }, (_, n) => record(n)));
    await updateRollups(cache.paths, engine);
    const expected = await sums();
    const commits = listCommits(cache.paths).map((name) => readCommit(cache.paths, name));
    const run = await rollUpCommits(cache.paths, commits, [], { sliceWords: 1 });
    if (run === undefined) throw new Error('stopped');
    expect(blockPlaces(cache.paths.rollups, [run]).get('ds0')?.length).toBeGreaterThan(1);
    writeManifest(cache.paths, { version: 2, runs: [run] });
    expect(await sums()).toEqual(expected);
    writeManifest(cache.paths, { version: 2, runs: [mergeRuns(cache.paths, [run], 5)] });
    expect(await sums()).toEqual(expected);
  });

  test('refuse a segment that holds another number of records than its commit says', async () => {
    const query = (rows: number) =>
      `SELECT 'k' AS key, 0::BIGINT AS time, unhex(md5('1')) AS requester, 1::BIGINT AS bytes_sent,
       true AS download FROM range(${rows})`;
    await cache.commitQuery(query(3), 4);
    const update = updateRollups(cache.paths, engine);
    await expect(update).rejects.toMatchObject({ code: 'CACHE_DAMAGED' });
    expect(readManifest(cache.paths)?.runs).toEqual([]);
  });

  test('stop between batches and go on from there', async () => {
    for (let n = 0; n < 4; n++) await cache.commit([record(n)]);
    let asked = 0;
    // Once before each commit, and three times within.
    const shouldStop = () => ++asked > 8;
    const first = await updateRollups(cache.paths, engine, { batchRows: 1, shouldStop });
    expect(first).toMatchObject({ commitsAdded: 2, stopped: true });
    const seen: number[] = [];
    const onProgress = ({ commitsDone }: { commitsDone: number }) => seen.push(commitsDone);
    const second = await updateRollups(cache.paths, engine, { onProgress });
    expect(second).toMatchObject({ commitsAdded: 2, stopped: false });
    expect(seen).toEqual([2]);
  });

  test('are not touched by a writer that has lost the lock', async () => {
    await cache.commit([record(1)]);
    await updateRollups(cache.paths, engine);
    await cache.commit([record(2)]);
    const before = await sums();
    const assertHeld = () => {
      throw new Error('lost');
    };
    await expect(updateRollups(cache.paths, engine, { assertHeld })).rejects.toThrow('lost');
    expect(await sums()).toEqual(before);
    await updateRollups(cache.paths, engine);
    expect(await sums()).not.toEqual(before);
  });
});

test('merging writes a row a few times, however many daily updates there are', () => {
  const run = (rows: number): RollupRun => {
    const file = { file: '', rows, bytes: 0, sha256: '' };
    return {
      commits: [],
      sums: [{ ...file, modified: 0, index: 0, indexCheck: 0 }],
      requesters: [],
    };
  };
  const days = 3650;
  let runs: RollupRun[] = [];
  let written = 0;
  for (let day = 0; day < days; day++) {
    runs = [...runs, run(1)];
    const merging = chooseRunsToMerge(runs);
    if (merging.length === 0) continue;
    const rows = merging.reduce((sum, { sums }) => sum + (sums[0]?.rows ?? 0), 0);
    written += rows;
    runs = [...runs.filter((other) => !merging.includes(other)), run(rows)];
    expect(runs.length).toBeLessThanOrEqual(MOST_RUNS);
  }
  expect(written / days).toBeLessThan(12);
});
