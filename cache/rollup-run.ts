import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type CommitRecord, DamagedCacheError } from './commit-record.js';
import type { Engine } from './engine.js';
import { writeParquet } from './parquet-file.js';
import type { CachePaths } from './paths.js';
import {
  daysRelation,
  type RollupFile,
  type RollupRun,
  requestersRelation,
} from './rollup-manifest.js';
import { parquetRelation } from './sql.js';

/** More runs than this are merged. */
export const MOST_RUNS = 8;

/**
 * Aggregate the records of some commits into one run. The files are durable, but nothing names
 * them yet.
 *
 * @throws {DamagedCacheError} the records are not as many as the commits say
 * @throws {EngineError} @throws {CacheWriteError}
 */
export async function rollUpCommits(
  paths: CachePaths,
  engine: Engine,
  commits: readonly CommitRecord[],
): Promise<RollupRun> {
  const files = commits.flatMap((commit) => commit.records.map(({ file }) => file));
  const records = parquetRelation(
    files.map((file) => join(paths.segments, file)),
    {
      key: 'VARCHAR',
      time: 'BIGINT',
      requester: 'UUID',
      bytes_sent: 'BIGINT',
      download: 'BOOLEAN',
    },
  );
  // `%` has the sign of the dividend: this rounds down before 1970, too.
  const day = '(("time" - (("time" % 86400) + 86400) % 86400) // 86400)::INTEGER';
  const sums = `sum(bytes_sent)::DECIMAL(38,0) AS bytes_sent, count(*) AS requests,
                count(*) FILTER (download) AS downloads`;
  const rows = keptRows(commits);
  const run: RollupRun = {
    commits: commits.map(({ commit }) => commit),
    days: await aggregate(paths, engine, {
      kind: 'days',
      second: 'day',
      relation: `(SELECT key, ${day} AS day, bytes_sent, download FROM ${records})`,
      rows,
      sums,
    }),
    requesters: await aggregate(paths, engine, {
      kind: 'requesters',
      second: 'requester',
      relation: records,
      rows,
      sums,
    }),
  };
  await verifyCount(paths, engine, commits, run);
  return run;
}

/** Write several runs as one. The runs given stay. */
export async function mergeRuns(
  paths: CachePaths,
  engine: Engine,
  runs: readonly RollupRun[],
): Promise<RollupRun> {
  const sums = `sum(bytes_sent)::DECIMAL(38,0) AS bytes_sent, sum(requests)::BIGINT AS requests,
                sum(downloads)::BIGINT AS downloads`;
  return {
    commits: runs.flatMap(({ commits }) => commits),
    days: await aggregate(paths, engine, {
      kind: 'days',
      second: 'day',
      relation: daysRelation(paths, runs),
      rows: rowsOf(runs.flatMap(({ days }) => days)),
      sums,
    }),
    requesters: await aggregate(paths, engine, {
      kind: 'requesters',
      second: 'requester',
      relation: requestersRelation(paths, runs),
      rows: rowsOf(runs.flatMap(({ requesters }) => requesters)),
      sums,
    }),
  };
}

/**
 * Which runs to merge: none up to {@link MOST_RUNS}; else the two smallest, and each next one that
 * is no larger than all taken so far. So a row is written again only when what it is merged with
 * has grown as large as its own run: a few times in its life, not on every update.
 */
export function chooseRunsToMerge(runs: readonly RollupRun[]): RollupRun[] {
  if (runs.length <= MOST_RUNS) return [];
  const sizeOf = ({ days, requesters }: RollupRun) => rowsOf([...days, ...requesters]);
  const bySize = [...runs].sort((a, b) => sizeOf(a) - sizeOf(b));
  const chosen: RollupRun[] = [];
  let rows = 0;
  for (const run of bySize) {
    if (chosen.length >= 2 && sizeOf(run) > rows) break;
    chosen.push(run);
    rows += sizeOf(run);
  }
  return chosen;
}

interface Aggregation {
  readonly kind: 'days' | 'requesters';
  /** Column that is grouped by after `key`. */
  readonly second: 'day' | 'requester';
  readonly relation: string;
  /** Of the relation: there are at most so many groups. */
  readonly rows: number;
  readonly sums: string;
}

/** A group in the engine's hash table, besides its key. */
const GROUP_BYTES = 120;
/** Keys of S3 are no longer; as logged they can be, but rarely are. */
const LONG_KEY_BYTES = 1024;

/**
 * Group in as many passes as it takes for each to fit in memory: the engine can spill groups, but
 * with many times more of them than memory it may fail. A pass takes the groups of one residue of
 * their hash and writes a file of its own.
 */
async function aggregate(
  paths: CachePaths,
  engine: Engine,
  { kind, second, relation, rows, sums }: Aggregation,
): Promise<RollupFile[]> {
  const passes = await countPasses(engine, relation, rows);
  const files: RollupFile[] = [];
  for (let pass = 0; pass < passes; pass++) {
    const where = passes === 1 ? '' : `WHERE hash(key, ${second}) % ${passes} = ${pass}`;
    const file = `${randomBytes(16).toString('hex')}.${kind}.parquet`;
    const written = await writeParquet(
      engine,
      `roll up ${kind}`,
      `SELECT key, ${second}, ${sums} FROM ${relation} ${where} GROUP BY key, ${second}`,
      join(paths.rollups, file),
    );
    files.push({ file, ...written });
  }
  return files;
}

async function countPasses(engine: Engine, relation: string, rows: number): Promise<number> {
  if (rows * (GROUP_BYTES + LONG_KEY_BYTES) <= engine.memoryLimitBytes) return 1;
  const sizes = await engine.run(
    'measure the keys',
    `SELECT coalesce(sum(strlen(key)), 0)::BIGINT FROM ${relation}`,
  );
  const bytes = rows * GROUP_BYTES + Number(sizes[0]?.[0]);
  return Math.max(1, Math.ceil(bytes / engine.memoryLimitBytes));
}

function rowsOf(files: readonly RollupFile[]): number {
  return files.reduce((sum, { rows }) => sum + rows, 0);
}

function keptRows(commits: readonly CommitRecord[]): number {
  return commits.reduce((total, { lines }) => total + lines.kept, 0);
}

async function verifyCount(
  paths: CachePaths,
  engine: Engine,
  commits: readonly CommitRecord[],
  run: RollupRun,
): Promise<void> {
  for (const relation of [daysRelation(paths, [run]), requestersRelation(paths, [run])]) {
    const rows = await engine.run(
      'count the records rolled up',
      `SELECT coalesce(sum(requests), 0)::BIGINT FROM ${relation}`,
    );
    const expected = keptRows(commits);
    if (rows[0]?.[0] !== BigInt(expected)) {
      throw new DamagedCacheError(
        join(paths.commits, `${commits[0]?.commit}.json`),
        `it and the ${commits.length - 1} commits rolled up with it name ${expected} records, ` +
          `their segments hold ${rows[0]?.[0]}`,
      );
    }
  }
}
