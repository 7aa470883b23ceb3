import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { commitName } from '../../cache/commit-record.js';
import { S3LogExtractionError } from '../../cache/error.js';
import { Ledger } from '../../cache/ledger.js';
import type { WritableCache } from '../../cache/open-cache.js';
import { createBulkSealer } from '../../cache/seal-many.js';
import type { LedgerRow } from '../../cache/segment-writer.js';
import { CommitBatch, commitBatch } from '../extract/commit-batch.js';
import { type ExtractionMode, extractionMode } from '../extract/extraction-mode.js';
import { RecordBatch } from '../extract/record-batch.js';
import { SegmentStore } from '../extract/segment-store.js';
import { ENCODING } from '../source/encoding.js';
import { FernetOpener } from './fernet.js';
import { type PeerObject, peerObjects, readPeerLedger } from './peer-cache.js';
import { PeerObjectError, peerRecords } from './peer-records.js';

export interface ImportOptions {
  /** Cache directory of the Python tool. */
  readonly folder: string;
  /** Folder of the logs, for ledgers that hold whole paths. */
  readonly logRoot?: string | undefined;
  readonly mode?: ExtractionMode | undefined;
  /** What its files are encrypted with, if they are. */
  readonly password?: string | undefined;
  readonly salt?: string | undefined;
  /** Import also when log files were begun and not ended. */
  readonly withUnfinished?: boolean | undefined;
  readonly shouldStop?: (() => boolean) | undefined;
  readonly onProgress?: ((objects: number, records: number) => void) | undefined;
  readonly onWarning?: ((message: string) => void) | undefined;
}

export interface ImportReport {
  /** Log files that count as known from now on. */
  logFiles: number;
  objects: { imported: number; known: number; failed: number };
  records: number;
  /** Requests of which it is not known whether they were downloads: they count as none. */
  recordsWithoutDownload: number;
  stopped: boolean;
}

/** The Python tool ended in the middle of log files. */
export class UnfinishedImportError extends S3LogExtractionError {
  constructor(folder: string, count: number) {
    super(
      'IMPORT_UNFINISHED',
      `The cache ${folder} has begun ${count} log files and not ended them: some of their records may be there, or none.`,
      {
        hint: 'Import what there is with --with-unfinished: these log files then count as read. Or extract all logs anew.',
      },
    );
  }
}

/** Log files, or objects, that go into one commit; rows are bounded by the batch. */
const COMMIT_ENTRIES = 50_000;
const COMMIT_ROWS = 4_000_000;
const BATCH_LIMITS = { rows: 1_000_000, keyBytes: 64 << 20 };
/** Before the names of objects in the ledger: no path below a source begins so. */
const OBJECT = '//imported/';

/**
 * Take over a cache of the Python tool (FORMAT.md section 18): first the log files it has read, so that none of them is
 * extracted from now on; then its records, object by object. What was imported once is known: an import that
 * ended early goes on, and none counts twice.
 *
 * @throws {PeerCacheError} @throws {UnfinishedImportError} @throws {OtherModeError} @throws {CacheWriteError}
 */
export async function importCache(
  cache: WritableCache,
  options: ImportOptions,
): Promise<ImportReport> {
  const folder = resolve(options.folder);
  const peer = readPeerLedger(folder, options.logRoot);
  if (peer.unfinished.size > 0 && !options.withUnfinished) {
    throw new UnfinishedImportError(folder, peer.unfinished.size);
  }
  const mode = extractionMode(cache.paths, options.mode ?? (peer.isDandi ? 'dandi' : undefined));
  const report: ImportReport = {
    logFiles: 0,
    objects: { imported: 0, known: 0, failed: 0 },
    records: 0,
    recordsWithoutDownload: 0,
    stopped: false,
  };
  const ledger = await Ledger.open(cache.paths, cache.lock);
  const run = new ImportRun(cache, ledger, folder, mode, report, options);
  try {
    await run.takeLogFiles([...peer.names, ...peer.unfinished].sort());
    await run.takeObjects();
    ledger.finish();
  } finally {
    ledger.close();
  }
  return report;
}

class ImportRun {
  readonly #batch = new RecordBatch(BATCH_LIMITS);
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
  ) {
    this.#store = new SegmentStore(cache.paths.segments, 'i', createBulkSealer(cache.key));
    this.#runToken = createHash('sha256').update(cache.lock.token).digest('hex').slice(0, 8);
    this.#commit = this.#nextCommit();
  }

  /** Log files without records of their own: those come by object. */
  async takeLogFiles(names: readonly string[]): Promise<void> {
    for (const name of names) {
      if (this.ledger.lookUp(name, 0, 0) !== 'new') continue;
      this.#commit.files.push(entry(name, 0));
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
      const records = this.#check(object);
      if (records === undefined) continue;
      this.#take(object);
      this.#commit.files.push(entry(name, records));
      report.objects.imported++;
      report.records += records;
      if (!object.hasDownloads) report.recordsWithoutDownload += records;
      rows += records;
      if (rows >= COMMIT_ROWS || this.#commit.files.length >= COMMIT_ENTRIES) {
        await this.#finishCommit();
        rows = 0;
      }
      options.onProgress?.(report.objects.imported, report.records);
    }
    await this.#finishCommit();
  }

  /** Read an object once before any record of it counts. @returns how many it has */
  #check(object: PeerObject): number | undefined {
    let records = 0;
    try {
      for (const _ of peerRecords(object, this.#open, this.#words)) records++;
      return records;
    } catch (error) {
      if (!(error instanceof PeerObjectError)) throw error;
      this.report.objects.failed++;
      this.options.onWarning?.(`Could not import ${JSON.stringify(object.key)}: ${error.message}.`);
      return undefined;
    }
  }

  #take(object: PeerObject): void {
    const key = Buffer.from(object.key, 'utf8');
    const words = this.#words;
    for (const record of peerRecords(object, this.#open, words)) {
      this.#batch.append(key, record, record.hasAddress ? words : undefined);
      if (this.#batch.isFull()) this.#store.write(this.#batch, this.#commit.commit);
    }
  }

  readonly #open = (): FernetOpener | undefined => {
    const { password, salt } = this.options;
    if (password !== undefined) this.#opener ??= new FernetOpener(password, salt);
    return this.#opener;
  };

  async #finishCommit(): Promise<void> {
    const commit = this.#commit;
    this.#store.write(this.#batch, commit.commit);
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

function entry(name: string, records: number): LedgerRow {
  return {
    name,
    path: name,
    sizeBytes: 0,
    modifiedMs: 0,
    encoding: ENCODING.unknown,
    check: 0,
    contentBytes: 0,
    lines: records,
    kept: records,
    skipped: 0,
    rejected: 0,
  };
}
