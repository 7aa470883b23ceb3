import { closeSync, existsSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { readCacheCopy } from '../cache/cache-copy.js';
import { readCacheFile } from '../cache/cache-file.js';
import { parquetFiles, requireIntact } from '../cache/checked-parquet.js';
import {
  type CommitRecord,
  DamagedCacheError,
  listCommits,
  readCommit,
  segmentsOf,
} from '../cache/commit-record.js';
import { countedSegments } from '../cache/counted-segments.js';
import { readGrouping } from '../cache/datasets/grouping.js';
import type { Engine, EngineRow } from '../cache/engine.js';
import { S3LogExtractionError } from '../cache/error.js';
import { readIndexManifest } from '../cache/ledger/index-manifest.js';
import { openOwnFile } from '../cache/own-file.js';
import type { CachePaths } from '../cache/paths.js';
import { regionsDirectory } from '../cache/region-table.js';
import { readManifest, rollupFiles } from '../cache/rollup-manifest.js';
import { readRollupTotals } from '../cache/rollup-totals.js';
import { isRotationReady } from '../cache/rotation/rotation-paths.js';
import { type RobotsChoice, readSettings } from '../cache/settings.js';
import { parquetRelation } from '../cache/sql.js';
import { verifyFile } from '../cache/verify-file.js';
import type { Finding } from './finding.js';
import { publishedFindings } from './published-files.js';

/**
 * The protocol `cache`, see PROTOCOLS.md: reads everything that commits and rollups name. Changes nothing and takes
 * no lock; commits made meanwhile are not looked at.
 *
 * @param onFile called before each file that is read
 * @param onUnknown told how many published files nothing is known of, when there are any
 */
export async function* validateCache(
  paths: CachePaths,
  engine: Engine,
  onFile: (file: string) => void = () => {},
  onUnknown: (files: number) => void = () => {},
): AsyncGenerator<Finding, void, void> {
  yield* cacheFileFindings(paths);
  const commits: CommitRecord[] = [];
  for (const name of listCommits(paths)) {
    const file = join(paths.commits, `${name}.json`);
    onFile(file);
    const commit = await attempt('commit-intact', file, () => readCommit(paths, name));
    if ('claim' in commit) {
      yield commit;
      continue;
    }
    const damaged: Finding[] = [];
    for (const segment of segmentsOf(commit)) {
      const path = join(paths.segments, segment.file);
      onFile(path);
      const found = await attempt('segment-intact', path, () => verifyFile(path, segment));
      if (found !== undefined) damaged.push(found);
    }
    yield* damaged;
    if (damaged.length > 0) continue;
    commits.push(commit);
    yield* contentFindings(paths, engine, commit);
  }
  yield* exactlyOnceFindings(paths, engine, commits);
  yield* rollupFindings(paths, engine, commits, onFile);
  yield* requesterFindings(paths, onFile);
  yield* missingCommits(paths);
  const { unknown } = yield* publishedFindings(paths, onFile);
  if (unknown > 0) onUnknown(unknown);
}

/** `cache.json` and its second copy, where there is one, are the same. */
async function* cacheFileFindings(paths: CachePaths): AsyncGenerator<Finding> {
  // One of them is that of the new key already.
  if (isRotationReady(paths)) return;
  const found = await attempt('cache-file-intact', paths.cacheCopy, () => {
    const copy = readCacheCopy(paths);
    if (copy === undefined || isDeepStrictEqual(copy, readCacheFile(paths))) return;
    const hint = '"s3logextraction repair" finds out which one is right';
    throw new DamagedCacheError(paths.cacheFile, `it differs from its second copy; ${hint}`);
  });
  if (found !== undefined) yield found;
}

/** What is known of requesters is what was written. */
async function* requesterFindings(
  paths: CachePaths,
  onFile: (file: string) => void,
): AsyncGenerator<Finding> {
  for (const file of [...parquetFiles(paths.indexes), ...parquetFiles(regionsDirectory(paths))]) {
    onFile(file);
    const found = await attempt('requesters-intact', file, () => requireIntact(file));
    if (found !== undefined) yield found;
  }
  const settings = join(paths.root, 'settings.json');
  const found = await attempt('settings-intact', settings, () => {
    readGrouping(paths);
  });
  if (found !== undefined) yield found;
}

/** Damaged settings are a finding of their own. */
function robotsOf(paths: CachePaths): RobotsChoice {
  try {
    return readSettings(paths).robots ?? 'include';
  } catch {
    return 'include';
  }
}

/** What was made of a commit is still there, and the commit is not. */
function* missingCommits(paths: CachePaths): Generator<Finding> {
  const there = new Set(listCommits(paths));
  const named = [
    ...(readManifest(paths)?.runs.flatMap((run) => run.commits) ?? []),
    ...(readIndexManifest(paths)?.commits ?? []),
  ];
  for (const commit of new Set(named)) {
    if (there.has(commit)) continue;
    const file = join(paths.commits, `${commit}.json`);
    yield { claim: 'commit-intact', file, what: 'it is missing; its log files are new again' };
  }
}

/** I3: what the segments hold is what the commit says. */
async function* contentFindings(
  paths: CachePaths,
  engine: Engine,
  commit: CommitRecord,
): AsyncGenerator<Finding> {
  const file = join(paths.segments, commit.files.file);
  const ledger = parquetRelation([file], {
    lines: 'BIGINT',
    kept: 'BIGINT',
    skipped: 'BIGINT',
    rejected: 'BIGINT',
    size: 'BIGINT',
  });
  const [sums] = await engine.run(
    'sum up a ledger',
    `SELECT count(*)::BIGINT, sum(lines)::BIGINT, sum(kept)::BIGINT, sum(skipped)::BIGINT,
            sum(rejected)::BIGINT, sum(size)::BIGINT FROM ${ledger}`,
  );
  const { lines } = commit;
  const said = [
    commit.files.rows,
    lines.total,
    lines.kept,
    lines.skipped,
    lines.rejected,
    commit.bytes,
  ];
  if (!sameNumbers(sums, said)) {
    yield { claim: 'lines-accounted', file, what: 'its sums are not those of the commit' };
  }
  for (const segment of [...commit.records, ...commit.rejects]) {
    const path = join(paths.segments, segment.file);
    const column = commit.rejects.includes(segment) ? { reason: 'VARCHAR' } : { time: 'BIGINT' };
    const [count] = await engine.run(
      'count rows',
      `SELECT count(*)::BIGINT FROM ${parquetRelation([path], column)}`,
    );
    if (!sameNumbers(count, [segment.rows])) {
      yield { claim: 'lines-accounted', file: path, what: `it does not have ${segment.rows} rows` };
    }
  }
  for (const output of commit.outputs ?? []) {
    const path = join(paths.segments, output.file);
    if (linesIn(path) !== output.rows) {
      yield { claim: 'lines-accounted', file: path, what: `it does not have ${output.rows} lines` };
    }
  }
}

/** Line feeds in a file of the cache, which may be large. */
function linesIn(path: string): number {
  const fd = openOwnFile(path);
  try {
    const piece = Buffer.allocUnsafe(1 << 16);
    let lines = 0;
    for (;;) {
      const read = readSync(fd, piece, 0, piece.length, null);
      if (read === 0) return lines;
      const bytes = piece.subarray(0, read);
      for (let at = bytes.indexOf(LF); at !== -1; at = bytes.indexOf(LF, at + 1)) lines++;
    }
  } finally {
    closeSync(fd);
  }
}

const LF = 10;

/** I2: no log file stands in two commits. */
async function* exactlyOnceFindings(
  paths: CachePaths,
  engine: Engine,
  commits: readonly CommitRecord[],
): AsyncGenerator<Finding> {
  const files = commits.map((commit) => join(paths.segments, commit.files.file));
  const names = parquetRelation(
    files,
    { name: 'VARCHAR', size: 'BIGINT' },
    { fileColumn: 'ledger' },
  );
  const twice = engine.stream(
    'look for log files that count twice',
    `SELECT name, max(ledger) FROM ${names} WHERE size > 0 GROUP BY name HAVING count(*) > 1`,
  );
  for await (const rows of twice) {
    for (const [name, ledger] of rows) {
      yield {
        claim: 'exactly-once',
        file: String(ledger),
        what: `the log file ${JSON.stringify(name)} stands in more than one place of the ledger`,
      };
    }
  }
}

/** I5: rollups are the sums of the records of the commits they cover. */
async function* rollupFindings(
  paths: CachePaths,
  engine: Engine,
  commits: readonly CommitRecord[],
  onFile: (file: string) => void,
): AsyncGenerator<Finding> {
  const manifest = readManifest(paths);
  if (manifest === undefined) {
    const file = join(paths.rollups, 'manifest.json');
    const what = 'it is damaged; rollups are made anew by the next update';
    if (existsSync(file)) yield { claim: 'rollup-intact', file, what };
    return;
  }
  const damaged: Finding[] = [];
  for (const rollup of rollupFiles(manifest)) {
    const path = join(paths.rollups, rollup.file);
    onFile(path);
    const found = await attempt('rollup-intact', path, () => verifyFile(path, rollup));
    if (found !== undefined) damaged.push(found);
  }
  yield* damaged;
  const covered = new Set(manifest.runs.flatMap((run) => run.commits));
  const held = commits.filter((commit) => covered.has(commit.commit));
  if (damaged.length > 0 || held.length !== covered.size) return;
  const robots = robotsOf(paths);
  const files = held.flatMap((commit) =>
    countedSegments(commit, robots).map(({ file }) => join(paths.segments, file)),
  );
  const records = parquetRelation(files, { bytes_sent: 'BIGINT', download: 'BOOLEAN' });
  const [expected] = await engine.run(
    'sum up all records',
    `SELECT coalesce(sum(bytes_sent), 0)::VARCHAR, count(*)::VARCHAR, (count(*) FILTER (download))::VARCHAR FROM ${records}`,
  );
  for (const [kind, sums] of Object.entries(readRollupTotals(paths, manifest))) {
    if (String([sums.bytesSent, sums.requests, sums.downloads]) === String(expected)) continue;
    const file = join(paths.rollups, 'manifest.json');
    yield {
      claim: 'rollups-add-up',
      file,
      what: `the sums by ${kind} are not those of the records`,
    };
  }
}

/** What a check returns, or the finding that it failed. Other failures than damage pass. */
async function attempt<T>(
  claim: string,
  file: string,
  check: () => T | Promise<T>,
): Promise<T | Finding> {
  try {
    return await check();
  } catch (error) {
    if (error instanceof S3LogExtractionError && error.code === 'CACHE_DAMAGED') {
      return { claim, file, what: error.message };
    }
    throw error;
  }
}

function sameNumbers(row: EngineRow, numbers: readonly number[]): boolean {
  return numbers.every((number, i) => row[i] === BigInt(number));
}
