import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type CommitRecord, type LineAccount, segmentsOf } from '../commit-record.js';
import type { CachePaths } from '../paths.js';

/** The last runs are told one by one. */
const MOST_RUNS = 64;

/** What one run has committed. */
export interface RunAccount {
  /** The middle part of its commits' names. */
  readonly run: string;
  /** Of its first and its last commit, ISO 8601. */
  from: string;
  to: string;
  readonly source: string;
  files: number;
  /** How many of `files` are imported objects, not log files; undefined: none. */
  objects?: number;
  bytes: number;
  linesKept: number;
  linesRejected: number;
}

/** Sums over some commits. Numbers are exact. */
export interface LedgerAccount {
  commits: number;
  files: number;
  /** How many of `files` are imported objects, not log files; undefined: none. */
  objects?: number;
  /** Stored bytes of the log files. */
  bytes: number;
  /** Bytes of the segments and of the commit records. */
  segmentBytes: number;
  recordBytes: number;
  readonly lines: LineAccount;
  /** By their first commit. */
  readonly runs: RunAccount[];
}

export function emptyLedgerAccount(): LedgerAccount {
  return {
    commits: 0,
    files: 0,
    bytes: 0,
    segmentBytes: 0,
    recordBytes: 0,
    lines: { total: 0, kept: 0, skipped: 0, rejected: 0, reasons: {}, notes: {} },
    runs: [],
  };
}

/** Add one commit; its record is in `commits/`. */
export function addToAccount(
  account: LedgerAccount,
  record: CommitRecord,
  paths: CachePaths,
): void {
  const { lines } = account;
  account.commits++;
  account.files += record.files.rows;
  addObjects(account, record);
  account.bytes += record.bytes;
  for (const segment of segmentsOf(record)) {
    account.segmentBytes += segment.bytes;
  }
  const path = join(paths.commits, `${record.commit}.json`);
  account.recordBytes += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  lines.total += record.lines.total;
  lines.kept += record.lines.kept;
  lines.skipped += record.lines.skipped;
  lines.rejected += record.lines.rejected;
  addCounts(lines.reasons, record.lines.reasons);
  addCounts(lines.notes, record.lines.notes);
  addToRun(account, record);
}

/** Runs by name, so that many runs do not make each other slow. */
const runsByName = new WeakMap<LedgerAccount, Map<string, RunAccount>>();

function addToRun(account: LedgerAccount, record: CommitRecord): void {
  const runs = runsByName.get(account) ?? new Map(account.runs.map((run) => [run.run, run]));
  runsByName.set(account, runs);
  const name = record.commit.split('-')[1];
  const run = runs.get(name);
  if (run === undefined) {
    const first: RunAccount = {
      run: name,
      from: record.createdAt,
      to: record.createdAt,
      source: record.source,
      files: record.files.rows,
      bytes: record.bytes,
      linesKept: record.lines.kept,
      linesRejected: record.lines.rejected,
    };
    addObjects(first, record);
    runs.set(name, first);
    account.runs.push(first);
    // Years of nightly runs must not be read and written by each of them.
    if (account.runs.length > MOST_RUNS) runs.delete((account.runs.shift() as RunAccount).run);
    return;
  }
  if (record.createdAt < run.from) run.from = record.createdAt;
  if (record.createdAt > run.to) run.to = record.createdAt;
  run.files += record.files.rows;
  addObjects(run, record);
  run.bytes += record.bytes;
  run.linesKept += record.lines.kept;
  run.linesRejected += record.lines.rejected;
}

function addObjects(to: { objects?: number }, { objects }: CommitRecord): void {
  if (objects !== undefined) to.objects = (to.objects ?? 0) + objects;
}

function addCounts(to: Record<string, number>, counts: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(counts)) to[name] = (to[name] ?? 0) + count;
}
