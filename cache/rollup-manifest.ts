import { join } from 'node:path';
import { writeFileAtomic } from './atomic-write.js';
import { isSegment } from './commit-record.js';
import { systemErrorCode } from './error.js';
import { DamagedCacheError, readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';
import type { RequesterFile } from './rollups/requester-file.js';
import type { SumsFile } from './rollups/sums-file.js';
import {
  isListOf,
  isObject,
  isText,
  isWhole,
  sealedJson,
  sealedJsonOrNothing,
} from './sealed-json.js';
import { parquetRelation } from './sql.js';

/** Sums over some commits. */
export interface RollupRun {
  readonly commits: readonly string[];
  /** A dataset may stand in several of them, and more than once in one. */
  readonly sums: readonly SumsFile[];
  /** Those requesters that stood in no run before: each has its number in one run only. */
  readonly requesters: readonly RequesterFile[];
}

/** What `rollups/manifest.json` says: a commit stands in at most one run (FORMAT.md section 9). */
export interface RollupManifest {
  readonly version: 2;
  /** How keys are grouped (see DatasetGrouping); missing: by their first component. */
  readonly grouping?: string | undefined;
  /** Whether assets have sums by week; missing: no. */
  readonly hasWeeks?: boolean | undefined;
  readonly runs: readonly RollupRun[];
}

export const EMPTY_MANIFEST: RollupManifest = { version: 2, runs: [] };

/** Names of files in `rollups/` other than the manifest; of this version and of the one before. */
export const ROLLUP_FILE = /^[0-9a-f]{32}\.(sums|requesters\.parquet|days\.parquet)$/;

/**
 * Read the manifest; undefined when it is missing, damaged or of another version, that is when
 * everything must be rolled up anew.
 */
export function readManifest(paths: CachePaths): RollupManifest | undefined {
  let text: string;
  try {
    text = readOwnText(manifestPath(paths));
  } catch (error) {
    // A link is replaced by the next manifest, as a damaged one is.
    if (systemErrorCode(error) === 'ENOENT' || error instanceof DamagedCacheError) return undefined;
    throw error;
  }
  const manifest = sealedJsonOrNothing(text);
  return isManifest(manifest) ? manifest : undefined;
}

/**
 * Replace the manifest. Everything it names must be durable already.
 *
 * @throws {CacheWriteError}
 */
export function writeManifest(paths: CachePaths, manifest: RollupManifest): void {
  writeFileAtomic(manifestPath(paths), sealedJson(manifest));
}

/** All files that a manifest names. */
export function rollupFiles(manifest: RollupManifest): (SumsFile | RequesterFile)[] {
  return manifest.runs.flatMap((run) => [...run.sums, ...run.requesters]);
}

/** How many requesters have a number, and the one that stands for none, which is 0. */
export function requesterNumbers(runs: readonly RollupRun[]): number {
  return runs.reduce(
    (sum, run) => sum + run.requesters.reduce((all, { rows }) => all + rows, 0),
    1,
  );
}

/** SQL of (requester UUID, number BIGINT): every requester in the records, once. */
export function requestersRelation(paths: CachePaths, runs: readonly RollupRun[]): string {
  const files = runs.flatMap((run) => run.requesters.map(({ file }) => join(paths.rollups, file)));
  return parquetRelation(files, { requester: 'UUID', number: 'BIGINT' });
}

/** The requester that stands for "the log named none". */
export const NO_REQUESTER = "'00000000-0000-0000-0000-000000000000'::UUID";

function manifestPath(paths: CachePaths): string {
  return join(paths.rollups, 'manifest.json');
}

function isManifest(value: unknown): value is RollupManifest {
  if (!isObject(value) || value.version !== 2) return false;
  if (!['string', 'undefined'].includes(typeof value.grouping)) return false;
  if (!isListOf(value.runs, isRun)) return false;
  const commits = value.runs.flatMap((run) => run.commits);
  return new Set(commits).size === commits.length;
}

function isRun(value: unknown): value is RollupRun {
  return (
    isObject(value) &&
    isListOf(value.commits, isText) &&
    isListOf(value.sums, isSums) &&
    isListOf(value.requesters, isRollup)
  );
}

function isSums(value: unknown): value is SumsFile {
  if (!isRollup(value)) return false;
  const { modified, index, indexCheck, bytes } = value as Partial<SumsFile>;
  const isInFile = isWhole(index) && index <= (bytes as number);
  return isInFile && isWhole(indexCheck) && typeof modified === 'number';
}

function isRollup(value: unknown): value is RequesterFile {
  return isSegment(value) && ROLLUP_FILE.test(value.file);
}
