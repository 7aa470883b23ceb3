import { unlinkSync } from 'node:fs';
import { join } from 'node:path';
import { commitName, type PipelineHandler } from '../../cache/commit-record.js';
import { plural } from '../../cache/count-text.js';
import { S3LogExtractionError } from '../../cache/error.js';
import type { Ledger } from '../../cache/ledger.js';
import type { WritableCache } from '../../cache/open-cache.js';
import type { BucketAccess } from '../source/bucket/access.js';
import { displayPath, logPath } from '../source/log-path.js';
import { CommitBatch, commitBatch } from './commit-batch.js';
import type { ExtractionMode } from './extraction-mode.js';
import { isCompressed } from './is-compressed.js';
import { LargeFile } from './large-file.js';
import { whyNoLargeLog } from './no-log.js';
import { packFiles } from './packed-files.js';
import type { NewFile } from './plan-files.js';
import { MOST_HELD_BYTES } from './record-batch.js';
import type { ExtractionReport } from './report.js';
import { STOPPED } from './worker-messages.js';
import type { ExtractionWorker } from './worker-pool.js';

/** When a batch is committed: what a kill can cost at most, and how small segments may get. */
const BATCH_BYTES = 2 ** 32;
const BATCH_FILES = 50_000;
const BATCH_AGE_MS = 15_000;

/** Small files travel to a worker together. */
const REQUEST_BYTES = 8 << 20;
const REQUEST_FILES = 256;

/** Files from this size on are read in parts: a worker could not take back what it has read of them. */
const LARGE_FILE_BYTES = MOST_HELD_BYTES;

/** Larger files have a commit of their own, so that a failure costs no other file's work. */
const SOLO_BYTES = 2 ** 30;

/** Why a large file is read no further: another one of its batch cannot be read. */
const SPOILED = 'spoiled';

/** After a stop a large file is still finished when this little of it is left to begin. */
const FINISH_BYTES = 512 << 20;

/** What happened to files, as it happens. */
export interface ExtractionObserver {
  /** A file could not be read; it will be tried again by the next run. */
  failed(path: string, reason: string, file: NewFile): void;
  /** Every line of a file was rejected. */
  notALog(path: string): void;
  /** Files are in a commit that is real. @param rejected how many lines of each were refused */
  committed?(files: readonly NewFile[], rejected: readonly number[]): void;
}

/** Where files are objects of a bucket. */
export interface ExtractionBucket {
  /** For requests signed from now on. */
  access(): Promise<BucketAccess>;
  /** Whether an object is compressed. */
  isCompressed(file: NewFile): Promise<boolean>;
}

/** What an extraction works on and with. */
export interface ExtractionContext {
  readonly cache: WritableCache;
  readonly ledger: Ledger;
  /** The folder, for the commits to tell. */
  readonly source: string;
  readonly mode: ExtractionMode;
  readonly observer: ExtractionObserver;
  /** Counted up as things become real. */
  readonly report: ExtractionReport;
  readonly shouldStop: () => boolean;
  /** Undefined: files are on disk. */
  readonly bucket?: ExtractionBucket | undefined;
  /** The pipeline that records go through: its handlers hear of it when a batch is real, and when it will never be. */
  readonly pipeline?: readonly PipelineHandler[] | undefined;
  /** Whether files that are no logs at all fail, see no-log.ts. */
  readonly refusesNonLogs?: boolean;
  /** Stored bytes from which a batch is committed. */
  readonly batchBytes?: number;
}

/** Files were read and are in no commit: never to be passed over in silence. */
export class BatchNotCommittedError extends S3LogExtractionError {
  constructor(read: number, committed: number) {
    super(
      'BATCH_NOT_COMMITTED',
      `Of ${plural(read, 'log file')} read, ${committed} were committed.`,
      {
        hint: 'This is a defect of s3logextraction: please report it. Nothing is lost: the next run reads the others again.',
      },
    );
  }
}

/**
 * Brings new files to the workers and what they write into commits.
 *
 * A batch is open while files join it. Once it is closed, each worker that has records of it in hand
 * writes them and goes on with the next batch at once; when all is durable, the batch is committed.
 * A batch in which a large file turned out unreadable is given up, and its other files are read again.
 */
export class Extraction {
  /** Files read to their end, committed or on their way. */
  filesRead = 0;
  private batch: CommitBatch | undefined;
  private large: LargeFile | undefined;
  /** Files to be read once more, and whether by a commit of their own. */
  private readonly again: { readonly file: NewFile; readonly isSolo: boolean }[] = [];
  private readonly storing = new Set<Promise<void>>();
  private failure: unknown;
  private sequence = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(private readonly context: ExtractionContext) {}

  /** Have all workers work until there is nothing left. Throws when one of them cannot go on. */
  async run(workers: readonly ExtractionWorker[], files: AsyncIterator<NewFile>): Promise<void> {
    do {
      await Promise.all(workers.map((worker) => this.drive(worker, files))).catch((error) => {
        this.failure ??= error;
        throw error;
      });
      // Some of what is awaited may bring more.
      while (this.storing.size > 0) await Promise.all(this.storing);
      if (this.failure !== undefined) throw this.failure;
    } while (this.again.length > 0 && !this.context.shouldStop());
    if (this.again.length > 0) this.context.report.stopped = true;
    const { extracted } = this.context.report.files;
    if (this.filesRead !== extracted) throw new BatchNotCommittedError(this.filesRead, extracted);
  }

  private async drive(worker: ExtractionWorker, files: AsyncIterator<NewFile>): Promise<void> {
    let holding: CommitBatch | undefined;
    while (this.failure === undefined) {
      if (holding?.isClosed) {
        await this.release(worker, holding);
        holding = undefined;
      }
      const task = await this.nextTask(worker, files);
      if (task !== undefined) {
        // What it holds of another batch is closed by now.
        if (holding !== undefined && holding !== task.batch) await this.release(worker, holding);
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
      const isLong = this.large.isSolo && this.large.bytesLeft > FINISH_BYTES;
      if (stopping && isLong) this.giveUp(this.large, STOPPED);
      if (!this.large.isHandedOut) return this.nextPart(this.large);
      this.large = undefined;
    }
    if (stopping) {
      this.context.report.stopped = true;
      return undefined;
    }
    this.closeIfFull();
    const small: NewFile[] = [];
    let bytes = 0;
    while (bytes < REQUEST_BYTES && small.length < REQUEST_FILES) {
      const next = this.again.shift() ?? (await files.next()).value;
      if (next === undefined) break;
      const { file, isSolo } = 'file' in next ? next : { file: next, isSolo: false };
      if (isSolo || file.sizeBytes >= LARGE_FILE_BYTES) {
        const task = await this.beginLarge(file, isSolo, small);
        if (task !== undefined) return task;
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
        const { commit } = batch;
        const { bucket } = this.context;
        const access = bucket && (await bucket.access());
        const packed = packFiles(files);
        const reply = await worker.call({ kind: 'files', commit, files: packed, access });
        for (const [index, reason] of reply.failures) this.fail(files[index], reason);
        for (const index of reply.large) this.again.push({ file: files[index], isSolo: true });
        this.filesRead += batch.addFiles(files, reply);
      },
    };
  }

  /**
   * Begin a file that is read in parts, or in one go by a commit of its own.
   *
   * @returns its first part, or undefined when small files are in hand, which go first
   */
  private async beginLarge(
    file: NewFile,
    mustBeAlone: boolean,
    small: readonly NewFile[],
  ): Promise<Task | undefined> {
    const { bucket } = this.context;
    const compressed = bucket === undefined ? isCompressed(file) : await bucket.isCompressed(file);
    if (mustBeAlone || compressed || file.sizeBytes >= SOLO_BYTES) {
      if (small.length > 0) {
        this.again.unshift({ file, isSolo: mustBeAlone });
        return undefined;
      }
      this.close();
      this.large = new LargeFile(file, this.newBatch(), true, compressed);
      this.large.batch.unfinished.add(this.large);
      return this.nextPart(this.large);
    }
    this.large = new LargeFile(file, this.openBatch(), false, false);
    this.large.batch.unfinished.add(this.large);
    return small.length === 0 ? this.nextPart(this.large) : undefined;
  }

  private nextPart(large: LargeFile): Task {
    const { file, batch } = large;
    const range = large.nextPart();
    if (large.isSolo && large.isHandedOut) batch.isClosed = true;
    return {
      batch,
      run: async (worker) => {
        const { bucket } = this.context;
        const access = bucket && (await bucket.access());
        const request = { kind: 'part', commit: batch.commit, file, range, access } as const;
        large.took(await worker.call(request));
        if (large.failure !== undefined) {
          this.giveUp(large, large.failure);
        } else if (large.isDone) {
          const sum = large.sum();
          const why = this.context.refusesNonLogs === true ? whyNoLargeLog(sum) : undefined;
          if (why !== undefined) {
            this.giveUp(large, why);
            return;
          }
          batch.unfinished.delete(large);
          this.filesRead += batch.addFiles([file], sum);
        }
      },
    };
  }

  private giveUp(large: LargeFile, reason: string): void {
    large.failure = reason;
    const { batch, file } = large;
    const isNews = batch.unfinished.delete(large);
    // Others of a spoiled batch are read again; this one is to blame.
    if (isNews && reason !== STOPPED && reason !== SPOILED) this.fail(file, reason);
    if (isNews && reason === SPOILED) this.again.push({ file, isSolo: false });
    if (batch.isSpoiled) return;
    batch.isSpoiled = true;
    batch.isClosed = true;
    if (batch === this.batch) this.batch = undefined;
    for (const other of batch.unfinished) other.failure ??= SPOILED;
    if (batch.holders.size === 0) this.settle(batch);
  }

  private openBatch(): CommitBatch {
    this.batch ??= this.newBatch();
    return this.batch;
  }

  private newBatch(): CommitBatch {
    const token = this.context.cache.lock.token.slice(0, 8);
    return new CommitBatch(commitName(new Date(), token, ++this.sequence));
  }

  private closeIfFull(): void {
    const { batch } = this;
    if (batch === undefined || this.large?.batch === batch) return;
    const isOld = Date.now() - batch.openedAt > BATCH_AGE_MS;
    const batchBytes = this.context.batchBytes ?? BATCH_BYTES;
    if (batch.bytes >= batchBytes || batch.files.length >= BATCH_FILES || isOld) this.close();
  }

  private close(): void {
    if (this.batch === undefined) return;
    this.batch.isClosed = true;
    this.batch = undefined;
  }

  /** Have a worker let go of what it has in hand for a batch that is closed. */
  private async release(worker: ExtractionWorker, batch: CommitBatch): Promise<void> {
    if (batch.isSpoiled) {
      await worker.call({ kind: 'drop', commit: batch.commit });
      this.left(worker, batch);
      return;
    }
    const { stored } = await worker.flush(batch.commit);
    batch.writers.add(worker);
    const storing = stored
      .then((segments) => {
        batch.addSegments(segments);
        this.left(worker, batch);
      })
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.storing.delete(storing));
    this.storing.add(storing);
  }

  private left(worker: ExtractionWorker, batch: CommitBatch): void {
    batch.holders.delete(worker);
    if (batch.holders.size === 0) this.settle(batch);
  }

  /** Everybody has let go of a batch. */
  private settle(batch: CommitBatch): void {
    if (batch.isSettled) return;
    // Handlers have been told to roll back by then.
    if (this.failure !== undefined && this.context.pipeline !== undefined) return;
    batch.isSettled = true;
    if (!batch.isSpoiled) {
      this.commit(batch);
      this.settleHandlers(batch, true);
      return;
    }
    this.settleHandlers(batch, false);
    for (const { file } of [...batch.records, ...batch.rejects, ...batch.outputs]) {
      unlinkSync(join(this.context.cache.paths.segments, file));
    }
    this.filesRead -= batch.taken.length;
    for (const file of batch.taken) this.again.push({ file, isSolo: false });
    for (const { file } of batch.unfinished) this.again.push({ file, isSolo: false });
  }

  private settleHandlers(batch: CommitBatch, isReal: boolean): void {
    if (this.context.pipeline === undefined) return;
    for (const worker of batch.writers) {
      const settling = worker
        .settle(batch.commit, isReal)
        .finally(() => this.storing.delete(settling));
      this.storing.add(settling);
    }
  }

  private commit(batch: CommitBatch): void {
    if (batch.files.length === 0) return;
    const { cache, mode, source, pipeline } = this.context;
    const record = commitBatch(cache, batch, mode, source, pipeline);
    this.context.ledger.add(record, batch.files);
    const rejected = batch.files.map((file) => file.rejected);
    this.context.observer.committed?.(batch.taken, rejected);
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
    for (const [note, count] of Object.entries(record.lines.notes)) {
      report.lines.notes[note] = (report.lines.notes[note] ?? 0) + count;
    }
    for (const file of batch.files) {
      if (file.lines === 0 || file.rejected !== file.lines) continue;
      this.context.observer.notALog(displayPath(logPath(file.path)));
    }
  }

  private fail(file: NewFile, reason: string): void {
    this.context.report.files.failed++;
    this.context.ledger.fail(file.name);
    this.context.observer.failed(displayPath(file.path), reason, file);
  }
}

interface Task {
  readonly batch: CommitBatch;
  run(worker: ExtractionWorker): Promise<void>;
}
