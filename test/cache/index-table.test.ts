import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { addIndexes } from '../../cache/index-table.js';
import { sqlString } from '../../cache/sql.js';
import { readIndexRows } from '../support/index-rows.js';
import { SyntheticCache } from '../support/synthetic-cache.js';

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

function requesters(from: number, to: number): string {
  return `(SELECT md5(i::VARCHAR)::UUID AS requester FROM range(${from}, ${to}) t(i), range(2))`;
}

const table = (): Promise<Map<string, bigint>> => readIndexRows(engine, cache.paths);

describe('indexes', () => {
  test('are added for new requesters only, and those there stay', async () => {
    expect(await addIndexes(cache.paths, engine, requesters(0, 100))).toBe(100);
    const first = await table();
    expect(first.size).toBe(100);
    expect(await addIndexes(cache.paths, engine, requesters(0, 100))).toBe(0);
    expect(readdirSync(cache.paths.indexes).length).toBe(1);
    expect(await addIndexes(cache.paths, engine, requesters(50, 30_000))).toBe(29_900);
    expect(readdirSync(cache.paths.indexes).length).toBe(2);
    const second = await table();
    expect(second.size).toBe(30_000);
    for (const [requester, index] of first) expect(second.get(requester)).toBe(index);
    expect([...second.values()].every((index) => index >= 1n && index < 2n ** 63n)).toBe(true);
  });

  test('stand in a private file, in order of index, as the format says', async () => {
    await addIndexes(cache.paths, engine, requesters(0, 300_000));
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
      `SELECT count(*) FROM (
         SELECT "index", lag("index") OVER (ORDER BY file_row_number) AS before
         FROM read_parquet(${sqlString(path)}, file_row_number = true))
       WHERE "index" <= before`,
    );
    expect(unordered).toEqual([[0n]]);
  });

  test('are drawn again when taken, repeated or zero', async () => {
    await addIndexes(cache.paths, engine, requesters(0, 1), { random: words([7n]) });
    // 0; one that is taken; one twice; then good ones, and one that repeats an accepted one.
    const random = words([0n, 7n, 8n, 8n], [9n, 8n, 0n], [7n, 10n], [11n]);
    expect(await addIndexes(cache.paths, engine, requesters(0, 5), { random })).toBe(4);
    expect([...(await table()).values()].sort((a, b) => Number(a - b))).toEqual([
      7n,
      8n,
      9n,
      10n,
      11n,
    ]);
  });

  test('are not written by a writer that has lost the lock', async () => {
    const assertHeld = () => {
      throw new Error('lost');
    };
    await expect(
      addIndexes(cache.paths, engine, requesters(0, 5), { assertHeld }),
    ).rejects.toThrow();
    expect(existsSync(cache.paths.indexes) ? readdirSync(cache.paths.indexes) : []).toEqual([]);
    expect(await addIndexes(cache.paths, engine, requesters(0, 5))).toBe(5);
  });
});

/** Random bytes that start with the given numbers, one list per call. */
function words(...calls: bigint[][]): (n: number) => Uint8Array {
  return (n) => {
    const list = new BigUint64Array(n / 8);
    for (const [i, word] of (calls.shift() ?? []).entries()) list[i] = word << 1n;
    return new Uint8Array(list.buffer);
  };
}
