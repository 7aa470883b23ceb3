import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { parquetRelation, sqlString } from '../../cache/sql.js';
import { SyntheticCache } from '../support/synthetic-cache.js';

let cache: SyntheticCache;
let engine: Engine;

beforeEach(async () => {
  cache = new SyntheticCache("we[i]rd * 'name' = ?");
  engine = await openEngine(cache.paths, { memoryLimitBytes: 200_000_000, threads: 2 });
});

afterEach(() => {
  engine.close();
  cache.remove();
});

describe('the engine', () => {
  test('gives integers of every width without losing digits', async () => {
    const rows = await engine.run(
      'add up',
      `SELECT sum(x), sum(x)::DECIMAL(38,0), max(x), 7::INTEGER, true, 'é', ['a', NULL], '\\x00\\xFF'::BLOB
       FROM (VALUES (9223372036854775807::BIGINT), (9223372036854775807::BIGINT)) t(x)`,
    );
    expect(rows).toEqual([
      [
        2n ** 64n - 2n,
        2n ** 64n - 2n,
        2n ** 63n - 1n,
        7,
        true,
        'é',
        ['a', null],
        Buffer.from([0, 255]),
      ],
    ]);
  });

  test('binds strings, integers and lists, whatever they hold', async () => {
    const rows = await engine.run('echo', 'SELECT $1, $2, unnest($3)', [
      "'; DROP",
      5n,
      ['a\u0000', '"'],
    ]);
    expect(rows).toEqual([
      ["'; DROP", 5n, 'a\u0000'],
      ["'; DROP", 5n, '"'],
    ]);
  });

  test('streams rows of two queries side by side', async () => {
    const first = engine.stream('count', 'SELECT i FROM range(100000) t(i) ORDER BY i');
    const second = engine.stream('count', 'SELECT i FROM range(100000) t(i) ORDER BY i DESC');
    let rows = 0;
    for await (const batch of first) {
      const other = (await second.next()).value ?? [];
      expect(batch[0]?.[0]).toBe(BigInt(rows));
      expect(other[0]?.[0]).toBe(BigInt(99_999 - rows));
      rows += batch.length;
    }
    expect(rows).toBe(100_000);
  });

  test('reads and writes in the cache, whatever its path holds, and nowhere else', async () => {
    const path = join(cache.paths.tmp, "a*[b]?'.parquet");
    await engine.run('write', `COPY (SELECT 'k' AS key) TO ${sqlString(path)} (FORMAT parquet)`);
    const inside = `SELECT * FROM ${parquetRelation([path], { key: 'VARCHAR' })}`;
    expect(await engine.run('read', inside)).toEqual([['k']]);
    const outside = join(cache.paths.root, '..', 'outside.parquet');
    for (const sql of [
      `COPY (SELECT 1) TO ${sqlString(outside)} (FORMAT parquet)`,
      `SELECT * FROM read_text('/etc/hostname')`,
      'SET enable_external_access = true',
      'LOAD httpfs',
    ]) {
      await expect(engine.run('leave the cache', sql)).rejects.toMatchObject({
        code: 'ENGINE_FAILED',
      });
    }
    expect(existsSync(outside)).toBe(false);
  });

  test('never repeats a value in an error', async () => {
    const failing = engine.run('convert', 'SELECT CAST($1 AS INTEGER)', ['203.0.113.7']);
    await expect(failing).rejects.toThrow('Could not convert: Conversion.');
    await expect(failing).rejects.not.toThrow(/203/);
    await expect(failing).rejects.not.toHaveProperty('cause');
  });

  test('names a file that is not Parquet', async () => {
    mkdirSync(cache.paths.rollups, { recursive: true });
    const path = join(cache.paths.rollups, 'broken.parquet');
    writeFileSync(path, 'this is not Parquet, not at all');
    const sql = `SELECT * FROM ${parquetRelation([path], { key: 'VARCHAR' })}`;
    await expect(engine.run('read', sql)).rejects.toThrow(/broken\.parquet/);
  });

  test('spills what does not fit in memory into the cache, and leaves nothing behind', async () => {
    const query = `SELECT count(*) FROM (
      SELECT md5(i::VARCHAR) AS a, md5((i + 1)::VARCHAR) AS b FROM range(3000000) t(i) ORDER BY a, b)`;
    const rows = await engine.run('sort', `${query} WHERE a <> b`);
    expect(rows).toEqual([[3_000_000n]]);
    engine.close();
    engine.close();
    expect(readdirSync(cache.paths.tmp)).toEqual([]);
  });
});
