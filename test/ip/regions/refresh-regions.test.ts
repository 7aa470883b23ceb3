import { existsSync, readFileSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../../cache/engine.js';
import { changesFile } from '../../../cache/region-changes.js';
import { REFRESH_DAYS, refreshRegions } from '../../../src/ip/refresh-regions.js';
import type { RegionRunOptions } from '../../../src/ip/region-run.js';
import { updateRegions } from '../../../src/ip/update-regions.js';
import { FakeLookup, KnownCache, rangesOf } from './known-cache.js';

const DAY = 86_400_000;
const START = Date.UTC(2026, 0, 1);
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

async function known(addresses: readonly string[], region: (address: string) => string) {
  await cache.add(addresses);
  const lookup = new FakeLookup(1000, region);
  await updateRegions({ cache, engine, ranges: NO_RANGES, lookup, now: () => START });
}

const refresh = (day: number, options: Partial<RegionRunOptions>) =>
  refreshRegions({ cache, engine, ranges: NO_RANGES, now: () => START + day * DAY, ...options });

const log = (day: number): string | undefined => {
  const path = changesFile(cache.paths, new Date(START + day * DAY).toISOString().slice(0, 10));
  return existsSync(path) ? readFileSync(path, 'utf8') : undefined;
};

const many = (count: number): string[] =>
  Array.from({ length: count }, (_, i) => `8.8.${i >> 8}.${i & 255}`);

describe('refreshing', () => {
  it('looks at everyone once in 90 days, about as many each day', async () => {
    const addresses = many(450);
    await known(addresses, () => 'US');
    const lookup = new FakeLookup(1000, () => 'US');
    const perDay: number[] = [];
    for (let day = 1; day <= REFRESH_DAYS; day++) {
      perDay.push((await refresh(day, { lookup })).checked);
      if (day % 30 === 0) expect((await refresh(day, { lookup })).due).toBe(0);
    }
    expect(lookup.asked.flat().sort()).toEqual(addresses.sort());
    expect(Math.max(...perDay)).toBeLessThan(25);
    expect(log(1)).toBeUndefined();
  });

  it('makes up for days that were missed, the oldest first', async () => {
    await known(many(30), () => 'US');
    const lookup = new FakeLookup(10, () => 'US');
    const first = await refresh(200, { lookup, batchLimit: 2 });
    expect(first).toMatchObject({ due: 30, checked: 20, remaining: 10, failure: undefined });
    expect((await refresh(200, { lookup })).checked).toBe(10);
    expect((await refresh(200, { lookup })).due).toBe(0);
  });

  it('logs changes as counts, and lets neither unknown nor undetermined replace a region', async () => {
    await known(['8.0.0.1', '8.0.0.2', '8.0.0.3', '8.0.0.4', '3.3.3.3'], () => 'US/Ohio');
    const answers: Record<string, string> = {
      '8.0.0.1': 'DE',
      '8.0.0.2': 'DE',
      '8.0.0.3': 'unknown',
      '8.0.0.4': 'undetermined',
    };
    const lookup = new FakeLookup(10, (address) => answers[address]);
    const ranges = rangesOf({ '3.3.3.3': 'AWS/us-east-2' });
    const result = await refresh(100, { lookup, ranges });
    expect(result).toMatchObject({ due: 5, checked: 4, changed: 3, remaining: 1 });
    expect(await cache.regions(engine)).toEqual({
      '8.0.0.1': 'DE',
      '8.0.0.2': 'DE',
      '8.0.0.3': 'US/Ohio',
      '8.0.0.4': 'US/Ohio',
      '3.3.3.3': 'AWS/us-east-2',
    });
    expect(log(100)).toBe(
      'from_region\tto_region\trequesters\nUS/Ohio\tAWS/us-east-2\t1\nUS/Ohio\tDE\t2\n',
    );
    answers['8.0.0.4'] = 'DE';
    expect(await refresh(100, { lookup, ranges })).toMatchObject({ due: 1, changed: 1 });
    expect(log(100)).toContain('\nUS/Ohio\tDE\t3\n');
  });

  it('leaves those in a service as they are while its list is missing', async () => {
    await cache.add(['3.3.3.3', '8.8.8.8']);
    const ranges = rangesOf({ '3.3.3.3': 'AWS/us-east-2' });
    const lookup = new FakeLookup(10, () => 'US/Virginia');
    await updateRegions({ cache, engine, ranges, lookup, now: () => START });
    const missing = rangesOf({}, ['AWS']);
    expect(await refresh(100, { lookup, ranges: missing })).toMatchObject({ due: 2, checked: 1 });
    expect(await cache.regions(engine)).toEqual({
      '3.3.3.3': 'AWS/us-east-2',
      '8.8.8.8': 'US/Virginia?',
    });
    expect(lookup.asked).toEqual([['8.8.8.8'], ['8.8.8.8']]);
  });
});
