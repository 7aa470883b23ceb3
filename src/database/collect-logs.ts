import { randomUUID } from 'node:crypto';
import pLimit from 'p-limit';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import type { SourceProblem } from '../source/list-folder.js';
import type { ObjectOutcome } from './collect-batch.js';
import type { BatchTiming } from './collect-messages.js';
import { Collector } from './collect-pool.js';
import { connect, disconnect } from './connection.js';
import { databaseError } from './database-error.js';
import { databaseKey } from './database-key.js';
import type { LogObject, LogSource } from './log-source.js';
import { migrate } from './migrations.js';
import { displayPath, objectName } from './name-hash.js';
import { type CollectionObserver, type KnownState, planCollection } from './plan-collection.js';
import { Session } from './session.js';
import type { DatabaseSettings } from './settings.js';

const MOST_DELETIONS = 8;

/** How far a collection is. */
export interface CollectProgress {
  readonly filesDone: number;
  readonly filesPlanned: number;
  readonly bytesDone: number;
  readonly bytesPlanned: number;
  readonly isPlanned: boolean;
}

export interface CollectOptions {
  readonly settings: DatabaseSettings;
  /** Its key is used when the tables are made, if it is a cache. */
  readonly cacheDirectory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly source: LogSource;
  /** Threads, each with a connection. */
  readonly workers: number;
  /** Log objects to collect at most. */
  readonly limit?: number | undefined;
  /** Delete each log object from its source once its rows are committed. */
  readonly deleteAfter?: boolean | undefined;
  readonly shouldStop?: () => boolean;
  readonly onWarning?: (message: string) => void;
  readonly onProgress?: (progress: CollectProgress) => void;
  /** Called after each transaction. */
  readonly onTransaction?: (timing: BatchTiming, objects: number, rows: number) => void;
}

/** What a collection has come to. */
export interface CollectReport {
  readonly source: string;
  readonly objects: {
    found: number;
    /** All lines of these are in the database since now. */
    collected: number;
    /** Had been collected before, or were by somebody else meanwhile. */
    known: number;
    /** Could not be read, or have changed since they were collected. */
    failed: number;
    deleted: number;
    /** Not deleted because lines of them were rejected. */
    kept: number;
  };
  /** Lines = rows + rejected. */
  lines: number;
  rows: number;
  rejected: number;
  /** Of log objects, as they are stored. */
  bytes: number;
  elapsedMs: number;
  stopped: boolean;
}

/**
 * Collect all log objects of a source that are not in the database yet: every line with all its fields, exactly once, whatever is
 * interrupted and however many do it at once.
 *
 * @throws {DatabaseUnreachableError} and others that say what is wrong with the database
 * @throws {DatabaseKeyError}
 */
export async function collectLogs(options: CollectOptions): Promise<CollectReport> {
  const { settings, cacheDirectory, env } = options;
  const client = await connect(settings);
  let key: Uint8Array;
  try {
    await migrate(client, settings);
    key = await databaseKey(client, settings, cacheDirectory, env);
  } catch (error) {
    throw databaseError(error, settings, 'prepare the log tables') ?? error;
  } finally {
    await disconnect(client);
  }
  const setup = { settings, key: Uint8Array.from(key), runId: randomUUID() };
  const run = new CollectRun(options);
  const collectors = Array.from({ length: options.workers }, () => new Collector(setup));
  try {
    return await run.go(collectors);
  } finally {
    await Promise.all(collectors.map((collector) => collector.close()));
    await run.close();
  }
}

class CollectRun implements CollectionObserver {
  private readonly session: Session;
  private readonly startedAt = performance.now();
  private readonly report: CollectReport;
  private readonly plan = { files: 0, bytes: 0, isComplete: false };
  private readonly done = { files: 0, bytes: 0 };
  private readonly deletions = pLimit(MOST_DELETIONS);
  /** Known log objects that are to be deleted. */
  private leftovers: LogObject[] = [];

  constructor(private readonly options: CollectOptions) {
    this.session = new Session(options.settings);
    this.report = {
      source: options.source.name,
      objects: { found: 0, collected: 0, known: 0, failed: 0, deleted: 0, kept: 0 },
      lines: 0,
      rows: 0,
      rejected: 0,
      bytes: 0,
      elapsedMs: 0,
      stopped: false,
    };
  }

  async go(collectors: readonly Collector[]): Promise<CollectReport> {
    const { source, limit = Number.POSITIVE_INFINITY } = this.options;
    const batches = planCollection(source, this.session, limit, this);
    let asking: Promise<unknown> = Promise.resolve();
    let hasFailed = false;
    const next = (): Promise<IteratorResult<readonly LogObject[]>> => {
      const asked = asking.then(() => batches.next());
      asking = asked.catch(() => undefined);
      return asked;
    };
    const work = async (collector: Collector): Promise<void> => {
      while (!hasFailed) {
        if (this.options.shouldStop?.()) {
          this.report.stopped = true;
          return;
        }
        const { value: objects, done } = await next();
        if (done === true) {
          this.plan.isComplete = true;
          return;
        }
        const access = await source.access();
        const { outcomes, timing } = await collector.collect({ objects, access });
        await this.settle(objects, outcomes, timing);
      }
    };
    const ended = await Promise.allSettled(
      collectors.map((collector) =>
        work(collector).catch((error: unknown) => {
          hasFailed = true;
          throw error;
        }),
      ),
    );
    const failed = ended.find((result) => result.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
    await this.removeLeftovers();
    this.report.elapsedMs = Math.round(performance.now() - this.startedAt);
    return this.report;
  }

  close(): Promise<void> {
    return this.session.close();
  }

  found(): void {
    this.report.objects.found++;
  }

  planned(objects: readonly LogObject[]): void {
    this.plan.files += objects.length;
    for (const { sizeBytes } of objects) this.plan.bytes += sizeBytes;
  }

  known(object: LogObject, state: KnownState): void {
    this.report.objects.known++;
    if (this.options.deleteAfter !== true) return;
    // Its rows are committed, and whoever collected it was to delete it and could not.
    if (state === 'whole') this.leftovers.push(object);
    else if (state === 'rejects') this.report.objects.kept++;
    else {
      this.options.onWarning?.(
        `${displayPath(object.path)}: it may be other than what was collected under its name, so it is not deleted`,
      );
    }
  }

  changed(object: LogObject): void {
    this.fail(object, 'it has changed since it was collected, and is not read again');
  }

  problem({ path, reason, isLoss }: SourceProblem): void {
    if (isLoss) this.report.objects.failed++;
    this.options.onWarning?.(`${displayPath(path)}: ${reason}`);
  }

  private fail({ path }: LogObject, reason: string): void {
    this.report.objects.failed++;
    this.options.onWarning?.(`${displayPath(path)}: ${reason}`);
  }

  private async settle(
    objects: readonly LogObject[],
    outcomes: readonly ObjectOutcome[],
    timing: BatchTiming,
  ): Promise<void> {
    const { report } = this;
    const toDelete: LogObject[] = [];
    let batchRows = 0;
    outcomes.forEach((outcome, i) => {
      const object = objects[i];
      this.done.files++;
      this.done.bytes += object.sizeBytes;
      if (outcome.kind === 'failed') {
        this.fail(object, outcome.reason);
      } else if (outcome.kind === 'known') {
        report.objects.known++;
      } else {
        const { rows, rejects } = outcome;
        report.objects.collected++;
        report.bytes += object.sizeBytes;
        report.rows += rows;
        report.rejected += rejects;
        report.lines += rows + rejects;
        batchRows += rows;
        if (rows === 0 && rejects > 0) {
          this.options.onWarning?.(
            `${displayPath(object.path)}: no line of it is one of an access log`,
          );
        }
        // What was refused stands nowhere else.
        if (rejects === 0) toDelete.push(object);
        else if (this.options.deleteAfter === true) report.objects.kept++;
      }
    });
    this.options.onTransaction?.(timing, objects.length, batchRows);
    if (this.options.deleteAfter === true) {
      await this.remove(toDelete);
      if (this.leftovers.length > 0) await this.removeLeftovers();
    }
    this.options.onProgress?.({
      filesDone: this.done.files,
      filesPlanned: this.plan.files,
      bytesDone: this.done.bytes,
      bytesPlanned: this.plan.bytes,
      isPlanned: this.plan.isComplete,
    });
  }

  private async removeLeftovers(): Promise<void> {
    const objects = this.leftovers;
    this.leftovers = [];
    await this.remove(objects);
  }

  /** Only ever called for what is committed. */
  private async remove(objects: readonly LogObject[]): Promise<void> {
    const removed: Buffer[] = [];
    await Promise.all(
      objects.map((object) =>
        this.deletions(async () => {
          const outcome = await this.removeOne(object);
          if (outcome) removed.push(objectName(object.relativePath).hash);
        }),
      ),
    );
    if (removed.length === 0) return;
    this.report.objects.deleted += removed.length;
    await this.session.run('note what was deleted', (client) =>
      client.query(
        'UPDATE s3_log_objects SET deleted_at = now() WHERE name_hash = ANY ($1::bytea[])',
        [removed],
      ),
    );
  }

  private async removeOne(object: LogObject): Promise<boolean> {
    try {
      const outcome = await this.options.source.remove(object);
      if (outcome === 'changed') {
        this.options.onWarning?.(
          `${displayPath(object.path)}: it is no longer what was collected, so it is not deleted`,
        );
      }
      if (typeof outcome === 'object') {
        this.options.onWarning?.(
          `${displayPath(object.path)}: it could not be deleted (${outcome.failed})`,
        );
      }
      return outcome === 'removed';
    } catch (error) {
      if (error instanceof S3LogExtractionError) throw error;
      const why = systemErrorCode(error) ?? 'the source refuses it';
      this.options.onWarning?.(`${displayPath(object.path)}: it could not be deleted (${why})`);
      return false;
    }
  }
}
