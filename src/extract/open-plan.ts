import { existsSync, realpathSync, type Stats, statSync } from 'node:fs';
import { isAbsolute, relative, resolve, sep } from 'node:path';
import { S3LogExtractionError } from '../../cache/error.js';
import type { Ledger } from '../../cache/ledger.js';
import type { CachePaths } from '../../cache/paths.js';
import { isBucketUrl } from '../source/bucket/bucket-url.js';
import type { ListedFilesAccount } from '../source/inventory/listed-files.js';
import type { Inventory } from '../source/inventory/open-inventory.js';
import { logFileName } from '../source/log-name.js';
import { displayPath, logPath } from '../source/log-path.js';
import { requireSource } from '../source/require-source.js';
import { isSpool } from '../spool/spool-paths.js';
import type { BucketSource } from './bucket-source.js';
import type { ExtractOptions } from './extract-options.js';
import type { LookAhead } from './look-ahead.js';
import { type FileChoice, FilePlan, type PlanObserver } from './plan-files.js';
import type { ExtractionReport, ListedReport } from './report.js';

/** The inventory of a bucket says which files of a copy are read; a bucket lists itself. */
export class BucketInventoryError extends S3LogExtractionError {
  constructor() {
    super(
      'BUCKET_WITH_INVENTORY',
      'Could not extract a bucket by an inventory: that is for folders that are copies of one.',
      { hint: 'Leave --inventory out; a bucket is listed page by page.' },
      2,
    );
  }
}

/** The folder to extract is (in) the cache. */
export class SourceInCacheError extends S3LogExtractionError {
  constructor(source: string, cache: string) {
    super('SOURCE_IN_CACHE', `Could not extract ${source}: it belongs to the cache ${cache}.`, {
      hint: 'Name the folder that holds the raw logs.',
    });
  }
}

/** The folder to extract is a spool. */
export class SourceIsSpoolError extends S3LogExtractionError {
  constructor(source: string) {
    super('SOURCE_IS_SPOOL', `Could not extract ${source}: it is a spool.`, {
      hint: 'Use "s3logextraction watch" for what arrives there. What it has taken is in archive/ below it, which can be extracted, into another cache for example.',
    });
  }
}

/** An inventory, and what going through it shows. */
export interface Listing {
  readonly inventory: Inventory;
  readonly account: ListedFilesAccount;
}

/** Tell what is missing and what could not be read of the inventory. */
export function listedReport(
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

/** What is to be read, and from where. */
export interface OpenPlan {
  readonly plan: FilePlan;
  /** For the commits to tell. */
  readonly source: string;
  readonly listing: Listing | undefined;
  readonly bucket: BucketSource | undefined;
}

/**
 * Find out what there is to read, as it is asked for.
 *
 * @throws {SourceNotFoundError} @throws {SourceInCacheError} @throws {BucketInventoryError} @throws {BucketUrlError}
 */
export async function openPlan(
  paths: CachePaths,
  ledger: Ledger,
  report: ExtractionReport,
  options: Pick<
    ExtractOptions,
    'source' | 'bucket' | 'onWarning' | 'only' | 'inventory' | 'given' | 'shard'
  >,
): Promise<OpenPlan> {
  const { given } = options;
  const choice = await choiceOf(options);
  const isBucket = isBucketUrl(options.source);
  const source = isBucket ? options.source : resolve(options.source);
  if (!isBucket) {
    requireSource(source);
    requireOutsideCache(source, paths);
    requireNoSpool(source);
  }
  const observer: PlanObserver = {
    found: () => report.files.found++,
    known: (file) => {
      report.files.known++;
      given?.known(file);
    },
    failed: (path, reason) => {
      report.files.failed++;
      // Who hands files over is told in another way.
      if (given === undefined) options.onWarning?.(`Could not extract ${path}: ${reason}.`);
    },
    warning: (message) => options.onWarning?.(message),
    refused: (file, why, reason) => {
      if (why === 'different') given?.changed(file, reason);
      else given?.failed(file, reason);
    },
  };
  if (isBucket) {
    if (options.inventory !== undefined) throw new BucketInventoryError();
    const { BucketSource } = await import('./bucket-source.js');
    const warn = (message: string): void => options.onWarning?.(message);
    const bucket = await BucketSource.open(source, options.bucket ?? {}, ledger, warn);
    const plan = new FilePlan(
      logPath(bucket.root),
      () => false,
      ledger,
      observer,
      undefined,
      choice,
      bucket.entries(),
      bucket.compare,
      bucket.known,
    );
    return { plan, source: bucket.root, listing: undefined, bucket };
  }
  const root = logPath(source);
  if (given !== undefined) {
    const entries = given.entries();
    const plan = new FilePlan(root, () => false, ledger, observer, undefined, choice, entries);
    return { plan, source, listing: undefined, bucket: undefined };
  }
  if (options.inventory === undefined) {
    const plan = new FilePlan(root, isCacheFolder(paths), ledger, observer, undefined, choice);
    return { plan, source, listing: undefined, bucket: undefined };
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
  const plan = new FilePlan(root, () => false, ledger, observer, undefined, choice, entries);
  return { plan, source, listing: { inventory, account }, bucket: undefined };
}

/** The log files to be looked at; undefined: all. */
async function choiceOf({
  only,
  shard,
}: Pick<ExtractOptions, 'only' | 'shard'>): Promise<FileChoice | undefined> {
  if (only !== undefined) return { has: (name) => only.has(name), isOfNames: true };
  if (shard === undefined) return undefined;
  const { shardOf } = await import('../../cache/shards/shard-of.js');
  const { index, count } = shard;
  return { has: (name) => shardOf(name, count) === index, isOfNames: false };
}

/** What is in a spool is taken by `watch`: logs that failed there, or are still arriving, are not to be read by the way. @throws {SourceIsSpoolError} */
function requireNoSpool(source: string): void {
  if (isSpool(source)) throw new SourceIsSpoolError(source);
}

/** The cache's own files are no logs. @throws {SourceInCacheError} */
export function requireOutsideCache(source: string, paths: CachePaths): void {
  if (!existsSync(paths.root)) return;
  const path = relative(realpathSync(paths.root), realpathSync(source));
  if (path === '' || !(path === '..' || path.startsWith(`..${sep}`) || isAbsolute(path))) {
    throw new SourceInCacheError(source, paths.root);
  }
}

/** The cache may stand below the logs; its files are no logs. */
export function isCacheFolder(paths: CachePaths): (stats: Stats) => boolean {
  const cache = statSync(paths.root, { throwIfNoEntry: false });
  return (stats) => cache !== undefined && stats.dev === cache.dev && stats.ino === cache.ino;
}

/** New files to read at most. */
export function limitOf({ limit, bucket }: Pick<ExtractOptions, 'limit' | 'bucket'>): number {
  return Math.min(limit ?? Number.POSITIVE_INFINITY, bucket?.maxFiles ?? Number.POSITIVE_INFINITY);
}

/** Enough new objects were found: unlike `--limit`, `--max-files` does not count the rest. */
export function endListing(
  bucket: BucketSource | undefined,
  { bucket: options }: ExtractOptions,
  ahead: LookAhead,
): void {
  const most = options?.maxFiles;
  if (bucket === undefined || most === undefined || ahead.planned.files < most) return;
  bucket.listing.isEnough = true;
}
