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
  const run = await writeRun(paths, engine, {
    commits: commits.map(({ commit }) => commit),
    days: `SELECT key, ${day} AS day, ${sums} FROM ${records} GROUP BY ALL`,
    requesters: `SELECT key, requester, ${sums} FROM ${records} GROUP BY ALL`,
  });
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
  return writeRun(paths, engine, {
    commits: runs.flatMap(({ commits }) => commits),
    days: `SELECT key, day, ${sums} FROM ${daysRelation(paths, runs)} GROUP BY ALL`,
    requesters: `SELECT key, requester, ${sums} FROM ${requestersRelation(paths, runs)} GROUP BY ALL`,
  });
}

/**
 * Which runs to merge: none up to {@link MOST_RUNS}; else the two smallest, and each next one that
 * is no larger than all taken so far. So a row is written again only when what it is merged with
 * has grown as large as its own run: a few times in its life, not on every update.
 */
export function chooseRunsToMerge(runs: readonly RollupRun[]): RollupRun[] {
  if (runs.length <= MOST_RUNS) return [];
  const rowsOf = (run: RollupRun) => run.days.rows + run.requesters.rows;
  const bySize = [...runs].sort((a, b) => rowsOf(a) - rowsOf(b));
  const chosen: RollupRun[] = [];
  let rows = 0;
  for (const run of bySize) {
    if (chosen.length >= 2 && rowsOf(run) > rows) break;
    chosen.push(run);
    rows += rowsOf(run);
  }
  return chosen;
}

interface RunQueries {
  readonly commits: readonly string[];
  readonly days: string;
  readonly requesters: string;
}

async function writeRun(
  paths: CachePaths,
  engine: Engine,
  queries: RunQueries,
): Promise<RollupRun> {
  const id = randomBytes(16).toString('hex');
  const write = async (kind: 'days' | 'requesters'): Promise<RollupFile> => {
    const file = `${id}.${kind}.parquet`;
    const path = join(paths.rollups, file);
    return { file, ...(await writeParquet(engine, `roll up ${kind}`, queries[kind], path)) };
  };
  return {
    commits: queries.commits,
    days: await write('days'),
    requesters: await write('requesters'),
  };
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
    const expected = commits.reduce((total, { lines }) => total + lines.kept, 0);
    if (rows[0]?.[0] !== BigInt(expected)) {
      const first = join(paths.commits, `${commits[0]?.commit}.json`);
      throw new DamagedCacheError(
        first,
        `it and the ${commits.length - 1} commits rolled up with it name ${expected} records, ` +
          `their segments hold ${rows[0]?.[0]}`,
      );
    }
  }
}
