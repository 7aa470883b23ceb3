import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { readTree } from '../support/published-tree.js';
import { SyntheticCache } from '../support/synthetic-cache.js';

// Built, because threads cannot start from TypeScript: `npm test` builds before it tests.
const dist = new URL('../../dist/', import.meta.url).href;
const { publishSummaries, OUTPUTS } = (await import(
  `${dist}src/summarize/publish-summaries.js`
)) as typeof import('../../src/summarize/publish-summaries.js');
const { privacyRules } = (await import(
  `${dist}src/summarize/privacy.js`
)) as typeof import('../../src/summarize/privacy.js');
const { readManifest } = (await import(
  `${dist}cache/rollup-manifest.js`
)) as typeof import('../../cache/rollup-manifest.js');

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

/** Enough for three threads. */
const ROWS = 1_000_000;

function query(from: number): string {
  return `SELECT 'ds' || (i % 97) || '/' || (hash(i) % 2000) AS key,
    1700000000 + (hash(i + 1) % 8000000)::BIGINT AS time, unhex(md5((hash(i + 2) % 20000)::VARCHAR)) AS requester,
    (hash(i + 3) % 9000000000)::BIGINT AS bytes_sent, i % 3 = 0 AS download
    FROM range(${from}, ${from + ROWS / 4}) t(i)`;
}

async function publish(threads: number): Promise<Map<string, string>> {
  await publishSummaries(cache.paths, engine, OUTPUTS, { rules: privacyRules(), threads });
  return readTree(cache.paths.summaries);
}

test('threads come to the same as none', async () => {
  for (let from = 0; from < ROWS; from += ROWS / 4) await cache.commitQuery(query(from), ROWS / 4);
  const { rmSync } = await import('node:fs');
  const expected = await publish(1);
  expect(readManifest(cache.paths)?.runs[0]?.sums.length).toBe(1);
  rmSync(cache.paths.rollups, { recursive: true });
  rmSync(cache.paths.summaries, { recursive: true });
  expect(await publish(3)).toEqual(expected);
  expect(readManifest(cache.paths)?.runs[0]?.sums.length).toBeGreaterThan(1);
});

test('a damaged segment is named by a thread, too, and leaves nothing behind', async () => {
  const { readdirSync, readFileSync, writeFileSync } = await import('node:fs');
  for (let from = 0; from < ROWS; from += ROWS / 4) await cache.commitQuery(query(from), ROWS / 4);
  const name = readdirSync(cache.paths.segments).sort().at(-1) as string;
  const path = `${cache.paths.segments}/${name}`;
  const bytes = readFileSync(path);
  bytes[1_000] = (bytes[1_000] as number) ^ 1;
  writeFileSync(path, bytes);
  await expect(publish(3)).rejects.toMatchObject({
    code: 'CACHE_DAMAGED',
    message: expect.stringContaining(name),
  });
  expect(readdirSync(cache.paths.rollups)).toEqual(['manifest.json']);
  expect(readdirSync(cache.paths.tmp).filter((file) => file.startsWith('rollup'))).toEqual([]);
});
