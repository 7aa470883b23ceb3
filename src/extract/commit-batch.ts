import type {
  CommitRecord,
  LineAccount,
  PipelineHandler,
  SegmentFile,
} from '../../cache/commit-record.js';
import { addsUp, RECORD_SCHEMA, writeCommit } from '../../cache/commit-record.js';
import type { WritableCache } from '../../cache/open-cache.js';
import { type LedgerRow, writeLedger } from '../../cache/segment-writer.js';
import { storedPath } from '../source/log-path.js';
import type { NewFile } from './plan-files.js';
import { NOTES, type Note, REASONS } from './reasons.js';
import { noteCounts, reasonCounts } from './report.js';
import { FILE_NUMBERS, type FileNumbers } from './worker-messages.js';
import type { ExtractionWorker } from './worker-pool.js';
import type { WrittenSegments } from './write-batch.js';

/** A large file that is being read. */
export interface UnfinishedFile {
  readonly file: NewFile;
  /** Why it is read no further. */
  failure: string | undefined;
}

/** The log files on their way into one commit. */
export class CommitBatch {
  readonly openedAt = Date.now();
  readonly files: LedgerRow[] = [];
  /** The same files, as they were planned. */
  readonly taken: NewFile[] = [];
  readonly records: SegmentFile[] = [];
  readonly rejects: SegmentFile[] = [];
  readonly outputs: SegmentFile[] = [];
  /** Records that a pipeline dropped, by log file. */
  private readonly dropped = new Map<string, number>();
  bytes = 0;
  /** How many of `files` are imported objects. */
  objects = 0;
  /** No more files join; workers write what they have in hand. */
  isClosed = false;
  /** Records of a file that cannot be read are among its own: it is given up. */
  isSpoiled = false;
  /** Workers that have records of this batch in hand. */
  readonly holders = new Set<object>();
  /** Workers that have written records of it. */
  readonly writers = new Set<ExtractionWorker>();
  /** Large files among its own that are not read to their end yet. */
  readonly unfinished = new Set<UnfinishedFile>();
  /** Committed or given up: nothing may happen to it any more. */
  isSettled = false;
  private readonly reasons = new Float64Array(REASONS.length);
  private readonly notes = new Float64Array(NOTES.length);

  constructor(readonly commit: string) {}

  /**
   * Take over what a worker tells of files.
   *
   * @returns how many of them it has read to their end
   */
  addFiles(files: readonly NewFile[], reply: FileNumbers): number {
    const others = new Set([...reply.failures.map(([index]) => index), ...reply.large]);
    const before = this.taken.length;
    files.forEach((file, index) => {
      if (others.has(index)) return;
      this.taken.push(file);
      this.files.push(ledgerRow(file, reply.numbers, index));
      this.bytes += file.sizeBytes;
    });
    addCounts(this.reasons, reply.reasons);
    addCounts(this.notes, reply.notes);
    return this.taken.length - before;
  }

  /** Note something of lines that did not come from a worker. */
  addNote(note: Note, lines: number): void {
    this.notes[NOTES.indexOf(note)] += lines;
  }

  addSegments(segments: WrittenSegments): void {
    this.records.push(...segments.records);
    this.rejects.push(...segments.rejects);
    this.outputs.push(...segments.outputs);
    for (const [name, count] of segments.dropped) {
      this.dropped.set(name, (this.dropped.get(name) ?? 0) + count);
    }
  }

  /** Records that a pipeline dropped were kept when their files were counted: their lines are skipped. Once, when all is stored. */
  settleDropped(): void {
    if (this.dropped.size === 0) return;
    this.files.forEach((file, at) => {
      const count = this.dropped.get(file.name) ?? 0;
      if (count === 0) return;
      this.files[at] = { ...file, kept: file.kept - count, skipped: file.skipped + count };
      this.addNote('dropped_by_pipeline', count);
    });
    this.dropped.clear();
  }

  lineAccount(): LineAccount {
    const sum = (value: (file: LedgerRow) => number): number =>
      this.files.reduce((total, file) => total + value(file), 0);
    return {
      total: sum((file) => file.lines),
      kept: sum((file) => file.kept),
      skipped: sum((file) => file.skipped),
      rejected: sum((file) => file.rejected),
      reasons: reasonCounts(this.reasons),
      notes: noteCounts(this.notes),
    };
  }
}

/**
 * Make a batch real: its ledger, then its commit record (cache/FORMAT.md W2). Its segments are durable
 * already.
 *
 * @throws {LockLostError}
 * @throws {CacheWriteError}
 */
export function commitBatch(
  cache: WritableCache,
  batch: CommitBatch,
  mode: string,
  source: string,
  pipeline?: readonly PipelineHandler[],
): CommitRecord {
  batch.settleDropped();
  const lines = batch.lineAccount();
  const record: CommitRecord = {
    version: 1,
    commit: batch.commit,
    createdAt: new Date().toISOString(),
    schema: RECORD_SCHEMA,
    mode,
    source,
    records: batch.records,
    rejects: batch.rejects,
    files: writeLedger(cache.paths.segments, batch.commit, batch.files),
    ...(batch.outputs.length > 0 ? { outputs: batch.outputs } : {}),
    ...(pipeline === undefined ? {} : { pipeline }),
    ...(batch.objects > 0 ? { objects: batch.objects } : {}),
    bytes: batch.bytes,
    lines,
  };
  // Before anything becomes real: a defect must not pass as a number.
  if (!addsUp(record)) {
    throw new Error(`The lines of commit ${record.commit} do not add up; it was not made.`);
  }
  cache.lock.assertHeld();
  writeCommit(cache.paths, record);
  return record;
}

function ledgerRow(file: NewFile, numbers: Float64Array, index: number): LedgerRow {
  const at = index * FILE_NUMBERS.length;
  const [lines, kept, skipped, rejected, contentBytes, encoding, check] = numbers.subarray(
    at,
    at + FILE_NUMBERS.length,
  );
  return {
    name: file.name,
    path: storedPath(file.relativePath),
    sizeBytes: file.sizeBytes,
    modifiedMs: file.modifiedMs,
    encoding,
    check,
    contentBytes,
    lines,
    kept,
    skipped,
    rejected,
  };
}

function addCounts(to: Float64Array, counts: Float64Array): void {
  for (let i = 0; i < to.length; i++) to[i] += counts[i];
}
