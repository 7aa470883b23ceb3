import { existsSync, readdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { indexRelation } from '../../cache/index-table.js';
import { indexRequesters } from '../../src/ip/index-requesters.js';
import { SyntheticCache, type SyntheticRecord, sealedAddress } from '../support/synthetic-cache.js';

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

function by(requester: number): SyntheticRecord {
  return { key: 'ds1/x', time: 0, requester, bytesSent: 1n, download: true };
}

test('every requester in the records gets an index, and none gets none', async () => {
  await cache.commit([by(0), by(1), by(2), by(2)]);
  expect(await indexRequesters(cache.paths, engine)).toEqual({ added: 2, stopped: false });
  await cache.commit([by(0), by(2), by(3)]);
  expect(await indexRequesters(cache.paths, engine)).toEqual({ added: 1, stopped: false });
  expect(await indexRequesters(cache.paths, engine)).toEqual({ added: 0, stopped: false });
  expect(readdirSync(cache.paths.indexes).length).toBe(2);
  const rows = await engine.run(
    'read indexes',
    `SELECT lower(hex(requester::BLOB)) FROM ${indexRelation(cache.paths)} ORDER BY 1`,
  );
  expect(rows.flat()).toEqual([1, 2, 3].map((n) => sealedAddress(n).toString('hex')).sort());
});

test('a cache without requesters gets no file', async () => {
  await cache.commit([by(0)]);
  expect(await indexRequesters(cache.paths, engine)).toEqual({ added: 0, stopped: false });
  expect(existsSync(cache.paths.indexes)).toBe(false);
});

test('a stop request leaves the indexes for the next run', async () => {
  await cache.commit([by(1)]);
  const stopped = await indexRequesters(cache.paths, engine, { shouldStop: () => true });
  expect(stopped).toEqual({ added: 0, stopped: true });
  expect(await indexRequesters(cache.paths, engine)).toEqual({ added: 1, stopped: false });
});
