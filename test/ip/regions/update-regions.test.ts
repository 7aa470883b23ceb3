import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../../cache/engine.js';
import { S3LogExtractionError } from '../../../cache/error.js';
import { regionsDirectory } from '../../../cache/region-table.js';
import type { RegionRunOptions } from '../../../src/ip/region-run.js';
import { readRegionStats } from '../../../src/ip/region-stats.js';
import { updateRegions } from '../../../src/ip/update-regions.js';
import { FakeLookup, KnownCache, rangesOf } from './known-cache.js';

const DAY = 86_400_000;
const NO_RANGES = rangesOf({});

let cache: KnownCache;
let engine: Engine;

beforeEach(async () => {
  cache = new KnownCache();
  engine = await openEngine(cache.paths, { threads: 2 });
});

afterEach(() => {
  engine.close();
  cache.remove();
});

const update = (options: Partial<RegionRunOptions>) =>
  updateRegions({ cache, engine, ranges: NO_RANGES, ...options });

const many = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `8.8.${i >> 8}.${i & 255}`);

describe('regions of requesters', () => {
  it('come from bogons first, then ranges, then the lookup', async () => {
    await cache.add(['10.0.0.1', 'fe80::1', '3.3.3.3', '8.8.8.8', '2a00::8', '9.9.9.9']);
    const lookup = new FakeLookup(10, (text) => (text === '9.9.9.9' ? 'unknown' : 'US/Ohio'));
    const ranges = rangesOf({ '3.3.3.3': 'AWS/us-east-2', '10.0.0.1': 'VPN' });
    expect(await update({ lookup, ranges })).toEqual({
      toDo: 6,
      bogons: 2,
      services: 1,
      lookedUp: 2,
      unknown: 1,
      remaining: 0,
      corrected: 0,
      stopped: false,
      failure: undefined,
    });
    expect(await cache.regions(engine)).toEqual({
      '10.0.0.1': 'bogon',
      'fe80::1': 'bogon',
      '3.3.3.3': 'AWS/us-east-2',
      '8.8.8.8': 'US/Ohio',
      '2a00::8': 'US/Ohio',
      '9.9.9.9': 'unknown',
    });
    expect(lookup.asked.flat().sort()).toEqual(['2a00::8', '8.8.8.8', '9.9.9.9']);
    expect(await readRegionStats(cache.paths, engine)).toEqual({
      requesters: 6,
      determined: 2,
      missing: 0,
      unknown: 1,
      undetermined: 0,
      bogon: 2,
      vpn: 0,
      cloud: 1,
      github: 0,
    });
  });

  it('are asked for once', async () => {
    await cache.add(['8.8.8.8']);
    const lookup = new FakeLookup(10, () => 'US');
    await update({ lookup });
    await cache.add(['8.8.8.8', '9.9.9.9']);
    expect((await update({ lookup })).toDo).toBe(1);
    expect((await update({ lookup })).toDo).toBe(0);
    expect(lookup.asked).toEqual([['8.8.8.8'], ['9.9.9.9']]);
  });

  it('are saved batch by batch, each before the next is asked for', async () => {
    await cache.add(many(95));
    const saved: number[] = [];
    const lookup = new FakeLookup(
      10,
      () => 'US',
      async () => {
        saved.push(Object.keys(await cache.regions(engine)).length);
        return undefined;
      },
    );
    await update({ lookup });
    expect(saved).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(Object.keys(await cache.regions(engine)).length).toBe(95);
  });

  it('that are known stay when the lookup fails, and the rest stays to do', async () => {
    await cache.add([...many(25), '10.0.0.1']);
    const failure = new S3LogExtractionError('TEST', 'over', {}, 5);
    const lookup = new FakeLookup(
      10,
      () => 'US',
      async (texts, batch) => {
        if (batch === 0) return undefined;
        const results = texts.map((_, i) => (i < 3 ? 'US' : i < 5 ? 'undetermined' : undefined));
        return { results, failure };
      },
    );
    expect(await update({ lookup })).toMatchObject({
      toDo: 26,
      bogons: 1,
      lookedUp: 13,
      remaining: 12,
      failure,
    });
    const again = new FakeLookup(100, () => 'DE');
    expect(await update({ lookup: again })).toMatchObject({ toDo: 12, lookedUp: 12, remaining: 0 });
    const regions = Object.values(await cache.regions(engine));
    expect(regions.filter((region) => region === 'US').length).toBe(13);
    expect(regions.filter((region) => region === 'DE').length).toBe(12);
    const both = [...(lookup.asked[0] as string[]), ...again.asked.flat()];
    expect(new Set(both).size).toBe(both.length);
  });

  it('are asked for in as many batches as wanted', async () => {
    await cache.add([...many(25), '10.0.0.1']);
    const lookup = new FakeLookup(10, () => 'US');
    expect(await update({ lookup, batchLimit: 1 })).toMatchObject({ bogons: 1, remaining: 15 });
    expect(await update({ lookup, batchLimit: 0 })).toMatchObject({ lookedUp: 0, remaining: 15 });
    expect(await update({ lookup, batchLimit: 9 })).toMatchObject({ lookedUp: 15, remaining: 0 });
  });

  it('without a lookup are those of bogons and services', async () => {
    await cache.add(['10.0.0.1', '3.3.3.3', '8.8.8.8']);
    const ranges = rangesOf({ '3.3.3.3': 'GitHub' });
    expect(await update({ ranges })).toMatchObject({ bogons: 1, services: 1, remaining: 1 });
    expect(Object.keys(await cache.regions(engine)).sort()).toEqual(['10.0.0.1', '3.3.3.3']);
  });

  it('that are unknown are asked for again after 30 days, and then stay known', async () => {
    await cache.add(['8.8.8.8']);
    const lookup = new FakeLookup(10, () => (lookup.asked.length === 1 ? 'unknown' : 'US'));
    const start = Date.UTC(2026, 0, 1);
    const toDo: number[] = [];
    for (const day of [0, 1, 29, 31, 100]) {
      toDo.push((await update({ lookup, now: () => start + day * DAY })).toDo);
    }
    expect(toDo).toEqual([1, 0, 0, 1, 0]);
    expect(await cache.regions(engine)).toEqual({ '8.8.8.8': 'US' });
  });

  it('looked up while a list is missing are looked at again in the ranges, without a request', async () => {
    await cache.add(['3.3.3.3', '4.4.4.4', '8.8.8.8']);
    const lookup = new FakeLookup(10, () => 'US/Virginia');
    await update({ lookup, ranges: rangesOf({}, ['AWS', 'Azure']) });
    expect(new Set(Object.values(await cache.regions(engine)))).toEqual(new Set(['US/Virginia?']));
    const aws = { '3.3.3.3': 'AWS/us-east-1' };
    expect(await update({ ranges: rangesOf(aws, ['Azure']) })).toMatchObject({
      toDo: 0,
      corrected: 1,
    });
    expect(await cache.regions(engine)).toEqual({
      '3.3.3.3': 'AWS/us-east-1',
      '4.4.4.4': 'US/Virginia?',
      '8.8.8.8': 'US/Virginia?',
    });
    const all = rangesOf({ ...aws, '4.4.4.4': 'Azure/eastus' });
    expect(await update({ ranges: all })).toMatchObject({ toDo: 0, corrected: 1 });
    expect(await cache.regions(engine)).toEqual({
      '3.3.3.3': 'AWS/us-east-1',
      '4.4.4.4': 'Azure/eastus',
      '8.8.8.8': 'US/Virginia',
    });
    const files = readdirSync(regionsDirectory(cache.paths));
    expect(await update({ ranges: all })).toMatchObject({ toDo: 0, corrected: 0 });
    expect(readdirSync(regionsDirectory(cache.paths))).toEqual(files);
    expect(lookup.asked.length).toBe(1);
  });

  it('stop on request after the batch in hand', async () => {
    await cache.add(many(50));
    let stop = false;
    const lookup = new FakeLookup(
      10,
      () => 'US',
      async () => {
        stop = lookup.asked.length === 2;
        return undefined;
      },
    );
    expect(await update({ lookup, shouldStop: () => stop })).toMatchObject({
      stopped: true,
      lookedUp: 20,
      remaining: 30,
    });
    expect(Object.keys(await cache.regions(engine)).length).toBe(20);
  });

  it('are not written by a run that lost the lock', async () => {
    await cache.add(['8.8.8.8']);
    await update({});
    const assertHeld = () => {
      throw new Error('lost');
    };
    await expect(update({ lookup: new FakeLookup(1, () => 'US'), assertHeld })).rejects.toThrow(
      'lost',
    );
    expect(await cache.regions(engine)).toEqual({});
  });

  it('leave no unfinished file of an earlier run', async () => {
    await cache.add(['8.8.8.8']);
    await update({ lookup: new FakeLookup(1, () => 'US') });
    writeFileSync(join(regionsDirectory(cache.paths), 'x.parquet.0123456789ab.tmp'), 'x');
    await update({});
    expect(readdirSync(regionsDirectory(cache.paths)).length).toBe(1);
  });
});
