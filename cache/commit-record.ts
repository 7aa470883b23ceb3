import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { DamagedCacheError, readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';
import { isListOf, isObject, isText, isWhole, parseSealedJson, sealedJson } from './sealed-json.js';

export { DamagedCacheError } from './own-file.js';

/** A Parquet file in `segments/`, as a commit names it. */
export interface SegmentFile {
  /** Bare file name. */
  readonly file: string;
  readonly rows: number;
  /** Size of the file in bytes. */
  readonly bytes: number;
  /** Hex SHA-256 of the file. */
  readonly sha256: string;
  /** Of records: the tags that all of them have; undefined: none. */
  readonly tags?: readonly string[] | undefined;
}

/** A handler that records went through, by its name and the version of what it decides by. */
export interface PipelineHandler {
  readonly use: string;
  readonly version?: string | undefined;
}

/** lines = kept + skipped + rejected, always (invariant I3). */
export interface LineAccount {
  total: number;
  kept: number;
  skipped: number;
  rejected: number;
  /** Rejected lines by reason. */
  reasons: Record<string, number>;
  /** Oddities of lines that count all the same. */
  notes: Record<string, number>;
}

/** One batch that has become real (FORMAT.md section 4). */
export interface CommitRecord {
  readonly version: 1;
  readonly commit: string;
  readonly createdAt: string;
  readonly schema: number;
  readonly mode: string;
  readonly source: string;
  readonly records: readonly SegmentFile[];
  readonly rejects: readonly SegmentFile[];
  readonly files: SegmentFile;
  /** Lines that handlers of a pipeline wrote; undefined: none. */
  readonly outputs?: readonly SegmentFile[] | undefined;
  /** The pipeline that the records went through; undefined: none. */
  readonly pipeline?: readonly PipelineHandler[] | undefined;
  /** How many of the rows of `files` are imported objects, not log files; undefined: none. */
  readonly objects?: number | undefined;
  /** Stored bytes of the log files read. */
  readonly bytes: number;
  readonly lines: LineAccount;
}

/** The newest schema of records that this version reads and the one it writes. */
export const RECORD_SCHEMA = 1;

/** The cache was written by a newer version of this program. */
export class NewerCacheError extends S3LogExtractionError {
  constructor(path: string, what: string, found: unknown, supported: number) {
    super(
      'CACHE_NEWER',
      `${path} has ${what} ${String(found)}; this version of s3logextraction reads up to ${supported}.`,
      { hint: 'Install the current version of s3logextraction.' },
    );
  }
}

/** What all names in `segments/` consist of. */
const FILE_NAME = /^[A-Za-z0-9.-]{1,255}$/;
const END_OF_9999 = Date.UTC(10_000, 0);
const COMMIT_NAME = /^\d{8}T\d{9}Z-[0-9a-f]{8}-\d{6}$/;

/** The clock is so wrong that a commit could not be named by it. */
export class ClockError extends S3LogExtractionError {
  constructor(now: Date) {
    super('CLOCK_IMPLAUSIBLE', `The clock of this machine says ${now.toISOString()}.`, {
      hint: 'Commits are named by the time: set the clock, then run the same command again. Nothing was committed.',
    });
  }
}

/** Name a commit: unique without coordination, sorted by time (FORMAT.md section 4). @throws {ClockError} */
export function commitName(now: Date, runToken: string, sequence: number): string {
  // Years of other than four digits would sort elsewhere, and no reader would see the commit.
  if (now.getTime() >= END_OF_9999 || now.getTime() < 0) throw new ClockError(now);
  const time = now.toISOString().replace(/[-:.]/g, '');
  return `${time}-${runToken}-${String(sequence).padStart(6, '0')}`;
}

/** The commit that a file in `segments/` says it belongs to, or undefined. */
export function commitOfSegment(file: string): string | undefined {
  const name = file.slice(0, 35);
  return COMMIT_NAME.test(name) ? name : undefined;
}

/**
 * Make a batch real (FORMAT.md W2). Everything it names must be durable already.
 *
 * @throws {CacheWriteError}
 */
export function writeCommit(paths: CachePaths, record: CommitRecord): void {
  writeFileAtomic(join(paths.commits, `${record.commit}.json`), commitText(record));
}

/** A commit record as it stands on disk. */
export function commitText(record: CommitRecord): string {
  return sealedJson(record);
}

/** Names of all commits, oldest first. An absent cache has none. */
export function listCommits(paths: CachePaths): string[] {
  let names: string[];
  try {
    names = readdirSync(paths.commits);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith('.json') && COMMIT_NAME.test(name.slice(0, -5)))
    .map((name) => name.slice(0, -5))
    .sort();
}

/**
 * Read and check one commit record.
 *
 * @throws {DamagedCacheError} when it is not what {@link writeCommit} wrote
 * @throws {NewerCacheError}
 */
export function readCommit(paths: CachePaths, commit: string): CommitRecord {
  const path = join(paths.commits, `${commit}.json`);
  const text = readOwnText(path);
  let record: CommitRecord;
  try {
    record = parseSealedJson(text) as CommitRecord;
  } catch (error) {
    throw new DamagedCacheError(path, (error as Error).message, error);
  }
  if (!isObject(record)) throw new DamagedCacheError(path, 'it is no record');
  if ((record.version as number) > 1) {
    throw new NewerCacheError(path, 'version', record.version, 1);
  }
  if (record.schema > RECORD_SCHEMA) {
    throw new NewerCacheError(path, 'record schema', record.schema, RECORD_SCHEMA);
  }
  if (record.commit !== commit) {
    throw new DamagedCacheError(path, `it says it is the commit ${record.commit}`);
  }
  if (!isCommit(record)) throw new DamagedCacheError(path, 'what it says makes no sense');
  if (!addsUp(record)) throw new DamagedCacheError(path, 'its account of lines does not add up');
  const names = new Set<string>();
  for (const { file } of segmentsOf(record)) {
    if (commitOfSegment(file) !== commit || !FILE_NAME.test(file)) {
      const shown = file.slice(0, 255);
      throw new DamagedCacheError(path, `it names a file that is not its own: ${shown}`);
    }
    // What is named twice would count twice.
    if (names.has(file)) throw new DamagedCacheError(path, `it names a file twice: ${file}`);
    names.add(file);
  }
  return record;
}

/** All files that a commit names. */
export function segmentsOf({
  records,
  rejects,
  files,
  outputs = [],
}: Pick<CommitRecord, 'records' | 'rejects' | 'files' | 'outputs'>): SegmentFile[] {
  return [...records, ...rejects, files, ...outputs];
}

/** Older versions wrote the same members. */
function isCommit(record: { readonly [name in keyof CommitRecord]?: unknown }): boolean {
  const { lines } = record;
  return (
    record.version === 1 &&
    isWhole(record.schema) &&
    [record.createdAt, record.mode, record.source].every(isText) &&
    isListOf(record.records, isSegment) &&
    isListOf(record.rejects, isSegment) &&
    isSegment(record.files) &&
    (record.outputs === undefined || isListOf(record.outputs, isSegment)) &&
    (record.pipeline === undefined || isListOf(record.pipeline, isHandler)) &&
    (record.objects === undefined || isWhole(record.objects)) &&
    isWhole(record.bytes) &&
    isObject(lines) &&
    [lines.total, lines.kept, lines.skipped, lines.rejected].every(isWhole) &&
    [lines.reasons, lines.notes].every(
      (counts) => isObject(counts) && Object.values(counts).every(isWhole),
    )
  );
}

/** Invariant I3: each line is kept, skipped or rejected for a reason, and what is kept or rejected has a row. */
export function addsUp({
  lines,
  records,
  rejects,
}: Pick<CommitRecord, 'lines' | 'records' | 'rejects'>): boolean {
  return (
    lines.total === lines.kept + lines.skipped + lines.rejected &&
    lines.rejected === sumOf(Object.values(lines.reasons)) &&
    lines.kept === rowsOf(records) &&
    lines.rejected === rowsOf(rejects)
  );
}

/** Rows of several files. */
function rowsOf(segments: readonly SegmentFile[]): number {
  return sumOf(segments.map(({ rows }) => rows));
}

function sumOf(counts: readonly number[]): number {
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Whether a value names a Parquet file, its rows, bytes and SHA-256. */
export function isSegment(value: unknown): value is SegmentFile {
  return (
    isObject(value) &&
    isText(value.file) &&
    isWhole(value.rows) &&
    isWhole(value.bytes) &&
    isText(value.sha256) &&
    (value.tags === undefined || isListOf(value.tags, isText))
  );
}

function isHandler(value: unknown): value is PipelineHandler {
  return (
    isObject(value) && isText(value.use) && (value.version === undefined || isText(value.version))
  );
}
