import { afterEach, beforeEach, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../../cache/engine.js';
import { regionsInUse } from '../../../src/ip/coordinates/regions-in-use.js';
import { SyntheticCache } from '../../support/synthetic-cache.js';

let cache: SyntheticCache;
let engine: Engine;

beforeEach(async () => {
  cache = new SyntheticCache();
  engine = await openEngine(cache.paths);
});

afterEach(() => {
  engine.close();
  cache.remove();
});

const record = (requester: number) => ({
  key: `a/${requester}`,
  time: 1_700_000_000,
  requester,
  bytesSent: 1n,
  download: true,
});

it('regions in use are those of requesters in the records, each once, and missing', async () => {
  await cache.commit([1, 2, 3, 4, 1].map(record), [record(0)]);
  await cache.writeRegions(
    new Map([
      [1, 'US/California'],
      [2, 'CL/Valparaíso'],
      [3, 'US/California'],
      [9, 'DE/of nobody in the records'],
    ]),
  );
  expect(await regionsInUse(cache.paths, engine)).toEqual([
    'CL/Valparaíso',
    'US/California',
    'missing',
  ]);
});

it('there are none without records', async () => {
  expect(await regionsInUse(cache.paths, engine)).toEqual([]);
});

it('a stop leaves them unknown, not half known', async () => {
  await cache.commit([record(1)]);
  expect(await regionsInUse(cache.paths, engine, { shouldStop: () => true })).toBeUndefined();
});
