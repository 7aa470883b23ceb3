import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { commitName } from '../../cache/commit-record.js';
import { plural } from '../../cache/count-text.js';
import { S3LogExtractionError } from '../../cache/error.js';
import { Ledger } from '../../cache/ledger.js';
import type { WritableCache } from '../../cache/open-cache.js';
import { createBulkSealer } from '../../cache/seal-many.js';
import type { LedgerRow } from '../../cache/segment-writer.js';
import { AddressFilter } from '../extract/address-filter.js';
import { CommitBatch, commitBatch } from '../extract/commit-batch.js';
import { type ExtractionMode, extractionMode, OtherModeError } from '../extract/extraction-mode.js';
import { RecordBatch, type RecordChoice } from '../extract/record-batch.js';
import { SegmentStore } from '../extract/segment-store.js';
import { ENCODING } from '../source/encoding.js';
import { OBJECT, requireImportable } from './check-import.js';
import { FernetOpener } from './fernet.js';
import { importRegions } from './import-regions.js';
import { LongLineError, type PeerObject, peerObjects } from './peer-cache.js';
import { readPeerLedger } from './peer-ledger.js';
import { PeerObjectError, peerRecords } from './peer-records.js';

export interface ImportOptions {
  /** Cache directory of the Python tool. */
  readonly folder: string;
  /** Folder or `s3://` URL of the logs, for ledgers that hold whole paths. */
  readonly logRoot?: string | undefined;
  readonly mode?: ExtractionMode | undefined;
  /** What its files are encrypted with, if they are. */
  readonly password?: string | undefined;
  readonly salt?: string | undefined;
  /**
   * What log files count as that were begun and not ended: as read, or as new, so that they are extracted again.
   * Without it nothing is imported when there are any.
   */
  readonly unfinished?: 'read' | 'again' | undefined;
  /** RE2 expression of addresses whose records are not taken over. */
  readonly skippedAddresses?: string | undefined;
  /** Also when nothing says which log files its records are of. */
  readonly withoutLedger?: boolean | undefined;
  readonly shouldStop?: (() => boolean) | undefined;
  readonly onProgress?: ((objects: number, records: number) => void) | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

export interface ImportReport {
  /** Log files that count as known from now on. */
  logFiles: number;
  objects: { imported: number; known: number; failed: number };
  records: number;
  /** Left out for their addresses, and not among `records`. */
  recordsSkipped: number;
  /** Requests of which it is not known whether they were downloads: they count as none. */
  recordsWithoutDownload: number;
  /** Log files begun and not ended, and names of some of them. */
  unfinished: { count: number; names: readonly string[] };
  /** Of addresses; others name no region that is certain, or no address. */
  regions: { imported: number; leftOut: number };
  stopped: boolean;
}

/** The Python tool ended in the middle of log files. */
export class UnfinishedImportError extends S3LogExtractionError {
  constructor(folder: string, names: readonly string[]) {
    const some = names.slice(0, 3).map((name) => JSON.stringify(name));
    const others = names.length > some.length ? ` and ${names.length - some.length} more` : '';
    super(
      'IMPORT_UNFINISHED',
      `The cache ${folder} has begun ${plural(names.length, 'log file')} and not ended: ${some.join(', ')}${others}. Some of their records may be there, or none.`,
      {
        hint: 'If the Python tool ran with several workers, as it does by default, nothing of these was merged: import with --unfinished again, and "extract" reads them. If it ran with one worker, --unfinished read takes what it has written and reads none twice; what it had not written stays missing. Or extract all logs anew.',
      },
    );
  }
}

/** Names that a report holds at most. */
const MOST_NAMES = 100;

/** Log files, or objects, that go into one commit; rows are bounded by the batch. */
const COMMIT_ENTRIES = 50_000;
const COMMIT_ROWS = 4_000_000;
const BATCH_LIMITS = { rows: 1_000_000, keyBytes: 64 << 20 };
/**
 * Take over a cache of the Python tool (FORMAT.md section 18): first the log files it has read, so that none of them is
 * extracted from now on; then its records, object by object. What was imported once is known: an import that
 * ended early goes on, and none counts twice. Nothing is committed before it is clear that all of it can be.
 *
 * @throws {AddressExpressionError} @throws {PeerCacheError} @throws {ImportWithoutLedgerError} @throws {ImportGrownError} @throws {UnfinishedImportError} @throws {OtherModeError} @throws {CacheWriteError}
 */
export async function importCache(
  cache: WritableCache,
  options: ImportOptions,
): Promise<ImportReport> {
  const folder = resolve(options.folder);
  const peer = readPeerLedger(folder, options.logRoot);
  const unfinished = [...peer.unfinished].sort();
  if (unfinished.length > 0 && options.unfinished === undefined) {
    throw new UnfinishedImportError(folder, unfinished);
  }
  const mode = extractionMode(cache.paths, options.mode ?? peer.mode);
  // What was read of which bucket is not known any more.
  if (mode === 'buckets') throw new OtherModeError(cache.paths.root, mode, 'generic');
  const report: ImportReport = {
    logFiles: 0,
    objects: { imported: 0, known: 0, failed: 0 },
    records: 0,
    recordsSkipped: 0,
    recordsWithoutDownload: 0,
    unfinished: { count: unfinished.length, names: unfinished.slice(0, MOST_NAMES) },
    regions: { imported: 0, leftOut: 0 },
    stopped: false,
  };
  const batch = new RecordBatch(BATCH_LIMITS, addressChoice(options.skippedAddresses));
  const ledger = await Ledger.open(cache.paths, cache.lock);
  const run = new ImportRun(cache, ledger, folder, mode, report, options, batch);
  try {
    const read = options.unfinished === 'read' ? unfinished : [];
    const names = [...peer.names, ...read].sort();
    const { withoutLedger = false } = options;
    requireImportable(folder, peer, names, ledger, run.open, withoutLedger);
    await run.takeLogFiles(names);
    await run.takeObjects();
    ledger.finish();
    if (!report.stopped) report.regions = importRegions(cache, folder, run.open);
  } finally {
    ledger.close();
  }
  return report;
}

/** @throws {AddressExpressionError} when the batch is made */
function addressChoice(expression: string | undefined): RecordChoice {
  if (expression === undefined) return {};
  return { addressFilter: (core) => new AddressFilter(core, expression) };
}

class ImportRun {
  readonly #store: SegmentStore;
  readonly #words = new Uint32Array(4);
  readonly #runToken: string;
  #opener: FernetOpener | undefined;
  #sequence = 0;
  #commit: CommitBatch;

  constructor(
    private readonly cache: WritableCache,
    private readonly ledger: Ledger,
    private readonly folder: string,
    private readonly mode: ExtractionMode,
    private readonly report: ImportReport,
    private readonly options: ImportOptions,
    private readonly batch: RecordBatch,
  ) {
    this.#store = new SegmentStore(cache.paths.segments, 'i', createBulkSealer(cache.key));
    this.#runToken = createHash('sha256').update(cache.lock.token).digest('hex').slice(0, 8);
    this.#commit = this.#nextCommit();
  }

  /** Log files without records of their own: those come by object. */
  async takeLogFiles(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (this.ledger.lookUp(name, 0, 0) !== 'new') continue;
      this.#commit.files.push(entry(name));
      this.report.logFiles++;
      if (this.#commit.files.length >= COMMIT_ENTRIES) await this.#finishCommit();
    }
    await this.#finishCommit();
  }

  async takeObjects(): Promise<void> {
    const { report, options } = this;
    let rows = 0;
    for (const object of peerObjects(this.folder)) {
      if (options.shouldStop?.()) {
        report.stopped = true;
        break;
      }
      const name = `${OBJECT}${object.key}`;
      if (this.ledger.lookUp(name, 0, 0) !== 'new') {
        report.objects.known++;
        continue;
      }
      if (!this.#isWhole(object)) continue;
      const { records, skipped, withoutFlag } = this.#take(object);
      this.#commit.files.push(entry(name, records, skipped));
      this.#commit.objects++;
      this.#commit.addNote('address_skipped', skipped);
      report.objects.imported++;
      report.records += records;
      report.recordsSkipped += skipped;
      report.recordsWithoutDownload += withoutFlag;
      rows += records;
      if (rows >= COMMIT_ROWS || this.#commit.files.length >= COMMIT_ENTRIES) {
        await this.#finishCommit();
        rows = 0;
      }
      options.onProgress?.(report.objects.imported, report.records);
    }
    await this.#finishCommit();
  }

  /** Read an object once before any record of it counts. */
  #isWhole(object: PeerObject): boolean {
    try {
      for (const _ of peerRecords(object, this.open, this.#words));
      return true;
    } catch (error) {
      const isLong = error instanceof LongLineError;
      if (!isLong && !(error instanceof PeerObjectError)) throw error;
      this.report.objects.failed++;
      const why = isLong ? 'it has a line that is longer than any can be' : error.message;
      this.options.onWarning?.(`Could not import ${JSON.stringify(object.key)}: ${why}.`);
      return false;
    }
  }

  /** @returns how many records are kept, how many of these have no flag, and how many are left out */
  #take(object: PeerObject): { records: number; skipped: number; withoutFlag: number } {
    const key = Buffer.from(object.key, 'utf8');
    const words = this.#words;
    const counts = { records: 0, skipped: 0, withoutFlag: 0 };
    for (const record of peerRecords(object, this.open, words)) {
      if (this.batch.append(key, record, record.hasAddress ? words : undefined)) {
        counts.records++;
        if (!record.isFlagKnown) counts.withoutFlag++;
      } else {
        counts.skipped++;
      }
      if (this.batch.isFull()) this.#store.write(this.batch, this.#commit.commit);
    }
    return counts;
  }

  readonly open = (): FernetOpener | undefined => {
    const { password, salt } = this.options;
    if (password !== undefined) this.#opener ??= new FernetOpener(password, salt);
    return this.#opener;
  };

  async #finishCommit(): Promise<void> {
    const commit = this.#commit;
    this.#store.write(this.batch, commit.commit);
    commit.addSegments(await this.#store.settle());
    if (commit.files.length > 0) {
      const record = commitBatch(this.cache, commit, this.mode, this.folder);
      this.ledger.add(record, commit.files);
    }
    this.#commit = this.#nextCommit();
  }

  #nextCommit(): CommitBatch {
    return new CommitBatch(commitName(new Date(), this.#runToken, ++this.#sequence));
  }
}

function entry(name: string, kept = 0, skipped = 0): LedgerRow {
  return {
    name,
    path: name,
    sizeBytes: 0,
    modifiedMs: 0,
    encoding: ENCODING.unknown,
    check: 0,
    contentBytes: 0,
    lines: kept + skipped,
    kept,
    skipped,
    rejected: 0,
  };
}
