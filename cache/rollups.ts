import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from './atomic-write.js';
import { type CommitRecord, DamagedCacheError, listCommits, readCommit } from './commit-record.js';
import type { Engine } from './engine.js';
import type { CachePaths } from './paths.js';
import {
  EMPTY_MANIFEST,
  ROLLUP_FILE,
  type RollupManifest,
  readManifest,
  rollupFiles,
  writeManifest,
} from './rollup-manifest.js';
import { chooseRunsToMerge, mergeRuns, rollUpCommits } from './rollup-run.js';
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

/** Bounds the time between two looks at `shouldStop`, and the space a run needs to spill. */
const BATCH_ROWS = 20_000_000;
/** Bounds the length of one statement. */
const BATCH_FILES = 2_000;

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
  engine: Engine,
  options: UpdateRollupsOptions = {},
): Promise<RollupsUpdate> {
  makeDirectory(paths.rollups);
  const commits = listCommits(paths);
  const found = await usableManifest(paths, new Set(commits));
  let manifest = found ?? EMPTY_MANIFEST;
  removeGarbage(paths, manifest);

  const publish = (next: RollupManifest) => {
    options.assertHeld?.();
    writeManifest(paths, next);
    manifest = next;
    removeGarbage(paths, manifest);
  };
  if (found === undefined) publish(EMPTY_MANIFEST);

  const covered = new Set(manifest.runs.flatMap((run) => run.commits));
  const pending = commits.filter((commit) => !covered.has(commit));
  let done = 0;
  for (const batch of batches(paths, pending, options.batchRows ?? BATCH_ROWS)) {
    if (options.shouldStop?.()) break;
    await verifyRecords(paths, batch);
    const run = await rollUpCommits(paths, engine, batch);
    publish({ version: 1, runs: [...manifest.runs, run] });
    done += batch.length;
    options.onProgress?.({ commitsDone: done, commitsTotal: pending.length });

    const merging = chooseRunsToMerge(manifest.runs);
    if (merging.length > 0) {
      const merged = await mergeRuns(paths, engine, merging);
      const rest = manifest.runs.filter((other) => !merging.includes(other));
      publish({ version: 1, runs: [...rest, merged] });
    }
  }
  return {
    manifest,
    commitsAdded: done,
    rebuilt: found === undefined && done > 0,
    stopped: done < pending.length,
  };
}

/** Rollups are derived: whatever is wrong with them, the answer is to roll up anew. */
async function usableManifest(
  paths: CachePaths,
  commits: ReadonlySet<string>,
): Promise<RollupManifest | undefined> {
  const manifest = readManifest(paths);
  if (manifest === undefined) return undefined;
  if (manifest.runs.some((run) => run.commits.some((commit) => !commits.has(commit)))) {
    return undefined;
  }
  try {
    for (const file of rollupFiles(manifest)) {
      await verifyFile(join(paths.rollups, file.file), file);
    }
  } catch (error) {
    if (error instanceof DamagedCacheError) return undefined;
    throw error;
  }
  return manifest;
}

/** What the manifest does not name, among what this program writes. */
function removeGarbage(paths: CachePaths, manifest: RollupManifest): void {
  const named = new Set(rollupFiles(manifest).map(({ file }) => file));
  for (const name of readdirSync(paths.rollups)) {
    const ours = ROLLUP_FILE.test(name) || name.endsWith('.tmp');
    if (ours && !named.has(name)) rmSync(join(paths.rollups, name), { force: true });
  }
}

function* batches(
  paths: CachePaths,
  commits: readonly string[],
  batchRows: number,
): Generator<CommitRecord[]> {
  let batch: CommitRecord[] = [];
  let rows = 0;
  let files = 0;
  for (const commit of commits) {
    const record = readCommit(paths, commit);
    const tooMuch = rows + record.lines.kept > batchRows;
    if (batch.length > 0 && (tooMuch || files + record.records.length > BATCH_FILES)) {
      yield batch;
      batch = [];
      rows = 0;
      files = 0;
    }
    batch.push(record);
    rows += record.lines.kept;
    files += record.records.length;
  }
  if (batch.length > 0) yield batch;
}

async function verifyRecords(paths: CachePaths, batch: readonly CommitRecord[]): Promise<void> {
  for (const commit of batch) {
    for (const segment of commit.records) {
      await verifyFile(join(paths.segments, segment.file), segment);
    }
  }
}
