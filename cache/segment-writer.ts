import { createHash, randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CacheWriteError, PRIVATE, TEMPORARY_SUFFIX, writeFileAtomic } from './atomic-write.js';
import type { SegmentFile } from './commit-record.js';
import { S3LogExtractionError } from './error.js';
import {
  type ByteStrings,
  dictionaryTextColumn,
  type EncodedColumn,
  numberColumn,
  textColumn,
} from './parquet/column.js';
import { encodeFile } from './parquet/encode-file.js';
import { encodeRecordColumns, type RecordColumns } from './parquet/record-columns.js';

export type { RecordColumns } from './parquet/record-columns.js';

/** Rejected lines as columns (FORMAT.md section 6), with ids into `names` and `reasons`. */
export interface RejectColumns {
  readonly rows: number;
  readonly names: readonly string[];
  readonly nameIds: Uint32Array;
  readonly offsets: Float64Array;
  readonly reasons: readonly string[];
  readonly reasonIds: Uint32Array;
}

/** One log file in the ledger (FORMAT.md section 7). */
export interface LedgerRow {
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly modifiedMs: number;
  readonly encoding: number;
  readonly check: number;
  readonly contentBytes: number;
  readonly lines: number;
  readonly kept: number;
  readonly skipped: number;
  readonly rejected: number;
}

/**
 * A segment of records, to be stored by {@link storeSegment}: from here on the columns are free for others.
 *
 * @throws {RangeError} more rows, keys or requesters than {@link encodeRecordColumns} takes
 */
export function encodeRecords(columns: RecordColumns): Uint8Array {
  return encodeFile(encodeRecordColumns(columns), columns.rows);
}

/** Name of a segment of records, of `<commit>-<part>`. */
export function recordsFile(stem: string): string {
  return `${stem}.records.parquet`;
}

/**
 * Write one segment of records, durably. Not part of the cache before a commit names it.
 *
 * @param folder `segments/` of the cache
 * @param stem file name up to its kind: `<commit>-<part>`
 * @throws {CacheWriteError}
 */
export function writeRecords(folder: string, stem: string, columns: RecordColumns): SegmentFile {
  return writeSegment(folder, recordsFile(stem), columns.rows, encodeRecords(columns));
}

/**
 * Write an output of a pipeline, durably: lines of text (FORMAT.md section 4).
 *
 * @param stem file name up to its kind: `<commit>-<part>`
 * @throws {CacheWriteError}
 */
export function writeOutput(
  folder: string,
  stem: string,
  output: string,
  lines: readonly string[],
): SegmentFile {
  const bytes = Buffer.from(lines.map((line) => `${line}\n`).join(''), 'utf8');
  return writeSegment(folder, `${stem}.${output}.output`, lines.length, bytes);
}

/**
 * Write the bytes of a segment, durably (FORMAT.md W1), while others go on.
 *
 * @param folder `segments/` of the cache
 * @throws {CacheWriteError}
 */
export async function storeSegment(
  folder: string,
  file: string,
  rows: number,
  bytes: Uint8Array,
): Promise<SegmentFile> {
  const stored = writeDurably(join(folder, file), bytes);
  // A failure is for whoever awaits: not one that nobody handles, should the hash fail.
  stored.catch(() => {});
  const segment = segmentFile(file, rows, bytes);
  await stored;
  return segment;
}

/** As `writeFileAtomic`, without blocking. */
async function writeDurably(path: string, bytes: Uint8Array): Promise<void> {
  const temporary = `${path}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`;
  try {
    const file = await open(temporary, 'wx', PRIVATE.file);
    try {
      await file.chmod(PRIVATE.file);
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
    await syncDirectory(dirname(path));
  } catch (error) {
    // Not made, already renamed, or left for the next writer to remove (FORMAT.md W3).
    await unlink(temporary).catch(() => {});
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(path, error);
  }
}

/** @throws {CacheWriteError} */
export function writeRejects(folder: string, stem: string, columns: RejectColumns): SegmentFile {
  const { rows } = columns;
  return writeParquet(folder, `${stem}.rejects.parquet`, rows, [
    dictionaryTextColumn('name', byteStrings(columns.names), columns.nameIds, rows),
    numberColumn('offset', columns.offsets, rows),
    dictionaryTextColumn('reason', byteStrings(columns.reasons), columns.reasonIds, rows),
  ]);
}

/** @throws {CacheWriteError} */
export function writeLedger(
  folder: string,
  commit: string,
  files: readonly LedgerRow[],
): SegmentFile {
  const numbers = (name: string, value: (file: LedgerRow) => number): EncodedColumn =>
    numberColumn(name, Float64Array.from(files, value), files.length);
  return writeParquet(folder, `${commit}.files.parquet`, files.length, [
    textColumn(
      'name',
      files.map((file) => file.name),
    ),
    textColumn('path', files.map(withoutName)),
    numbers('size', (file) => file.sizeBytes),
    numbers('modified', (file) => Math.max(0, file.modifiedMs)),
    numbers('encoding', (file) => file.encoding),
    numbers('check', (file) => file.check),
    numbers('content_bytes', (file) => file.contentBytes),
    numbers('lines', (file) => file.lines),
    numbers('kept', (file) => file.kept),
    numbers('skipped', (file) => file.skipped),
    numbers('rejected', (file) => file.rejected),
  ]);
}

/** The path up to the name it ends in: names are a good part of a ledger, and need not stand in it twice. */
function withoutName({ path, name }: LedgerRow): string {
  const folder = path.slice(0, path.length - name.length);
  return path.endsWith(name) && (folder === '' || folder.endsWith('/')) ? folder : path;
}

function writeParquet(
  folder: string,
  file: string,
  rows: number,
  columns: readonly EncodedColumn[],
): SegmentFile {
  return writeSegment(folder, file, rows, encodeFile(columns, rows));
}

function writeSegment(folder: string, file: string, rows: number, bytes: Uint8Array): SegmentFile {
  writeFileAtomic(join(folder, file), bytes, PRIVATE);
  return segmentFile(file, rows, bytes);
}

function segmentFile(file: string, rows: number, bytes: Uint8Array): SegmentFile {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file, rows, bytes: bytes.length, sha256 };
}

async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function byteStrings(texts: readonly string[]): ByteStrings {
  const parts = texts.map((text) => Buffer.from(text, 'utf8'));
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = offsets[i] + part.length;
  });
  return { bytes: Buffer.concat(parts), offsets, count: parts.length };
}
