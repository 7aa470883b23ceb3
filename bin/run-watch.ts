import { availableParallelism } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';
import { fileAccessError, type S3LogExtractionError } from '../cache/error.js';
import { InternalError } from '../cache/internal-error.js';
import { CacheLockedError, describeOwner } from '../cache/lock.js';
import { openCacheForWriting, type WritableCache } from '../cache/open-cache.js';
import { isStopRequested } from '../cache/stop-request.js';
import { rememberSpool } from '../cache/watched-spools.js';
import type { GivenNames } from '../src/datasets/names-file.js';
import type { ExtractionMode } from '../src/extract/extraction-mode.js';
import { WorkerThreads } from '../src/extract/worker-threads.js';
import type { PipelineDefinition } from '../src/pipeline/pipeline-file.js';
import { ExcerptStore } from '../src/spool/excerpt-store.js';
import { Excerpts } from '../src/spool/excerpts.js';
import { RemoteStore, type StorageSettings, storageSettings } from '../src/spool/remote-store.js';
import { emptyTally } from '../src/spool/scan-spool.js';
import { openSpool, type Spool } from '../src/spool/spool.js';
import { lookAtSpool, type RoundReport, takeSpool } from '../src/spool/take-spool.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatBytes, formatCount, formatElapsed, plural } from './format.js';
import type { HealthFile } from './health-file.js';
import { skippedAddresses } from './run-extraction.js';
import type { ServiceLog } from './service-log.js';
import { SpoolEvents } from './spool-events.js';
import { type StopSignals, watchStopSignals } from './stop-signals.js';

export interface WatchOptions {
  readonly spool: string;
  readonly cacheDirectory: string;
  readonly env: NodeJS.ProcessEnv;
  readonly workers: number;
  readonly mode: ExtractionMode | undefined;
  readonly pipeline: PipelineDefinition | undefined;
  readonly intervalMs: number;
  readonly settleMs: number;
  /** One round, then the end. */
  readonly isOnce: boolean;
  /** Bring the summaries up to date after rounds in which something came. */
  readonly publishes: boolean;
  /** Names of datasets, in place of those that the cache has. */
  readonly names: GivenNames | undefined;
  /** Keep excerpts of rejected lines, also at a store where the environment names one. */
  readonly keepsExcerpts: boolean;
}

/** How often it is asked whether to stop, and whether the cache is free. */
const LOOK_MS = 100;
const CACHE_LOOK_MS = 500;

/**
 * Watch a spool until it is asked to stop. The cache is open, and locked, only while something is taken from the spool or published; a
 * failure ends one round only.
 *
 * @returns the exit status
 * @throws {StorageSettingsError} @throws {SpoolLockedError} @throws {SpoolFolderError} and what is wrong with the cache, or its key, from the beginning
 */
export async function watchSpool(
  options: WatchOptions,
  log: ServiceLog,
  health: HealthFile,
): Promise<number> {
  const { keepsExcerpts } = options;
  const storage = keepsExcerpts ? storageSettings(options.env) : undefined;
  const spool = openSpool(options.spool, options.cacheDirectory, keepsExcerpts);
  const { token } = spool.lock;
  const signals = watchStopSignals(spool.paths, token, () =>
    log.note('Stopping: the files in hand are finished first. Signal again to leave at once.'),
  );
  try {
    const watch = new Watch(options, spool, signals, log, health);
    if (keepsExcerpts) watch.keepExcerpts(storage);
    return await watch.run();
  } finally {
    signals.close();
    spool.close();
  }
}

class Watch {
  private readonly events: SpoolEvents;
  /** The cache's own stop was asked for, while a round held it. */
  private isStopped = false;
  /** Whether something is in the cache that may not be published yet: what an earlier process left to do is not known. */
  private isPublicationDue: boolean;
  private nextInMs: number | undefined;
  private names: GivenNames | undefined;
  /** When logs were last extracted, by `performance.now()`. */
  private lastTakenMs = Number.NEGATIVE_INFINITY;
  private excerpts: Excerpts | undefined;

  constructor(
    private readonly options: WatchOptions,
    private readonly spool: Spool,
    private readonly signals: StopSignals,
    private readonly log: ServiceLog,
    private readonly health: HealthFile,
  ) {
    this.events = new SpoolEvents(spool.paths.root);
    this.isPublicationDue = options.publishes;
    this.names = options.names;
  }

  /** @param storage undefined: they stay in the spool */
  keepExcerpts(storage: StorageSettings | undefined): void {
    const { shouldStop } = this;
    const onWarning = (message: string): void => this.log.warn(message);
    const remote = storage === undefined ? undefined : new RemoteStore(storage);
    const { paths } = this.spool;
    const store = new ExcerptStore(paths, { remote, onWarning, shouldStop });
    this.excerpts = new Excerpts(paths, store, onWarning);
  }

  async run(): Promise<number> {
    const { isOnce } = this.options;
    // Makes the cache and checks the key: what is wrong with them is better known now than when the first log comes.
    const first = await this.openCache();
    if (first === undefined) return EXIT_STATUS.done.status;
    try {
      rememberSpool(first.paths, first.lock, this.spool.paths.root);
    } finally {
      first.close();
    }
    this.log.note(`Watching ${this.spool.paths.root}.`);
    try {
      for (;;) {
        const status = await this.round();
        if (isOnce) return status;
        await this.rest();
        if (this.shouldStop()) break;
      }
    } finally {
      this.events.close();
    }
    this.log.note('Stopped as asked; the next start goes on from here.');
    return EXIT_STATUS.done.status;
  }

  private readonly shouldStop = (): boolean => this.isStopped || this.signals.shouldStop();

  /** @returns the exit status that it would be */
  private async round(): Promise<number> {
    const { health } = this.health;
    health.round++;
    // Another host may have taken over while this one was suspended.
    this.spool.lock.assertHeld();
    try {
      const status = await this.look();
      health.lastError = null;
      return status;
    } catch (error) {
      const failure = fileAccessError(error) ?? new InternalError('watching a spool', error);
      return this.tellFailure(failure);
    } finally {
      this.health.enter('idle');
    }
  }

  private tellFailure({ code, message, hint, exitCode }: S3LogExtractionError): number {
    const { health } = this.health;
    const isNews = health.lastError?.message !== message;
    health.lastError = { time: new Date().toISOString(), code, message };
    if (isNews) this.log.error(`${message} ${hint ?? ''} [${code}]`, { code });
    this.log.json({ round: health.round, error: { code, message, hint: hint ?? null } });
    return exitCode;
  }

  private async look(): Promise<number> {
    const { settleMs, cacheDirectory } = this.options;
    const scan = {
      settleMs,
      cacheRoot: cacheDirectory,
      onWarning: (message: string) => this.log.warn(message),
      onNote: (message: string) => this.log.note(message),
    };
    this.events.forget();
    const { isDue, tally } = await lookAtSpool(this.spool, scan);
    this.events.follow(tally.folders);
    this.nextInMs = tally.nextInMs;
    if (!isDue) this.tellScan(tally, 0);
    if (!isDue && !this.isPublicationDue) return EXIT_STATUS.done.status;
    return this.withCache(scan, isDue);
  }

  private async withCache(
    scan: Parameters<typeof lookAtSpool>[1],
    isDue: boolean,
  ): Promise<number> {
    const { workers, mode, env, pipeline } = this.options;
    const threads = new WorkerThreads(isDue ? Math.min(workers, availableParallelism()) : 0);
    let cache: WritableCache | undefined;
    try {
      cache = await this.openCache();
      if (cache === undefined) return EXIT_STATUS.done.status;
      const { paths, lock } = cache;
      let status: number = EXIT_STATUS.done.status;
      if (isDue) {
        this.health.enter('extracting');
        const tally = emptyTally();
        const report = await takeSpool(cache, this.spool, {
          ...scan,
          tally,
          workers,
          threads,
          mode,
          pipeline,
          skippedAddresses: await skippedAddresses(cache, env),
          excerpts: this.excerpts,
          shouldStop: () => this.shouldStop() || isStopRequested(paths, lock.token),
        });
        status = this.tell(report);
        this.events.follow(tally.folders);
        this.nextInMs = tally.nextInMs;
      }
      this.isStopped ||= isStopRequested(paths, lock.token);
      if (this.isPublicationDue && !this.shouldStop()) await this.publish(cache);
      this.isStopped ||= isStopRequested(paths, lock.token);
      return status;
    } finally {
      // First, since a lock that cannot be given back on a full disk must not leave them behind.
      await threads.close();
      cache?.close();
    }
  }

  /** Waits for whoever writes to the cache. @returns undefined when it is asked to stop meanwhile */
  private async openCache(): Promise<WritableCache | undefined> {
    const { cacheDirectory, env } = this.options;
    for (let isNews = true; ; isNews = false) {
      if (this.shouldStop()) return undefined;
      try {
        return await openCacheForWriting(cacheDirectory, { command: 'watch', env });
      } catch (error) {
        if (!(error instanceof CacheLockedError)) throw error;
        if (isNews) {
          this.health.enter('waiting');
          const owner = describeOwner(error.owner);
          this.log.note(`Waiting: the cache ${cacheDirectory} is being written by ${owner}.`);
        }
        await wait(CACHE_LOOK_MS);
      }
    }
  }

  private async publish(cache: WritableCache): Promise<void> {
    this.health.enter('publishing');
    const { runSummaries, withStages } = await import('./stages.js');
    const { settleDatasets } = await import('./dataset-rule.js');
    const { stopped } = await withStages(cache, this.log, async (stage) => {
      const mode = await settleDatasets(stage, { mode: undefined, names: this.names });
      // Kept in the cache from here on.
      this.names = undefined;
      return runSummaries(stage, { mode });
    });
    this.isPublicationDue = stopped;
  }

  private tell(report: RoundReport): number {
    const { health } = this.health;
    const { extracted, lines, archived, repeated, left, scan, bytes, elapsedMs } = report;
    const failed = Object.values(report.failed).reduce((sum, count) => sum + count, 0);
    health.counts.extracted += extracted;
    health.counts.archived += archived;
    health.counts.repeated += repeated;
    health.counts.failed += failed;
    health.counts.linesKept += lines.kept;
    health.counts.linesRejected += lines.rejected;
    this.tellScan(scan, left);
    if (extracted > 0) {
      health.lastExtraction = new Date().toISOString();
      this.lastTakenMs = performance.now();
      this.isPublicationDue = this.options.publishes;
    }
    const kept = report.excerpts?.lines ?? 0;
    const excerpts = kept === 0 ? '' : `; excerpts of ${plural(kept, 'rejected line')}`;
    this.log.note(
      `Round ${health.round}: ${plural(extracted, 'log file')} (${formatBytes(bytes)}) extracted in ${formatElapsed(elapsedMs)}; ${formatCount(archived)} archived, ${formatCount(failed)} failed, ${formatCount(repeated)} repeated, ${formatCount(left)} left; lines: ${formatCount(lines.total)} = ${formatCount(lines.kept)} kept + ${formatCount(lines.skipped)} skipped + ${formatCount(lines.rejected)} rejected${excerpts}.`,
    );
    this.log.json({ round: health.round, ...report });
    return failed + left > 0 ? EXIT_STATUS.partial.status : EXIT_STATUS.done.status;
  }

  private tellScan({ waiting, leftAlone, unreadable, emptied }: RoundReport['scan'], left: number) {
    const { spool, counts } = this.health.health;
    Object.assign(spool, { waiting, leftAlone, unreadable, left });
    counts.emptied += emptied;
  }

  /**
   * Until the next round is due: after the interval, or once what has come or waits may have settled. Logs are extracted once in an
   * interval at most, since each time makes a commit, and commits are for ever.
   */
  private async rest(): Promise<void> {
    const { intervalMs, settleMs } = this.options;
    const from = performance.now();
    while (!this.shouldStop()) {
      const { lastMs } = this.events;
      const now = performance.now();
      if (now - from >= intervalMs) return;
      const isSettled = lastMs !== undefined && now - lastMs >= settleMs + LOOK_MS;
      const isRipe = this.nextInMs !== undefined && now - from >= this.nextInMs + LOOK_MS;
      if ((isSettled || isRipe) && now - this.lastTakenMs >= intervalMs) return;
      await wait(LOOK_MS);
    }
  }
}
