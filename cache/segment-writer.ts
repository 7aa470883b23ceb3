import { createHash } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE, writeAtomically } from './atomic-write.js';
import type { SegmentFile } from './commit-record.js';
import {
  type ByteStrings,
  booleanColumn,
  dictionaryFixedColumn,
  dictionaryTextColumn,
  type EncodedColumn,
  int64Column,
  numberColumn,
  textColumn,
} from './parquet/column.js';
import { encodeFile } from './parquet/encode-file.js';

/** Records as columns (FORMAT.md section 5), with ids into their distinct keys and requesters. */
export interface RecordColumns {
  readonly rows: number;
  readonly keys: ByteStrings;
  readonly keyIds: Uint32Array;
  /** Seconds since 1970. */
  readonly times: Float64Array;
  /** Sealed addresses, 16 bytes each; 16 zero bytes for "none". */
  readonly requesters: Uint8Array;
  readonly requesterIds: Uint32Array;
  /** Lower and upper 32 bits of the bytes sent. */
  readonly bytesLow: Uint32Array;
  readonly bytesHigh: Uint32Array;
  /** 1 for a download. */
  readonly downloads: Uint8Array;
}

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
 * Write one segment of records, durably. Not part of the cache before a commit names it.
 *
 * @param folder `segments/` of the cache
 * @param stem file name up to its kind: `<commit>-<n>`
 * @throws {CacheWriteError}
 */
export function writeRecords(folder: string, stem: string, columns: RecordColumns): SegmentFile {
  const { rows } = columns;
  return writeParquet(folder, `${stem}.records.parquet`, rows, [
    dictionaryTextColumn('key', columns.keys, columns.keyIds, rows),
    numberColumn('time', columns.times, rows),
    dictionaryFixedColumn('requester', 16, columns.requesters, columns.requesterIds, rows),
    int64Column('bytes_sent', columns.bytesLow, columns.bytesHigh, rows),
    booleanColumn('download', columns.downloads, rows),
  ]);
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
    textColumn(
      'path',
      files.map((file) => file.path),
    ),
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

function writeParquet(
  folder: string,
  file: string,
  rows: number,
  columns: readonly EncodedColumn[],
): SegmentFile {
  const bytes = encodeFile(columns, rows);
  writeAtomically(join(folder, file), PRIVATE, (fd) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  });
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  return { file, rows, bytes: bytes.length, sha256 };
}

function byteStrings(texts: readonly string[]): ByteStrings {
  const parts = texts.map((text) => Buffer.from(text, 'utf8'));
  const offsets = new Uint32Array(parts.length + 1);
  parts.forEach((part, i) => {
    offsets[i + 1] = offsets[i] + part.length;
  });
  return { bytes: Buffer.concat(parts), offsets, count: parts.length };
}
