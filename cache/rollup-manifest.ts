import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-write.js';
import { systemErrorCode } from './error.js';
import type { WrittenParquet } from './parquet-file.js';
import type { CachePaths } from './paths.js';
import { parquetRelation } from './sql.js';

/** A Parquet file in `rollups/`. */
export interface RollupFile extends WrittenParquet {
  /** Bare file name. */
  readonly file: string;
}

/** Sums over some commits. */
export interface RollupRun {
  readonly commits: readonly string[];
  /** One file, or several without a common (key, day) when there are many rows. */
  readonly days: readonly RollupFile[];
  readonly requesters: readonly RollupFile[];
}

/** What `rollups/manifest.json` says: a commit stands in at most one run (FORMAT.md section 9). */
export interface RollupManifest {
  readonly version: 1;
  readonly runs: readonly RollupRun[];
}

export const EMPTY_MANIFEST: RollupManifest = { version: 1, runs: [] };

/** Names of files in `rollups/` other than the manifest. */
export const ROLLUP_FILE = /^[0-9a-f]{32}\.(days|requesters)\.parquet$/;

/**
 * Read the manifest; undefined when it is missing, damaged or of another version, that is when
 * everything must be rolled up anew.
 */
export function readManifest(paths: CachePaths): RollupManifest | undefined {
  let text: string;
  try {
    text = readFileSync(manifestPath(paths), 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const match = /,"checksum":"([0-9a-f]{64})"\}\n$/.exec(text);
  if (match === null) return undefined;
  const body = `${text.slice(0, match.index)}}`;
  if (sha256(body) !== match[1]) return undefined;
  const manifest = JSON.parse(body) as RollupManifest;
  return manifest.version === 1 && isConsistent(manifest) ? manifest : undefined;
}

/**
 * Replace the manifest. Everything it names must be durable already.
 *
 * @throws {CacheWriteError}
 */
export function writeManifest(paths: CachePaths, manifest: RollupManifest): void {
  const body = JSON.stringify(manifest);
  const checksum = sha256(body);
  writeFileAtomic(manifestPath(paths), `${body.slice(0, -1)},"checksum":"${checksum}"}\n`);
}

/** All files that a manifest names. */
export function rollupFiles(manifest: RollupManifest): RollupFile[] {
  return manifest.runs.flatMap((run) => [...run.days, ...run.requesters]);
}

/** SQL of (key, day INTEGER, bytes_sent DECIMAL(38,0), requests BIGINT, downloads BIGINT). */
export function daysRelation(paths: CachePaths, runs: readonly RollupRun[]): string {
  const files = runs.flatMap((run) => run.days.map(({ file }) => join(paths.rollups, file)));
  return parquetRelation(files, { key: 'VARCHAR', day: 'INTEGER', ...SUMS });
}

/** SQL of (key, requester UUID, bytes_sent, requests, downloads), sums as in the days. */
export function requestersRelation(paths: CachePaths, runs: readonly RollupRun[]): string {
  const files = runs.flatMap((run) => run.requesters.map(({ file }) => join(paths.rollups, file)));
  return parquetRelation(files, { key: 'VARCHAR', requester: 'UUID', ...SUMS });
}

/** The requester that stands for "the log named none". */
export const NO_REQUESTER = "'00000000-0000-0000-0000-000000000000'::UUID";

const SUMS = { bytes_sent: 'DECIMAL(38,0)', requests: 'BIGINT', downloads: 'BIGINT' };

function manifestPath(paths: CachePaths): string {
  return join(paths.rollups, 'manifest.json');
}

function isConsistent(manifest: RollupManifest): boolean {
  const commits = manifest.runs.flatMap((run) => run.commits);
  return (
    new Set(commits).size === commits.length &&
    rollupFiles(manifest).every(({ file }) => ROLLUP_FILE.test(file))
  );
}

function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}
