import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { DamagedCacheError, readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';

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

const COMMIT_NAME = /^\d{8}T\d{9}Z-[0-9a-f]{8}-\d{6}$/;

/** Name a commit: unique without coordination, sorted by time (FORMAT.md section 4). */
export function commitName(now: Date, runToken: string, sequence: number): string {
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
  const body = JSON.stringify(record);
  return `${body.slice(0, -1)},"checksum":"${sha256(body)}"}\n`;
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
  const match = /^(.*),"checksum":"([0-9a-f]{64})"\}\n$/s.exec(text);
  if (match === null) throw new DamagedCacheError(path, 'it has no checksum at its end');
  const body = `${match[1]}}`;
  if (sha256(body) !== match[2]) {
    throw new DamagedCacheError(path, 'its checksum does not match its content');
  }
  const record = JSON.parse(body) as CommitRecord;
  if ((record.version as number) > 1) {
    throw new NewerCacheError(path, 'version', record.version, 1);
  }
  if (record.schema > RECORD_SCHEMA) {
    throw new NewerCacheError(path, 'record schema', record.schema, RECORD_SCHEMA);
  }
  if (record.commit !== commit) {
    throw new DamagedCacheError(path, `it says it is the commit ${record.commit}`);
  }
  for (const segment of [...record.records, ...record.rejects, record.files]) {
    if (commitOfSegment(segment.file) !== commit || /[/\\]/.test(segment.file)) {
      throw new DamagedCacheError(path, `it names a file that is not its own: ${segment.file}`);
    }
  }
  return record;
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
