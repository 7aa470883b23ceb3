import { type LineAccount, listCommits, readCommit } from './commit-record.js';
import {
  addToAccount,
  emptyLedgerAccount,
  type LedgerAccount,
  type RunAccount,
} from './ledger/account.js';
import { readIndexManifest } from './ledger/index-manifest.js';
import { type LockState, readLock } from './lock.js';
import type { CachePaths } from './paths.js';
import { readPendingRepair } from './pending-repair.js';
import { readManifest } from './rollup-manifest.js';

/** What one run has committed. */
export interface RunStatus extends Omit<RunAccount, 'run' | 'objects'> {
  readonly importedObjects: number;
}

/** What a cache holds. Numbers are exact. */
export interface CacheStatus {
  readonly commits: number;
  /** Log files, also those that an imported cache has read. */
  readonly files: number;
  /** Objects whose records were imported; they are no log files. */
  readonly importedObjects: number;
  /** Stored bytes of the log files extracted. */
  readonly bytes: number;
  /** Bytes of the cache's own state: segments and commit records. */
  readonly cacheBytes: number;
  readonly lines: LineAccount;
  /** The newest runs first. */
  readonly runs: readonly RunStatus[];
  /** Commits that the summaries do not cover yet. */
  readonly pendingCommits: number;
  /** Log files of withdrawn commits are still to be extracted again. */
  readonly isRepairPending: boolean;
  readonly lock: LockState | undefined;
}

/**
 * Look at a cache as its last commits left it; takes no lock (FORMAT.md W6). Commits that the index of the
 * ledger covers are not read one by one: it holds their sums.
 *
 * @param mostRuns runs told at most
 * @throws {DamagedCacheError}
 */
export function readCacheStatus(paths: CachePaths, mostRuns = 5): CacheStatus {
  const { account, commits } = readAccount(paths);
  const covered = new Set(readManifest(paths)?.runs.flatMap((run) => run.commits) ?? []);
  return {
    commits: account.commits,
    ...logFilesOf(account),
    bytes: account.bytes,
    cacheBytes: account.segmentBytes + account.recordBytes,
    lines: account.lines,
    runs: account.runs.slice(-mostRuns).reverse().map(describeRun),
    pendingCommits: commits.filter((commit) => !covered.has(commit)).length,
    isRepairPending: readPendingRepair(paths) !== undefined,
    lock: readLock(paths),
  };
}

function readAccount(paths: CachePaths): { account: LedgerAccount; commits: string[] } {
  const manifest = readIndexManifest(paths);
  // Listed after the manifest was read, so that all it names must be there; else it counts for nothing.
  const commits = listCommits(paths);
  const existing = new Set(commits);
  const isUsable = manifest?.commits.every((commit) => existing.has(commit)) ?? false;
  const account = manifest !== undefined && isUsable ? manifest.account : emptyLedgerAccount();
  const summed = new Set(isUsable ? manifest?.commits : []);
  for (const commit of commits) {
    if (!summed.has(commit)) addToAccount(account, readCommit(paths, commit), paths);
  }
  return { account, commits };
}

function describeRun({ run: _run, objects, ...status }: RunAccount): RunStatus {
  return { ...status, ...logFilesOf({ files: status.files, objects }) };
}

/** The ledger has a row for each log file, and one for each imported object. */
function logFilesOf({ files, objects = 0 }: { files: number; objects?: number | undefined }) {
  return { files: files - objects, importedObjects: objects };
}
