import type { PipelineHandler } from '../../cache/commit-record.js';
import { Ledger } from '../../cache/ledger.js';
import { LockLostError } from '../../cache/lock.js';
import type { WritableCache } from '../../cache/open-cache.js';
import { requireOwnFolders } from '../../cache/own-file.js';
import type { CachePaths } from '../../cache/paths.js';
import { agreeOnMode } from '../../cache/shards/shard-mode.js';
import type { PipelineDefinition } from '../pipeline/pipeline-file.js';
import type { ExtractOptions } from './extract-options.js';
import { Extraction } from './extraction.js';
import { type ExtractionMode, extractionMode, requireMode } from './extraction-mode.js';
import { LookAhead } from './look-ahead.js';
import { endListing, limitOf, listedReport, openPlan } from './open-plan.js';
import type { NewFile } from './plan-files.js';
import { type ExtractionReport, emptyReport, type ListedReport } from './report.js';
import { ExtractionWorker } from './worker-pool.js';
import { WorkerThreads } from './worker-threads.js';

export type {
  ExtractionProgress,
  ExtractOptions,
  GivenFiles,
  SourceInventory,
} from './extract-options.js';

const PROGRESS_MS = 250;

/**
 * Extract all log files below a folder that the cache does not hold yet.
 *
 * What is committed stays, however the run ends; whatever was not is read again by the next run.
 *
 * @throws {SourceNotFoundError}
 * @throws {OtherModeError}
 * @throws {AddressExpressionError}
 * @throws {CacheWriteError} and other failures of the cache
 */
export async function extractLogs(
  cache: WritableCache,
  options: ExtractOptions,
): Promise<ExtractionReport> {
  const startedAt = performance.now();
  const report = emptyReport();
  const { given } = options;
  const mode = modeOf(cache, options.mode);
  if (options.skippedAddresses !== undefined) {
    const { addressExpression } = await import('./address-filter.js');
    addressExpression(options.skippedAddresses);
  }
  // Loaded here, too: what is wrong with it is told before anything is read.
  const pipeline = options.pipeline && (await describePipeline(options.pipeline));
  // Its index is written by whoever writes alone.
  const ledger = await Ledger.open(cache.paths, cache.isShard === true ? undefined : cache.lock);
  const { plan, listing, source, bucket } = await openPlan(cache.paths, ledger, report, options);
  const limit = limitOf(options);
  const ahead = new LookAhead(plan, limit, () => endListing(bucket, options, ahead));
  const counters = new BigInt64Array(new SharedArrayBuffer(8 * options.workers));
  const stopFlag = new Int32Array(new SharedArrayBuffer(4));
  const workers = startWorkers(cache, mode, options, counters, stopFlag);
  const shouldStop = (): boolean => {
    if (options.shouldStop?.() !== true) return false;
    Atomics.store(stopFlag, 0, 1);
    plan.stop();
    return true;
  };
  const progress = (): void => {
    shouldStop();
    options.onProgress?.({
      filesDone: extraction.filesRead + report.files.failed,
      filesPlanned: ahead.planned.files,
      bytesDone: Number(counters.reduce((sum, count) => sum + count, 0n)),
      bytesPlanned: ahead.planned.bytes,
      isPlanned: ahead.isComplete,
    });
  };
  const timer = setInterval(progress, PROGRESS_MS);
  const warn = (message: string): void => options.onWarning?.(message);
  const extraction = new Extraction({
    cache,
    ledger,
    source,
    mode,
    report,
    shouldStop,
    bucket,
    pipeline,
    refusesNonLogs: given !== undefined,
    observer: {
      committed: (files, rejected) => {
        bucket?.committed(files, rejected);
        for (const [i, file] of files.entries()) given?.committed(file, rejected[i]);
      },
      failed: (path, reason, file) => {
        if (given === undefined) warn(`Could not extract ${path}: ${reason}.`);
        else given.failed(file, reason);
      },
      notALog: (path) => warn(`Not a log: every line of ${path} was rejected.`),
    },
  });
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await ahead.return();
    ledger.close();
    bucket?.close();
    await Promise.all(workers.map((worker) => worker.close()));
  };
  try {
    const room = (): number => limit - report.files.extracted;
    do {
      await extraction.run(workers, ahead);
      // Copies of files that were in hand: compared now, or read if the first could not be.
      while (plan.remainingCount > 0 && !report.stopped) {
        await extraction.run(workers, atMost(room(), plan.remaining()));
      }
    } while (!report.stopped && !plan.isStopped && ahead.nextPass(room()));
    if (plan.isStopped && !plan.isComplete) report.stopped = true;
    await bucket?.settle();
    if (bucket !== undefined) report.bucket = bucket.report();
    finishLedger(ledger, warn);
    progress();
  } catch (error) {
    if (pipeline !== undefined) {
      await Promise.all(workers.map((worker) => worker.settle(undefined, false)));
    }
    // What was committed until then may go all the same; the first failure is the one that is told.
    await bucket?.settle().catch(() => undefined);
    await close();
    removeUnfinished(cache);
    throw error;
  }
  await close();
  if (listing !== undefined) report.listed = listedReport(listing, warn);
  report.elapsedMs = Math.round(performance.now() - startedAt);
  return report;
}

/** The mode of the run, on which all shards agree. @throws {OtherModeError} */
function modeOf({ paths, isShard }: WritableCache, asked: ExtractionMode | undefined) {
  const mode = extractionMode(paths, asked);
  return isShard === true ? requireMode(paths, agreeOnMode(paths, mode), mode) : mode;
}

/** The index of the ledger is derived: that it cannot be written is no failure of what was extracted. */
function finishLedger(ledger: Ledger, warn: (message: string) => void): void {
  try {
    ledger.finish();
  } catch (error) {
    if (error instanceof LockLostError) throw error;
    warn('The index of known log files could not be written; the next run makes it.');
  }
}

async function describePipeline(
  definition: PipelineDefinition,
): Promise<PipelineHandler[] | undefined> {
  const { loadHandlers } = await import('../pipeline/load-handlers.js');
  const { description } = await loadHandlers(definition);
  return description.length === 0 ? undefined : [...description];
}

/** Give the disk back at once what a failed run wrote: it may have failed for lack of space. */
function removeUnfinished(cache: WritableCache): void {
  try {
    cache.lock.assertHeld();
    cache.removeUnfinished();
  } catch {
    // The next writer does it (cache/FORMAT.md W3); why the run failed matters more.
  }
}

/** What a run would read. */
export interface ExtractionPlan {
  readonly files: { found: number; known: number; new: number; failed: number };
  /** Stored bytes of the new files. */
  readonly bytes: number;
  readonly listed?: ListedReport;
  /** Objects of a bucket that are left for a later run: too new. */
  readonly held?: number;
}

/**
 * Find out what {@link extractLogs} would do, without a key or a lock, changing nothing.
 *
 * @param paths of a cache that need not exist
 * @throws {SourceNotFoundError}
 */
export async function planExtraction(
  paths: CachePaths,
  options: Pick<
    ExtractOptions,
    'source' | 'bucket' | 'inventory' | 'limit' | 'shard' | 'onWarning'
  >,
): Promise<ExtractionPlan> {
  requireOwnFolders(paths);
  const report = emptyReport();
  const ledger = await Ledger.open(paths);
  const { deleteAfter: _, ...bucketOptions } = options.bucket ?? {};
  const { plan, listing, bucket } = await openPlan(paths, ledger, report, {
    ...options,
    bucket: bucketOptions,
  });
  const limit = limitOf(options);
  let count = 0;
  let bytes = 0;
  // What waits has the name of a file that would be read: a copy, unless that one turns out unreadable.
  let copies = 0;
  while (!plan.isComplete) {
    for (let file = await plan.next(); file !== undefined; file = await plan.next()) {
      if (count >= limit) continue;
      count++;
      bytes += file.sizeBytes;
      if (bucket !== undefined && count >= (options.bucket?.maxFiles ?? Infinity)) {
        bucket.listing.isEnough = true;
      }
    }
    copies += plan.forgetRemaining();
  }
  ledger.close();
  bucket?.close();
  const { found, failed } = report.files;
  const known = report.files.known + copies;
  const files = { found, known, new: count, failed };
  if (bucket !== undefined) return { files, bytes, held: bucket.listing.held };
  if (listing === undefined) return { files, bytes };
  return { files, bytes, listed: listedReport(listing, (message) => options.onWarning?.(message)) };
}

/** The first of some files; the others are looked at all the same, so that what is known is counted. */
async function* atMost(count: number, files: AsyncIterable<NewFile>): AsyncGenerator<NewFile> {
  let taken = 0;
  for await (const file of files) if (taken++ < count) yield file;
}

function startWorkers(
  cache: WritableCache,
  mode: ExtractionMode,
  options: ExtractOptions,
  progress: BigInt64Array,
  stopFlag: Int32Array,
): ExtractionWorker[] {
  const { workers: count, threads = new WorkerThreads(0), skippedAddresses, given } = options;
  const onLog = (level: 'info' | 'warning', message: string): void => {
    if (level === 'info') options.onNote?.(message);
    else options.onWarning?.(message);
  };
  // What all workers hold together stays within some hundred megabytes (invariant I7).
  const limits = {
    // Just below a power of two, at which tables double. Twice as many take a tenth less space on disk, and
    // a tenth more time: memory used for the first time is what costs.
    rows: Math.max(1 << 15, Math.floor(1e6 / Math.max(2, count))),
    keyBytes: Math.max(4 << 20, Math.min(64 << 20, Math.floor((128 << 20) / count))),
  };
  return Array.from(
    { length: count },
    (_, index) =>
      new ExtractionWorker(
        {
          index,
          segmentsFolder: cache.paths.segments,
          sealingKey: Uint8Array.from(cache.key),
          limits,
          mode,
          skippedAddresses,
          refusesNonLogs: given !== undefined,
          pipeline: options.pipeline?.handlers.length === 0 ? undefined : options.pipeline,
          progress,
          stopFlag,
        },
        threads,
        onLog,
      ),
  );
}
