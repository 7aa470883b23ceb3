import { closeSync, openSync, readSync, unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { commitName } from '../../cache/commit-record.js';
import { systemErrorCode } from '../../cache/error.js';
import type { Ledger } from '../../cache/ledger.js';
import type { WritableCache } from '../../cache/open-cache.js';
import { detectEncoding, ENCODING, SIGNATURE_BYTES } from '../source/encoding.js';
import { displayPath, logPath, pathBytes } from '../source/log-path.js';
import { CommitBatch, commitBatch } from './commit-batch.js';
import type { NewFile } from './plan-files.js';
import type { ExtractionReport } from './report.js';
import { FILE_NUMBERS, type LargeFileReply, STOPPED } from './worker-messages.js';
import type { ExtractionWorker } from './worker-pool.js';

/** When a batch is committed: what a kill can cost at most, and how small segments may get. */
const BATCH_BYTES = 2 ** 30;
const BATCH_FILES = 50_000;
const BATCH_AGE_MS = 15_000;

/** Small files travel to a worker together. */
const REQUEST_BYTES = 8 << 20;
const REQUEST_FILES = 256;

/** Files from this size on are read by all workers together, in parts of this size. */
const LARGE_FILE_BYTES = 64 << 20;
const LEAST_PART_BYTES = 32 << 20;
const MOST_PART_BYTES = 256 << 20;

/** After a stop a large file is still finished when this little of it is left to begin. */
const FINISH_BYTES = 512 << 20;

/** What happened to files, as it happens. */
export interface ExtractionObserver {
  /** A file could not be read; it will be tried again by the next run. */
  failed(path: string, reason: string): void;
  /** Every line of a file was rejected. */
  notALog(path: string): void;
}

/** What an extraction works on and with. */
export interface ExtractionContext {
  readonly cache: WritableCache;
  readonly ledger: Ledger;
  /** The folder, for the commits to tell. */
  readonly source: string;
  readonly mode: string;
  readonly workerCount: number;
  readonly observer: ExtractionObserver;
  /** Counted up as things become real. */
  readonly report: ExtractionReport;
  readonly shouldStop: () => boolean;
}

/** A file that several workers read at once. */
interface LargeFile {
  readonly file: NewFile;
  readonly batch: CommitBatch;
  /** Start of the parts nobody has begun. */
  next: number;
  readonly partBytes: number;
  readonly isWhole: boolean;
  /** Parts being read. */
  open: number;
  readonly replies: LargeFileReply[];
  failure: string | undefined;
}

/**
 * Brings new files to the workers and what they write into commits.
 *
 * A batch is open while files join it. Once it is closed, each worker that has records of it in hand
 * writes them and goes on with the next batch at once; when the last has written, the batch is committed.
 */
export class Extraction {
  /** Files read to their end, committed or on their way. */
  filesRead = 0;
  private batch: CommitBatch | undefined;
  private large: LargeFile | undefined;
  private sequence = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: ExtractionContext) {}

  /** Have all workers work until there is nothing left. Throws when one of them cannot go on. */
  async run(workers: readonly ExtractionWorker[], files: AsyncIterator<NewFile>): Promise<void> {
    await Promise.all(workers.map((worker) => this.drive(worker, files)));
  }

  private async drive(worker: ExtractionWorker, files: AsyncIterator<NewFile>): Promise<void> {
    let holding: CommitBatch | undefined;
    for (;;) {
      if (holding?.isClosed) {
        await this.flush(worker, holding);
        holding = undefined;
      }
      const task = await this.nextTask(worker, files);
      if (task !== undefined) {
        holding = task.batch;
        await task.run(worker);
        this.closeIfFull();
      } else if (holding !== undefined) {
        this.close();
      } else {
        return;
      }
    }
  }

  /** One worker chooses at a time: the plan, the open batch and the large file are common to all. */
  private nextTask(
    worker: ExtractionWorker,
    files: AsyncIterator<NewFile>,
  ): Promise<Task | undefined> {
    const task = this.turn.then(async () => {
      const chosen = await this.choose(files);
      chosen?.batch.holders.add(worker);
      return chosen;
    });
    this.turn = task.catch(() => undefined);
    return task;
  }

  private async choose(files: AsyncIterator<NewFile>): Promise<Task | undefined> {
    const stopping = this.context.shouldStop();
    if (this.large !== undefined) {
      const part = this.nextPart(this.large, stopping);
      if (part !== undefined) return part;
    }
    if (stopping) {
      this.context.report.stopped = true;
      return undefined;
    }
    this.closeIfFull();
    const small: NewFile[] = [];
    let bytes = 0;
    while (bytes < REQUEST_BYTES && small.length < REQUEST_FILES) {
      const { value: file, done } = await files.next();
      if (done) break;
      if (file.sizeBytes >= LARGE_FILE_BYTES) {
        this.large = this.beginLarge(file);
        if (small.length === 0) return this.nextPart(this.large, false);
        break;
      }
      small.push(file);
      bytes += file.sizeBytes;
    }
    return small.length === 0 ? undefined : this.smallFiles(small);
  }

  private smallFiles(files: readonly NewFile[]): Task {
    const batch = this.openBatch();
    return {
      batch,
      run: async (worker) => {
        const reply = await worker.call({ kind: 'files', commit: batch.commit, files });
        for (const [index, reason] of reply.failures) this.fail(files[index], reason);
        batch.addFiles(files, reply);
        this.filesRead += files.length - reply.failures.length;
      },
    };
  }

  private beginLarge(file: NewFile): LargeFile {
    const perWorker = Math.ceil(file.sizeBytes / this.context.workerCount);
    return {
      file,
      batch: this.openBatch(),
      next: 0,
      partBytes: Math.min(MOST_PART_BYTES, Math.max(LEAST_PART_BYTES, perWorker)),
      isWhole: isCompressed(file),
      open: 0,
      replies: [],
      failure: undefined,
    };
  }

  private nextPart(large: LargeFile, stopping: boolean): Task | undefined {
    const { file, batch, next } = large;
    const left = file.sizeBytes - next;
    if (stopping && left > FINISH_BYTES && large.failure === undefined) {
      large.failure = STOPPED;
      if (large.open === 0) this.endLarge(large);
    }
    if (left <= 0 || large.failure !== undefined) {
      this.large = undefined;
      return undefined;
    }
    const end = large.isWhole ? file.sizeBytes : Math.min(next + large.partBytes, file.sizeBytes);
    large.next = end;
    large.open++;
    const isLast = end === file.sizeBytes;
    // The last part's lines have no upper bound: the file ends them.
    const part = large.isWhole
      ? undefined
      : { start: next, end: isLast ? Number.POSITIVE_INFINITY : end };
    return {
      batch,
      run: async (worker) => {
        const reply = await worker.call({ kind: 'large file', commit: batch.commit, file, part });
        large.open--;
        large.replies.push(reply);
        for (const [, reason] of reply.failures) large.failure ??= reason;
        if (large.open === 0 && (large.failure !== undefined || large.next === file.sizeBytes)) {
          this.endLarge(large);
        }
      },
    };
  }

  private endLarge(large: LargeFile): void {
    if (large.failure === undefined) {
      large.batch.addFiles([large.file], sumOfParts(large.replies));
      this.filesRead++;
      for (const reply of large.replies) large.batch.addSegments(reply.segments);
      return;
    }
    for (const { segments } of large.replies) {
      for (const { file } of [...segments.records, ...segments.rejects]) {
        unlinkSync(join(this.context.cache.paths.segments, file));
      }
    }
    if (large.failure !== STOPPED) this.fail(large.file, large.failure);
  }

  private openBatch(): CommitBatch {
    if (this.batch === undefined) {
      const name = commitName(
        new Date(),
        this.context.cache.lock.token.slice(0, 8),
        ++this.sequence,
      );
      this.batch = new CommitBatch(name);
    }
    return this.batch;
  }

  private closeIfFull(): void {
    const { batch } = this;
    if (batch === undefined || this.large !== undefined) return;
    const isOld = Date.now() - batch.openedAt > BATCH_AGE_MS;
    if (batch.bytes >= BATCH_BYTES || batch.files.length >= BATCH_FILES || isOld) this.close();
  }

  private close(): void {
    if (this.batch === undefined) return;
    this.batch.isClosed = true;
    this.batch = undefined;
  }

  private async flush(worker: ExtractionWorker, batch: CommitBatch): Promise<void> {
    const { segments } = await worker.call({ kind: 'flush', commit: batch.commit });
    batch.addSegments(segments);
    batch.holders.delete(worker);
    if (batch.holders.size === 0) this.commit(batch);
  }

  private commit(batch: CommitBatch): void {
    if (batch.files.length === 0) return;
    const record = commitBatch(this.context.cache, batch, this.context.mode, this.context.source);
    this.context.ledger.add(record, batch.files);
    const { report } = this.context;
    report.files.extracted += batch.files.length;
    report.bytes += record.bytes;
    report.lines.total += record.lines.total;
    report.lines.kept += record.lines.kept;
    report.lines.skipped += record.lines.skipped;
    report.lines.rejected += record.lines.rejected;
    for (const [reason, count] of Object.entries(record.lines.reasons)) {
      report.lines.reasons[reason] = (report.lines.reasons[reason] ?? 0) + count;
    }
    for (const file of batch.files) {
      if (file.lines === 0 || file.rejected !== file.lines) continue;
      this.context.observer.notALog(displayPath(logPath(file.path)));
    }
  }

  private fail(file: NewFile, reason: string): void {
    this.context.report.files.failed++;
    this.context.ledger.fail(file.name);
    this.context.observer.failed(displayPath(file.path), reason);
  }
}

interface Task {
  readonly batch: CommitBatch;
  run(worker: ExtractionWorker): Promise<void>;
}

/** One reply for the whole file out of those for its parts. */
function sumOfParts(replies: readonly LargeFileReply[]): Omit<LargeFileReply, 'kind' | 'segments'> {
  const numbers = new Float64Array(FILE_NUMBERS.length);
  const reasons = new Uint32Array(replies[0].reasons.length);
  const notes = new Uint32Array(replies[0].notes.length);
  for (const reply of replies) {
    for (let i = 0; i < numbers.length; i++) numbers[i] += reply.numbers[i];
    for (let i = 0; i < reasons.length; i++) reasons[i] += reply.reasons[i];
    for (let i = 0; i < notes.length; i++) notes[i] += reply.notes[i];
  }
  return { numbers, failures: [], reasons, notes };
}

/** Compressed data cannot be entered in its middle. A file that cannot be read shows so in its worker. */
function isCompressed(file: NewFile): boolean {
  try {
    const fd = openSync(pathBytes(file.path), 'r');
    try {
      const signature = Buffer.alloc(SIGNATURE_BYTES);
      const length = readSync(fd, signature, 0, SIGNATURE_BYTES, 0);
      return detectEncoding(signature.subarray(0, length)) !== ENCODING.plain;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return true;
  }
}
