import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { addIndexesInMemory, fitInMemory } from '../../cache/index-memory.js';
import { addIndexes } from '../../cache/index-table.js';
import { cachePaths } from '../../cache/paths.js';
import { NO_REQUESTER, requestersRelation } from '../../cache/rollup-manifest.js';
import { updateRollups } from '../../cache/rollups.js';
import { sqlString } from '../../cache/sql.js';
import { readIndexRows } from '../support/index-rows.js';
import { SyntheticCache } from '../support/synthetic-cache.js';

const home = mkdtempSync(join(tmpdir(), 's3logextraction-test-'));
let caches = 0;
let cache: SyntheticCache;
let engine: Engine;

beforeAll(async () => {
  // One engine for all caches, which stand below its own.
  engine = await openEngine(cachePaths(home), { threads: 2 });
});

afterAll(() => {
  engine.close();
  rmSync(home, { recursive: true });
});

beforeEach(makeCache);

function makeCache(): void {
  cache = new SyntheticCache(`cache-${caches++}`, home);
}

/** Commit a record of each of these requesters. @returns the runs of the rollups then */
async function visits(requesters: readonly number[]) {
  await cache.commit(
    requesters.map((requester) => {
      return { key: 'ds/a', time: 0, requester, bytesSent: 1n, download: true };
    }),
  );
  return (await updateRollups(cache.paths, undefined)).manifest.runs;
}

function range(from: number, to: number): number[] {
  return Array.from({ length: to - from }, (_, i) => from + i);
}

const table = (): Promise<Map<string, bigint>> => readIndexRows(engine, cache.paths);

describe('indexes made in memory', () => {
  test('are added for new requesters only, and those there stay, by whichever route they came', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(fc.array(fc.nat(60), { minLength: 1, maxLength: 30 }), fc.boolean()), {
          minLength: 1,
          maxLength: 5,
        }),
        async (nights) => {
          makeCache();
          const seen = new Set<number>();
          let before = new Map<string, bigint>();
          for (const [requesters, inMemory] of nights) {
            const runs = await visits(requesters);
            expect(fitInMemory(cache.paths, runs)).toBe(true);
            const relation = `(SELECT requester FROM ${requestersRelation(cache.paths, runs)} WHERE requester <> ${NO_REQUESTER})`;
            const added = inMemory
              ? addIndexesInMemory(cache.paths, runs)
              : await addIndexes(cache.paths, engine, relation);
            const sizeBefore = seen.size;
            for (const requester of requesters) if (requester !== 0) seen.add(requester);
            expect(added).toBe(seen.size - sizeBefore);
            const now = await table();
            expect(now.size).toBe(seen.size);
            for (const [requester, index] of before) expect(now.get(requester)).toBe(index);
            before = now;
          }
        },
      ),
      { numRuns: 8 },
    );
  });

  test('stand in a private file, in order of index, as the format says', async () => {
    const runs = await visits(range(1, 20_001));
    expect(addIndexesInMemory(cache.paths, runs)).toBe(20_000);
    expect(addIndexesInMemory(cache.paths, runs)).toBe(0);
    expect(readdirSync(cache.paths.indexes).length).toBe(1);
    const path = join(cache.paths.indexes, readdirSync(cache.paths.indexes)[0] as string);
    expect(statSync(path).mode & 0o777).toBe(0o600);
    const columns = await engine.run(
      'read the schema',
      `SELECT name, type, type_length FROM parquet_schema(${sqlString(path)}) WHERE type IS NOT NULL`,
    );
    expect(columns).toEqual([
      ['requester', 'FIXED_LEN_BYTE_ARRAY', '16'],
      ['index', 'INT64', null],
    ]);
    const unordered = await engine.run(
      'check the order',
      `SELECT count(*), min("index") < 1 FROM (
         SELECT "index", lag("index", 1, 0) OVER (ORDER BY file_row_number) AS before
         FROM read_parquet(${sqlString(path)}, file_row_number = true))
       WHERE "index" <= before`,
    );
    expect(unordered).toEqual([[0n, null]]);
  });

  test('are drawn again when taken, repeated or zero, and sorted when they hardly differ', async () => {
    let runs = await visits([1]);
    const high = 5n << 32n;
    expect(addIndexesInMemory(cache.paths, runs, { random: words([high + 7n]) })).toBe(1);
    runs = await visits(range(1, 6));
    const random = words([0n, high + 7n, high + 9n, high + 9n, high + 8n, 3n, high + 1n]);
    expect(addIndexesInMemory(cache.paths, runs, { random })).toBe(4);
    const drawn = [3n, high + 1n, high + 7n, high + 8n, high + 9n];
    expect([...(await table()).values()].sort((a, b) => (a < b ? -1 : 1))).toEqual(drawn);
    const rows = await engine.run(
      'read the rows as they stand',
      `SELECT "index" FROM read_parquet(${sqlString(join(cache.paths.indexes, '*.parquet'))}, filename = true, file_row_number = true)
       ORDER BY filename, file_row_number`,
    );
    const inFiles = rows.flat().filter((index) => index !== high + 7n);
    expect(inFiles).toEqual([3n, high + 1n, high + 8n, high + 9n]);
  });

  test('are not written by a writer that has lost the lock, nor beside damaged ones', async () => {
    const runs = await visits(range(1, 6));
    const assertHeld = () => {
      throw new Error('lost');
    };
    expect(() => addIndexesInMemory(cache.paths, runs, { assertHeld })).toThrow('lost');
    expect(existsSync(cache.paths.indexes) ? readdirSync(cache.paths.indexes) : []).toEqual([]);
    expect(addIndexesInMemory(cache.paths, runs)).toBe(5);
    const path = join(cache.paths.indexes, readdirSync(cache.paths.indexes)[0] as string);
    const bytes = readFileSync(path);
    bytes[20] ^= 1;
    writeFileSync(path, bytes);
    expect(() => addIndexesInMemory(cache.paths, runs)).toThrow(
      expect.objectContaining({ code: 'CACHE_DAMAGED' }),
    );
  });
});

/** Random bytes that start with the given numbers; then any. */
function words(numbers: bigint[]): (n: number) => Uint8Array {
  return (n) => {
    const list = BigUint64Array.from({ length: n / 8 }, (_, i) => BigInt(i + 1) << 40n);
    for (const [i, word] of numbers.splice(0).entries()) list[i] = word << 1n;
    return new Uint8Array(list.buffer);
  };
}
