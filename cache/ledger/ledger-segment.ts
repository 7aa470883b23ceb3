import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { DamagedCacheError, readCommit, type SegmentFile } from '../commit-record.js';
import { readOwnFile } from '../own-file.js';
import type { CachePaths } from '../paths.js';
import { isListOf, isText } from '../sealed-json.js';
import type { LedgerRow } from '../segment-writer.js';

/** What tells whether a file found again is the one extracted. */
export type KnownFile = Pick<
  LedgerRow,
  'sizeBytes' | 'modifiedMs' | 'encoding' | 'check' | 'contentBytes' | 'rejected'
>;

/** What tells that a file found again is unchanged. */
export type FileIdentity = Pick<LedgerRow, 'name' | 'sizeBytes' | 'modifiedMs'>;

/**
 * The log files of a commit, from its ledger segment (FORMAT.md section 7).
 *
 * @throws {DamagedCacheError}
 */
export async function readIdentities(
  paths: CachePaths,
  segment: SegmentFile,
): Promise<FileIdentity[]> {
  const rows = await read(paths, segment, ['name', 'size', 'modified']);
  return rows.map((row) => ({
    name: row.name as string,
    sizeBytes: Number(row.size),
    modifiedMs: Number(row.modified),
  }));
}

/** As {@link readIdentities}, by name. @throws {DamagedCacheError} */
export async function readKnownFiles(
  paths: CachePaths,
  segment: SegmentFile,
): Promise<Map<string, KnownFile>> {
  const columns = ['name', 'size', 'modified', 'encoding', 'check', 'content_bytes', 'rejected'];
  const rows = await read(paths, segment, columns);
  const files = rows.map((row): [string, KnownFile] => [
    row.name as string,
    {
      sizeBytes: Number(row.size),
      modifiedMs: Number(row.modified),
      encoding: Number(row.encoding),
      check: Number(row.check),
      contentBytes: Number(row.content_bytes),
      rejected: Number(row.rejected),
    },
  ]);
  return new Map(files);
}

/** The names of a commit's log files. @throws {DamagedCacheError} */
export async function readLedgerNames(paths: CachePaths, commit: string): Promise<string[]> {
  const rows = await read(paths, readCommit(paths, commit).files, ['name']);
  return rows.map((row) => row.name as string);
}

/** The names in a ledger segment of which nothing is recorded; undefined when it cannot be read. */
export async function readNames(path: string): Promise<string[] | undefined> {
  try {
    const names = (await parse(readOwnFile(path), ['name'])).map((row) => row.name);
    return isListOf(names, isText) ? [...names] : undefined;
  } catch {
    return undefined;
  }
}

async function read(
  paths: CachePaths,
  segment: SegmentFile,
  columns: string[],
): Promise<Record<string, unknown>[]> {
  const path = join(paths.segments, segment.file);
  try {
    const bytes = readOwnFile(path);
    if (bytes.length !== segment.bytes) throw new Error('its size is not that of the commit');
    if (createHash('sha256').update(bytes).digest('hex') !== segment.sha256) {
      throw new Error('its SHA-256 is not the recorded one');
    }
    const rows = await parse(bytes, columns);
    if (!rows.every((row) => isText(row.name))) throw new Error('a log file has no name');
    if (rows.length !== segment.rows) throw new Error('its rows are not those of the commit');
    return rows;
  } catch (error) {
    if (error instanceof DamagedCacheError) throw error;
    throw new DamagedCacheError(path, (error as Error).message, error);
  }
}

async function parse(bytes: Uint8Array, columns: string[]): Promise<Record<string, unknown>[]> {
  // 50 ms that a run without anything to look up does without.
  const { parquetReadObjects } = await import('hyparquet');
  return parquetReadObjects({
    file: new Uint8Array(bytes).buffer,
    columns,
    compressors: { GZIP: (input) => new Uint8Array(gunzipSync(input)) },
  });
}
