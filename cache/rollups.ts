import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from './atomic-write.js';
import { type CommitRecord, DamagedCacheError, listCommits, readCommit } from './commit-record.js';
import { type DatasetGrouping, readGrouping } from './datasets/grouping.js';
import { S3LogExtractionError } from './error.js';
import { removeOwnFile } from './own-file.js';
import type { CachePaths } from './paths.js';
import {
  EMPTY_MANIFEST,
  ROLLUP_FILE,
  type RollupManifest,
  readManifest,
  requesterNumbers,
  rollupFiles,
  writeManifest,
} from './rollup-manifest.js';
import { chooseRunsToMerge, mergeRuns } from './rollup-merge.js';
import { rollUpCommits } from './rollup-run.js';
import { verifyFile } from './verify-file.js';

export interface RollupProgress {
  readonly commitsDone: number;
  readonly commitsTotal: number;
}

export interface UpdateRollupsOptions {
  /** Called before each rename of the manifest; throws when the lock is lost. */
  readonly assertHeld?: () => void;
  /** Asked between batches; what is rolled up by then stays. */
  readonly shouldStop?: () => boolean;
  readonly onProgress?: (progress: RollupProgress) => void;
  /** Threads that read records; default: all cores. */
  readonly threads?: number | undefined;
  /** Records that go into one run at most, unless a single commit has more. */
  readonly batchRows?: number;
}

export interface RollupsUpdate {
  /** What the rollups hold now. All its files have been verified. */
  readonly manifest: RollupManifest;
  readonly commitsAdded: number;
  /** Older runs were not usable and everything was rolled up anew. */
  readonly rebuilt: boolean;
  /** Stopped on request before all commits were covered. */
  readonly stopped: boolean;
}

/** Bounds the work that a stop loses, and the space on disk to put records aside: 12 to 25 bytes each. */
const BATCH_ROWS = 128_000_000;

/**
 * Bring `rollups/` up to the commits there are (FORMAT.md section 9): commits not yet covered go
 * into new runs; small runs are merged when there are many. Costs what is new.
 *
 * The sums are exact, so they are the same whatever the history of updates.
 *
 * @throws {DamagedCacheError} a segment is not what its commit says; the rollups stay as they were
 * @throws {NewerCacheError} @throws {EngineError} @throws {CacheWriteError}
 */
export async function updateRollups(
  paths: CachePaths,
  _engine: unknown,
  options: UpdateRollupsOptions = {},
): Promise<RollupsUpdate> {
  makeDirectory(paths.rollups);
  const commits = listCommits(paths);
  const grouping = readGrouping(paths);
  const empty = emptyManifest(grouping);
  const found = await usableManifest(paths, new Set(commits), grouping);
  let manifest = found ?? empty;
  removeGarbage(paths, manifest);

  const publish = (next: RollupManifest) => {
    options.assertHeld?.();
    writeManifest(paths, next);
    manifest = next;
    removeGarbage(paths, manifest);
  };
  if (found === undefined) publish(empty);

  const update = () => addCommits(paths, commits, grouping, () => manifest, publish, options);
  try {
    const { added, stopped } = await update();
    return { manifest, commitsAdded: added, rebuilt: found === undefined && added > 0, stopped };
  } catch (error) {
    if (!(error instanceof S3LogExtractionError) || error.code !== 'ROLLUPS_DAMAGED') throw error;
    publish(empty);
    const { added, stopped } = await update();
    return { manifest, commitsAdded: added, rebuilt: true, stopped };
  }
}

/**
 * Forget all sums, so that the next update makes them anew.
 *
 * @throws {CacheWriteError}
 */
export function discardRollups(paths: CachePaths, assertHeld: () => void = () => {}): void {
  assertHeld();
  writeManifest(paths, EMPTY_MANIFEST);
}

async function addCommits(
  paths: CachePaths,
  commits: readonly string[],
  grouping: DatasetGrouping,
  current: () => RollupManifest,
  publish: (next: RollupManifest) => void,
  options: UpdateRollupsOptions,
): Promise<{ readonly added: number; readonly stopped: boolean }> {
  const covered = new Set(current().runs.flatMap((run) => run.commits));
  const pending = commits.filter((commit) => !covered.has(commit));
  let added = 0;
  for (const batch of batches(paths, pending, options.batchRows ?? BATCH_ROWS)) {
    if (options.shouldStop?.()) break;
    const { runs } = current();
    const { threads, shouldStop } = options;
    const run = await rollUpCommits(paths, batch, runs, { threads, shouldStop, grouping });
    if (run === undefined) break;
    publish({ ...current(), runs: [...runs, run] });
    added += batch.length;
    options.onProgress?.({ commitsDone: added, commitsTotal: pending.length });

    const merging = chooseRunsToMerge(current().runs);
    if (merging.length > 0) {
      const requesters = requesterNumbers(current().runs);
      const merged = mergeRuns(paths, merging, requesters, grouping.hasWeeks);
      const rest = current().runs.filter((other) => !merging.includes(other));
      publish({ ...current(), runs: [...rest, merged] });
    }
  }
  return { added, stopped: added < pending.length };
}

function emptyManifest({ id, hasWeeks }: DatasetGrouping): RollupManifest {
  return { ...EMPTY_MANIFEST, grouping: id, hasWeeks: hasWeeks || undefined };
}

/** Rollups are derived: whatever is wrong with them, the answer is to roll up anew. */
async function usableManifest(
  paths: CachePaths,
  commits: ReadonlySet<string>,
  { id }: DatasetGrouping,
): Promise<RollupManifest | undefined> {
  const manifest = readManifest(paths);
  if (manifest === undefined || manifest.grouping !== id) return undefined;
  if (manifest.runs.some((run) => run.commits.some((commit) => !commits.has(commit)))) {
    return undefined;
  }
  try {
    for (const file of rollupFiles(manifest)) {
      const path = join(paths.rollups, file.file);
      // What is read of a file of sums is checked when it is read, piece by piece.
      const isAsWritten = 'modified' in file && hasStamp(path, file.bytes, file.modified);
      if (!isAsWritten) await verifyFile(path, file);
    }
  } catch (error) {
    if (error instanceof DamagedCacheError) return undefined;
    throw error;
  }
  return manifest;
}

function hasStamp(path: string, bytes: number, modified: number): boolean {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  return stats?.isFile() === true && stats.size === bytes && stats.mtimeMs === modified;
}

/** What the manifest does not name, among what this program writes. */
function removeGarbage(paths: CachePaths, manifest: RollupManifest): void {
  const named = new Set(rollupFiles(manifest).map(({ file }) => file));
  for (const name of readdirSync(paths.rollups)) {
    const ours = ROLLUP_FILE.test(name) || name.endsWith('.tmp');
    if (!ours || named.has(name)) continue;
    try {
      removeOwnFile(join(paths.rollups, name));
    } catch (error) {
      // Somebody's folder disturbs nothing under a name that is never used again.
      if (!(error instanceof DamagedCacheError)) throw error;
    }
  }
}

function* batches(
  paths: CachePaths,
  commits: readonly string[],
  batchRows: number,
): Generator<CommitRecord[]> {
  let batch: CommitRecord[] = [];
  let rows = 0;
  for (const commit of commits) {
    const record = readCommit(paths, commit);
    const tooMuch = rows + record.lines.kept > batchRows;
    if (batch.length > 0 && tooMuch) {
      yield batch;
      batch = [];
      rows = 0;
    }
    batch.push(record);
    rows += record.lines.kept;
  }
  if (batch.length > 0) yield batch;
}
