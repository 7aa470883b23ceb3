import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openQuery } from '../../src/query/open-query.js';
import { SyntheticCache } from '../support/synthetic-cache.js';

let cache: SyntheticCache;

beforeEach(async () => {
  cache = new SyntheticCache("we[i]rd * 'name' = ?");
  await cache.commit([
    { key: 'ds1/a', time: 1_700_000_000, requester: 1, bytesSent: 5n, download: true },
  ]);
  writeFileSync(join(cache.paths.root, 'cache.json'), '{"secret": "salt"}');
  // What no commit names, though it stands where segments do.
  const other = new SyntheticCache('cache', join(cache.paths.root, '..'));
  const { records } = await other.commit([
    { key: 'garbage/a', time: 1, requester: 2, bytesSent: 1n, download: true },
  ]);
  garbage = join(other.paths.segments, records[0]?.file ?? '');
});

afterEach(() => {
  cache.remove();
});

let garbage: string;

async function rowsOf(sql: string): Promise<string[]> {
  const query = await openQuery(cache.paths, sql);
  const rows: string[] = [];
  try {
    for await (const batch of query.batches()) for (const row of batch) rows.push(row.join('|'));
  } finally {
    query.close();
  }
  return rows;
}

async function codeOf(sql: string): Promise<unknown> {
  return rowsOf(sql).catch((error: { code?: unknown }) => error.code ?? error);
}

describe('is refused before anything is done', () => {
  it.each([
    'SELECT 1; SELECT 2',
    'SELECT 1; DROP VIEW records',
    "SELECT 1; -- comment\n; COPY (SELECT 1) TO 'x'",
    '',
    ';;',
    '-- only a comment',
    '/* EXPLAIN */',
    "COPY (FROM records) TO 'out.csv'",
    "EXPLAIN COPY (FROM records) TO 'out.csv'",
    "EXPLAIN ANALYZE COPY (FROM records) TO 'out.csv'",
    'EXPLAIN ANALYZE CREATE TABLE t AS SELECT 1',
    'CREATE TEMP TABLE t AS SELECT 1',
    'CREATE OR REPLACE VIEW records AS SELECT 1',
    'CREATE MACRO m() AS 1',
    'DROP VIEW records',
    'INSERT INTO totals VALUES (1)',
    'DELETE FROM totals',
    "SET memory_limit = '10GB'",
    'SET VARIABLE x = 1',
    'RESET lock_configuration',
    'PRAGMA database_list',
    'PRAGMA enable_profiling',
    "ATTACH 'x.db'",
    "ATTACH ':memory:' AS y",
    'INSTALL httpfs',
    'LOAD httpfs',
    "EXPORT DATABASE 'out'",
    "IMPORT DATABASE '/etc'",
    'CALL enable_logging()',
    'CHECKPOINT',
    'BEGIN',
    'USE memory',
    'VACUUM',
    'PREPARE p AS SELECT 1',
    'UPDATE EXTENSIONS',
    // Functions that read files, run texts, take addresses of memory, or change how DuckDB logs.
    "FROM read_text('/etc/hostname')",
    "SELECT * FROM READ_BLOB('/etc/hostname')",
    'SELECT * FROM "read_csv"(\'/etc/hostname\')',
    "SELECT * FROM main.read_parquet('x')",
    "SELECT (SELECT count(*) FROM glob('/etc/*'))",
    "WITH t AS (FROM sniff_csv('/etc/hostname')) SELECT 1",
    "DESCRIBE FROM read_json('/etc/hostname')",
    "SUMMARIZE FROM read_text('/etc/hostname')",
    "EXPLAIN FROM read_text('/etc/hostname')",
    "FROM query('COPY (SELECT 1) TO ''x''')",
    "FROM query_table(['records'])",
    "FROM json_execute_serialized_sql(json_serialize_sql('SELECT 1'))",
    'FROM enable_logging()',
    "FROM enable_logging(storage = 'stdout')",
    "FROM records, LATERAL (FROM enable_logging(storage = 'file', storage_path = 'x'))",
    'FROM arrow_scan(1, 2, 3)',
    'FROM duckdb_secrets()',
    'FROM duckdb_settings()',
    "FROM which_secret('s3://', 's3')",
    "FROM parquet_metadata('x')",
    'FROM force_checkpoint()',
    'PIVOT records ON download USING count(*)',
  ])('%s', async (sql) => {
    expect(await codeOf(sql)).toBe('SQL_REFUSED');
  });

  it('SQL without end', async () => {
    expect(await codeOf(`SELECT 1 ${' '.repeat(2 ** 20)}`)).toBe('SQL_REFUSED');
  });
});

describe('comes to nothing', () => {
  it.each([
    "FROM '/etc/hostname'",
    "FROM 'cache.json'",
    "SELECT * FROM records, '/etc/passwd.csv'",
    "SELECT getenv('S3_LOG_EXTRACTION_PASSWORD')",
    "SELECT read_text('/etc/hostname')",
    "SELECT current_setting('s3_secret_access_key')",
    'SELECT $1',
    'SELECT * FROM nothing',
    'SELEKT 1',
    "EXPLAIN (FORMAT json) COPY (FROM records) TO 'out.csv'",
    `SELECT ${'abs('.repeat(5000)}1${')'.repeat(5000)}`,
  ])('%s', async (sql) => {
    expect(await codeOf(sql)).toBe('SQL_FAILED');
  });

  it('a file that no commit names, and any other of the cache', async () => {
    for (const path of [garbage, join(cache.paths.root, 'cache.json'), '/etc/hostname']) {
      expect(await codeOf(`FROM '${path.replaceAll("'", "''")}'`)).toBe('SQL_FAILED');
    }
    expect(await rowsOf('SELECT key FROM records')).toEqual(['ds1/a']);
  });
});

it('settings show no secret, and no place but those that are read', async () => {
  process.env.S3_LOG_EXTRACTION_PASSWORD = 'five random words are good';
  try {
    const settings = await rowsOf('SELECT name, setting FROM pg_catalog.pg_settings');
    expect(settings.join('\n')).not.toContain('five random words');
    expect(settings).toContain('enable_external_access|false');
    expect(settings).toContain('lock_configuration|true');
    const home = process.env.HOME ?? '/home';
    expect(settings.filter((setting) => setting.includes(`${home}/`))).toEqual([]);
  } finally {
    delete process.env.S3_LOG_EXTRACTION_PASSWORD;
  }
});

it('what is allowed needs no more than reading', async () => {
  for (const sql of [
    'SELECT count(*) FROM records;',
    '-- a comment; with a semicolon\nSELECT key FROM records /* ; */',
    'WITH t AS (FROM records) FROM t',
    'VALUES (1), (2)',
    'TABLE records',
    'DESCRIBE records',
    'DESCRIBE SELECT day FROM Records',
    'SHOW TABLES',
    'SHOW ALL TABLES',
    'SUMMARIZE records',
    'EXPLAIN SELECT 1',
    'explain analyze FROM "RECORDS"',
    'FROM range(3) SELECT unnest([1, 2])',
    'PIVOT records ON download IN (true, false) USING count(*)',
    "SELECT ';', 'COPY x', E'\\n; DROP TABLE x'",
    'FROM information_schema.columns',
    'FROM duckdb_columns()',
  ]) {
    expect(await rowsOf(sql), sql).not.toEqual([]);
  }
});

it('leaves nothing behind, whatever happens', async () => {
  const before = readdirSync(cache.paths.root).filter((name) => name !== 'tmp');
  mkdirSync(cache.paths.tmp, { recursive: true });
  await rowsOf('SELECT count(*) FROM records');
  await codeOf('SELECT error(key) FROM records');
  await codeOf('SELEKT');
  await codeOf("COPY (FROM records) TO 'out.csv'");
  const query = await openQuery(cache.paths, 'SELECT 1');
  query.close();
  query.close();
  expect(readdirSync(cache.paths.tmp)).toEqual([]);
  expect(readdirSync(cache.paths.root).filter((name) => name !== 'tmp')).toEqual(before);
  expect(existsSync('out.csv')).toBe(false);
});
