import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { S3LogExtractionError } from '../../cache/error.js';
import { removeGarbage } from '../../cache/garbage.js';
import { Ledger } from '../../cache/ledger.js';
import { LockLostError } from '../../cache/lock.js';
import type { WritableCache } from '../../cache/open-cache.js';
import { requireOwnFolders } from '../../cache/own-file.js';
import type { CachePaths } from '../../cache/paths.js';
import type { ListedFilesAccount } from '../source/inventory/listed-files.js';
import type { Inventory } from '../source/inventory/open-inventory.js';
import { logFileName } from '../source/log-name.js';
import { displayPath, logPath } from '../source/log-path.js';
import { requireSource } from '../source/require-source.js';
import { Extraction } from './extraction.js';
import { type ExtractionMode, extractionMode } from './extraction-mode.js';
import { LookAhead } from './look-ahead.js';
import { FilePlan, type NewFile, type PlanObserver } from './plan-files.js';
import { type ExtractionReport, emptyReport, type ListedReport } from './report.js';
import { ExtractionWorker } from './worker-pool.js';
import { WorkerThreads } from './worker-threads.js';

/** How far a run is. Totals are lower bounds until `isPlanned`. */
export interface ExtractionProgress {
  readonly filesDone: number;
  readonly filesPlanned: number;
  /** Stored bytes. */
  readonly bytesDone: number;
  readonly bytesPlanned: number;
  readonly isPlanned: boolean;
}

export interface ExtractOptions {
  /** Folder with log files (or one file). */
  readonly source: string;
  /** Worker threads, at least 1. */
  readonly workers: number;
  /** Threads started in advance, if any; whoever started them closes them. */
  readonly threads?: WorkerThreads | undefined;
  /** Default: that of the commits there are, else `generic`. */
  readonly mode?: ExtractionMode | undefined;
  /** Expression (RE2) for addresses, as text, whose records are not kept. */
  readonly skippedAddresses?: string | undefined;
  /** Names of the only files to extract; default: all. */
  readonly only?: ReadonlySet<string> | undefined;
  /** What lists the files to extract; without it all files below the source are. */
  readonly inventory?: SourceInventory | undefined;
  /** New files to extract at most. */
  readonly limit?: number;
  /** Something a person should know that ends nothing: a file that cannot be read, for example. */
  readonly onWarning?: (message: string) => void;
  /** Called a few times a second. */
  readonly onProgress?: (progress: ExtractionProgress) => void;
  /** Asked often; true ends the run as soon as the files in hand are committed. */
  readonly shouldStop?: () => boolean;
}

/** An inventory of the bucket that the source is a copy of. */
export interface SourceInventory {
  readonly inventory: Inventory;
  /** Folder in the bucket that the source is a copy of; default: the whole bucket. */
  readonly prefix?: string | undefined;
}

/** The folder to extract is (in) the cache. */
export class SourceInCacheError extends S3LogExtractionError {
  constructor(source: string, cache: string) {
    super('SOURCE_IN_CACHE', `Could not extract ${source}: it belongs to the cache ${cache}.`, {
      hint: 'Name the folder that holds the raw logs.',
    });
  }
}

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
  const source = resolve(options.source);
  const report = emptyReport();
  const mode = extractionMode(cache.paths, options.mode);
  if (options.skippedAddresses !== undefined) {
    const { addressExpression } = await import('./address-filter.js');
    addressExpression(options.skippedAddresses);
  }
  const ledger = await Ledger.open(cache.paths, cache.lock);
  const { plan, listing } = await openPlan(source, cache.paths, ledger, report, options);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  const ahead = new LookAhead(plan, limit);
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
    observer: {
      failed: (path, reason) => warn(`Could not extract ${path}: ${reason}.`),
      notALog: (path) => warn(`Not a log: every line of ${path} was rejected.`),
    },
  });
  const close = async (): Promise<void> => {
    clearInterval(timer);
    await ahead.return();
    ledger.close();
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
    finishLedger(ledger, warn);
    progress();
  } catch (error) {
    await close();
    removeUnfinished(cache);
    throw error;
  }
  await close();
  if (listing !== undefined) report.listed = listedReport(listing, warn);
  report.elapsedMs = Math.round(performance.now() - startedAt);
  return report;
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

/** Give the disk back at once what a failed run wrote: it may have failed for lack of space. */
function removeUnfinished({ paths, lock }: WritableCache): void {
  try {
    lock.assertHeld();
    removeGarbage(paths, lock.token);
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
}

/**
 * Find out what {@link extractLogs} would do, without a key or a lock, changing nothing.
 *
 * @param paths of a cache that need not exist
 * @throws {SourceNotFoundError}
 */
export async function planExtraction(
  paths: CachePaths,
  options: Pick<ExtractOptions, 'source' | 'inventory' | 'limit' | 'onWarning'>,
): Promise<ExtractionPlan> {
  requireOwnFolders(paths);
  const report = emptyReport();
  const ledger = await Ledger.open(paths);
  const { plan, listing } = await openPlan(resolve(options.source), paths, ledger, report, options);
  const limit = options.limit ?? Number.POSITIVE_INFINITY;
  let count = 0;
  let bytes = 0;
  // What waits has the name of a file that would be read: a copy, unless that one turns out unreadable.
  let copies = 0;
  while (!plan.isComplete) {
    for (let file = await plan.next(); file !== undefined; file = await plan.next()) {
      if (count >= limit) continue;
      count++;
      bytes += file.sizeBytes;
    }
    copies += plan.forgetRemaining();
  }
  ledger.close();
  const { found, failed } = report.files;
  const known = report.files.known + copies;
  const files = { found, known, new: count, failed };
  if (listing === undefined) return { files, bytes };
  return { files, bytes, listed: listedReport(listing, (message) => options.onWarning?.(message)) };
}

/** An inventory, and what going through it shows. */
interface Listing {
  readonly inventory: Inventory;
  readonly account: ListedFilesAccount;
}

/** Tell what is missing and what could not be read of the inventory. */
function listedReport(
  { inventory, account }: Listing,
  warn: (message: string) => void,
): ListedReport {
  const { files, missing, extractedAndGone, leftOut, rows } = account;
  const missingNames = account.missingNames.map(displayPath);
  for (const name of missingNames) warn(`Listed in the inventory, but not there: ${name}.`);
  if (missing > missingNames.length) {
    warn(`${missing - missingNames.length} more that the inventory lists are not there.`);
  }
  for (const { file, row, reason } of rows.places) {
    warn(`Row ${row} of ${JSON.stringify(file)} in the inventory does not count: ${reason}.`);
  }
  const defects = { ...rows.defectReasons };
  return { run: inventory.run, files, missing, missingNames, extractedAndGone, leftOut, defects };
}

async function openPlan(
  source: string,
  paths: CachePaths,
  ledger: Ledger,
  report: ExtractionReport,
  options: Pick<ExtractOptions, 'onWarning' | 'only' | 'inventory'>,
): Promise<{ readonly plan: FilePlan; readonly listing: Listing | undefined }> {
  requireSource(source);
  requireOutsideCache(source, paths);
  const observer: PlanObserver = {
    found: () => report.files.found++,
    known: () => report.files.known++,
    failed: (path, reason) => {
      report.files.failed++;
      options.onWarning?.(`Could not extract ${path}: ${reason}.`);
    },
    warning: (message) => options.onWarning?.(message),
  };
  const root = logPath(source);
  const { only } = options;
  if (options.inventory === undefined) {
    const plan = new FilePlan(root, isCacheFolder(paths), ledger, observer, undefined, only);
    return { plan, listing: undefined };
  }
  const { ListedFilesAccount, listedFiles } = await import('../source/inventory/listed-files.js');
  const { inventory, prefix } = options.inventory;
  const account = new ListedFilesAccount();
  const entries = listedFiles(root, inventory, {
    prefix,
    isKnown: (path) => {
      const name = logFileName(path);
      // The first answers without a look at the disk; the second knows what this run has planned.
      return ledger.mayKnow(name) || ledger.lookUp(name, 0, 0) !== 'new';
    },
    account,
  });
  // No file of a cache is named as logs are, so none is among them.
  const plan = new FilePlan(root, () => false, ledger, observer, undefined, only, entries);
  return { plan, listing: { inventory, account } };
}

/** The cache's own files are no logs. @throws {SourceInCacheError} */
export function requireOutsideCache(source: string, paths: CachePaths): void {
  if (!existsSync(paths.root)) return;
  const path = relative(realpathSync(paths.root), realpathSync(source));
  if (path === '' || !(path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))) {
    throw new SourceInCacheError(source, paths.root);
  }
}

/** The first of some files; the others are looked at all the same, so that what is known is counted. */
async function* atMost(count: number, files: AsyncIterable<NewFile>): AsyncGenerator<NewFile> {
  let taken = 0;
  for await (const file of files) if (taken++ < count) yield file;
}

/** The cache may stand below the logs; its files are no logs. */
export function isCacheFolder(paths: CachePaths): (stats: Stats) => boolean {
  const cache = statSync(paths.root, { throwIfNoEntry: false });
  return (stats) => cache !== undefined && stats.dev === cache.dev && stats.ino === cache.ino;
}

function startWorkers(
  cache: WritableCache,
  mode: ExtractionMode,
  { workers: count, threads = new WorkerThreads(0), skippedAddresses }: ExtractOptions,
  progress: BigInt64Array,
  stopFlag: Int32Array,
): ExtractionWorker[] {
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
          progress,
          stopFlag,
        },
        threads,
      ),
  );
}
