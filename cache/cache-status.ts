import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type CommitRecord, listCommits, readCommit } from './commit-record.js';
import { type LockState, readLock } from './lock.js';
import type { CachePaths } from './paths.js';
import { readManifest } from './rollup-manifest.js';

/** What one run has committed. */
export interface RunStatus {
  /** Of its first and its last commit, ISO 8601. */
  readonly from: string;
  readonly to: string;
  readonly source: string;
  readonly files: number;
  readonly bytes: number;
  readonly linesKept: number;
  readonly linesRejected: number;
}

/** What a cache holds. Numbers are exact. */
export interface CacheStatus {
  readonly commits: number;
  readonly files: number;
  /** Stored bytes of the log files extracted. */
  readonly bytes: number;
  /** Bytes of the cache's own state: segments and commit records. */
  readonly cacheBytes: number;
  readonly lines: {
    total: number;
    kept: number;
    skipped: number;
    rejected: number;
    reasons: Record<string, number>;
    notes: Record<string, number>;
  };
  /** The newest runs first. */
  readonly runs: readonly RunStatus[];
  /** Commits that the summaries do not cover yet. */
  readonly pendingCommits: number;
  readonly lock: LockState | undefined;
}

/**
 * Look at a cache as its last commits left it; takes no lock (FORMAT.md W6).
 *
 * @param mostRuns runs told at most
 * @throws {DamagedCacheError}
 */
export function readCacheStatus(paths: CachePaths, mostRuns = 5): CacheStatus {
  const lines = { total: 0, kept: 0, skipped: 0, rejected: 0, reasons: {}, notes: {} };
  const runs = new Map<string, CommitRecord[]>();
  let files = 0;
  let bytes = 0;
  let cacheBytes = 0;
  const commits = listCommits(paths);
  for (const commit of commits) {
    const record = readCommit(paths, commit);
    files += record.files.rows;
    bytes += record.bytes;
    lines.total += record.lines.total;
    lines.kept += record.lines.kept;
    lines.skipped += record.lines.skipped;
    lines.rejected += record.lines.rejected;
    addCounts(lines.reasons, record.lines.reasons);
    addCounts(lines.notes, record.lines.notes);
    for (const segment of [...record.records, ...record.rejects, record.files]) {
      cacheBytes += segment.bytes;
    }
    // The middle part of a commit's name is the run's.
    const run = commit.split('-')[1];
    runs.set(run, [...(runs.get(run) ?? []), record]);
  }
  const covered = new Set(readManifest(paths)?.runs.flatMap((run) => run.commits) ?? []);
  return {
    commits: commits.length,
    files,
    bytes,
    cacheBytes: cacheBytes + folderBytes(paths.commits),
    lines,
    runs: [...runs.values()].slice(-mostRuns).reverse().map(describeRun),
    pendingCommits: commits.filter((commit) => !covered.has(commit)).length,
    lock: readLock(paths),
  };
}

function describeRun(commits: readonly CommitRecord[]): RunStatus {
  const sum = (value: (commit: CommitRecord) => number): number =>
    commits.reduce((total, commit) => total + value(commit), 0);
  return {
    from: commits[0].createdAt,
    to: commits[commits.length - 1].createdAt,
    source: commits[0].source,
    files: sum((commit) => commit.files.rows),
    bytes: sum((commit) => commit.bytes),
    linesKept: sum((commit) => commit.lines.kept),
    linesRejected: sum((commit) => commit.lines.rejected),
  };
}

function addCounts(to: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) to[name] = (to[name] ?? 0) + count;
}

function folderBytes(folder: string): number {
  let bytes = 0;
  // Between the making of cache.json and of the folders there are none.
  const names = existsSync(folder) ? readdirSync(folder) : [];
  for (const name of names) {
    bytes += statSync(join(folder, name), { throwIfNoEntry: false })?.size ?? 0;
  }
  return bytes;
}
