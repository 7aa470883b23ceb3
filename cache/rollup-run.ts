import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { makeDirectory } from './atomic-write.js';
import { type CommitRecord, DamagedCacheError, type SegmentFile } from './commit-record.js';
import { countedSegments } from './counted-segments.js';
import { type DatasetGrouping, readGrouping } from './datasets/grouping.js';
import type { CachePaths } from './paths.js';
import type { RollupRun } from './rollup-manifest.js';
import { type KnownRequesters, numberRequesters } from './rollups/number-requesters.js';
import { type RequesterFile, readRequesters, writeRequesters } from './rollups/requester-file.js';
import { WORDS } from './rollups/requester-table.js';
import {
  type RollupReply,
  type RollupSetup,
  type RollupTask,
  type Slice,
  startRollupTasks,
} from './rollups/rollup-tasks.js';
import { type Extent, removeSpill } from './rollups/spill.js';
import type { SumsFile } from './rollups/sums-file.js';
import { TaskPool } from './rollups/task-pool.js';

export interface RollUpOptions {
  /** Threads that read and sum up; default: all cores, but none for few records. */
  readonly threads?: number | undefined;
  /** Default: that of the settings. */
  readonly grouping?: DatasetGrouping | undefined;
  /** Asked between segments. */
  readonly shouldStop?: (() => boolean) | undefined;
  /** Words of records that a thread sums up at once: bounds its memory. */
  readonly sliceWords?: number | undefined;
}

/** Fewer records than this are summed up sooner than a thread has started. */
const ROWS_WORTH_A_THREAD = 300_000;
const MOST_THREADS = 8;
/** A partition of records put aside is about as large as one slice. */
const ROWS_OF_PARTITION = 1_000_000;
const MOST_PARTITIONS = 128;
/** 64 MB, and about three times as much for the sums. */
const SLICE_WORDS = 1 << 24;

/**
 * Aggregate the records of some commits into one run. The files are durable, but nothing names
 * them yet.
 *
 * Records are read once, segment by segment, and put aside in partitions of datasets; then each
 * partition is summed up in memory. Nothing is looked up by key or address more than once a segment.
 *
 * @param runs those there are: requesters in them keep their numbers
 * @returns undefined when stopped on request
 * @throws {DamagedCacheError} a segment is not what its commit says
 * @throws {RollupsDamagedError} the runs there are cannot be read
 * @throws {CacheWriteError}
 */
export async function rollUpCommits(
  paths: CachePaths,
  commits: readonly CommitRecord[],
  runs: readonly RollupRun[],
  options: RollUpOptions = {},
): Promise<RollupRun | undefined> {
  const { shouldStop = () => false } = options;
  const grouping = options.grouping ?? readGrouping(paths);
  const segments = commits.flatMap((commit) => countedSegments(commit, grouping.robots));
  const rows =
    grouping.robots === 'include'
      ? commits.reduce((total, { lines }) => total + lines.kept, 0)
      : segments.reduce((total, segment) => total + segment.rows, 0);
  const names = commits.map(({ commit }) => commit);
  if (segments.length === 0) return { commits: names, sums: [], requesters: [] };
  makeDirectory(paths.tmp);
  // Also of one segment, which one thread reads, several sum up the partitions.
  const threads = threadsFor(options.threads, rows / ROWS_WORTH_A_THREAD);
  const needed = Math.max(1, Math.ceil(rows / ROWS_OF_PARTITION));
  // Some for each thread, so that all end at about the same time.
  const partitions = threads === 1 ? needed : Math.max(needed, threads * 8);
  const token = randomBytes(6).toString('hex');
  const spills: string[] = [];
  const setupOf = (thread: number): RollupSetup => {
    const spill = join(paths.tmp, `rollup-${token}-${thread}`);
    spills.push(spill);
    const { segments: folder, rollups } = paths;
    return {
      segments: folder,
      rollups,
      spill,
      partitions: Math.min(partitions, MOST_PARTITIONS),
      grouping: grouping.setup,
      hasWeeks: grouping.hasWeeks,
    };
  };
  const pool = new TaskPool<RollupTask, RollupReply>(
    new URL('./rollups/rollup-thread.js', import.meta.url),
    setupOf,
    threads,
    startRollupTasks,
  );
  try {
    const [, known] = await Promise.all([
      pool.runAll(scans(segments), undefined, () => !shouldStop()),
      // Meanwhile, unless there are no threads.
      (async () => knownRequesters(paths, runs))(),
    ]);
    const scanned = await pool.everywhere(() => ({ kind: 'scanned' }));
    if (shouldStop()) return undefined;
    const came = scanned.map(({ addresses }) => addresses ?? NOTHING);
    const { numbers, count, added } = numberRequesters(known, came);
    const start = { kind: 'start', spills, numbers, requesters: count } as const;
    await pool.everywhere(() => start);
    const extents = scanned.map((reply) => reply.extents ?? []);
    const slices = slicesOf(extents, options.sliceWords ?? SLICE_WORDS);
    await pool.runAll(slices.map((slice) => ({ kind: 'gather', slice }) as const));
    const finished = await pool.everywhere(() => ({ kind: 'finish' }));
    requireAll(paths, commits, rows, finished);
    const sums = finished.flatMap(({ sums }): SumsFile[] => (sums === undefined ? [] : [sums]));
    return { commits: names, sums, requesters: writeNew(paths, added, count) };
  } finally {
    await pool.close();
    for (const spill of spills) removeSpill(spill);
  }
}

/** How many threads are worth starting. From TypeScript, in tests, none can be. */
export function threadsFor(wanted: number | undefined, most: number): number {
  if (import.meta.url.endsWith('.ts')) return 1;
  const threads = wanted ?? Math.min(availableParallelism(), MOST_THREADS);
  return Math.max(1, Math.min(threads, Math.floor(most)));
}

const NOTHING = new Uint32Array(0);
const REQUESTERS_A_FILE = 4_000_000;

/** All requesters that have a number. @throws {RollupsDamagedError} */
function knownRequesters(paths: CachePaths, runs: readonly RollupRun[]): KnownRequesters[] {
  return runs.flatMap((run) => run.requesters.map((file) => readRequesters(paths.rollups, file)));
}

/** @param added addresses as words @param count the number of the last one is one below it */
function writeNew(paths: CachePaths, added: Uint32Array, count: number): RequesterFile[] {
  const rows = added.length / WORDS;
  const files = [];
  for (let from = 0; from < rows; from += REQUESTERS_A_FILE) {
    const end = Math.min(rows, from + REQUESTERS_A_FILE);
    const first = count - rows + from;
    const numbers = Float64Array.from({ length: end - from }, (_, row) => first + row);
    files.push(writeRequesters(paths.rollups, numbers, added.slice(from * WORDS, end * WORDS)));
  }
  return files;
}

function* scans(segments: readonly SegmentFile[]): Generator<RollupTask> {
  // The largest first: then all threads end at about the same time.
  for (const segment of [...segments].sort((a, b) => b.rows - a.rows)) {
    yield { kind: 'scan', segment };
  }
}

/** Extents of one partition each, or of a part of one where it is large; the largest first. */
function slicesOf(extents: readonly (readonly Extent[])[], mostWords: number): Slice[] {
  const all = extents.flatMap((own, source) => own.map((extent) => ({ source, extent })));
  all.sort((a, b) => a.extent.partition - b.extent.partition || a.source - b.source);
  const slices: { slice: Extent[][]; words: number; partition: number }[] = [];
  for (const { source, extent } of all) {
    let last = slices.at(-1);
    const isFull =
      last === undefined ||
      last.partition !== extent.partition ||
      last.words + extent.words > mostWords;
    if (last === undefined || isFull) {
      last = { slice: extents.map(() => []), words: 0, partition: extent.partition };
      slices.push(last);
    }
    (last.slice[source] as Extent[]).push(extent);
    last.words += extent.words;
  }
  return slices.sort((a, b) => b.words - a.words).map(({ slice }) => slice);
}

/** A defect must not pass as a number: each kind of sums must hold all records. */
function requireAll(
  paths: CachePaths,
  commits: readonly CommitRecord[],
  rows: number,
  replies: readonly RollupReply[],
): void {
  for (const kind of [0, 1, 2] as const) {
    const found = replies.reduce((sum, { requests }) => sum + (requests?.[kind] ?? 0), 0);
    if (found === rows) continue;
    throw new DamagedCacheError(
      join(paths.commits, `${commits[0]?.commit}.json`),
      `it and the ${commits.length - 1} commits rolled up with it name ${rows} records, ` +
        `their segments hold ${found}`,
    );
  }
}
