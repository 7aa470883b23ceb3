import { join } from 'node:path';
import { writeFileAtomic } from './atomic-write.js';
import { DamagedCacheError, NewerCacheError } from './commit-record.js';
import { isDatasetFile } from './datasets/dataset-files.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';
import { isText, isWhole } from './sealed-json.js';

/**
 * What the datasets of a cache are (FORMAT.md section 15): the first components of keys, so many as `level` says;
 * what the first group of an RE2 expression finds in keys; what a mapping of content says; or the names that prefixes of keys have.
 */
export type DatasetRule =
  | { readonly rule: 'level'; readonly level: number }
  | { readonly rule: 'pattern'; readonly pattern: string }
  | {
      readonly rule: 'content';
      /** Bare name in `datasets/`, and the SHA-256 of the file. */
      readonly file: string;
      readonly sha256: string;
      /** Where the mapping came from, when, and how many contents it links. */
      readonly source: string;
      readonly fetchedAt: string;
      readonly contents: number;
      /** What becomes of content that several datasets share. */
      readonly shared: SharedContent;
    }
  | {
      readonly rule: 'names';
      /** As above. */
      readonly file: string;
      readonly sha256: string;
      /** The file that a user has written, and how many prefixes have a name by it, those of buckets among them. */
      readonly source: string;
      readonly prefixes: number;
      readonly buckets: number;
    };

export type SharedContent = 'undetermined' | 'first';

/** An expression that only the sealing key opens. */
export interface SealedText {
  /** Hex. */
  readonly nonce: string;
  readonly box: string;
}

/** `settings.json`: what a cache remembers so that nightly lines stay short. */
export interface CacheSettings {
  readonly datasets: DatasetRule;
  /** Addresses whose records are not kept. */
  readonly skippedAddresses?: SealedText | undefined;
  /** What becomes of records that are tagged as those of robots; undefined: they count. */
  readonly robots?: Exclude<RobotsChoice, 'include'> | undefined;
}

/** Whether records with the tag `robot` count. */
export type RobotsChoice = 'include' | 'exclude' | 'only';

export const FIRST_COMPONENT = { rule: 'level', level: 1 } as const satisfies DatasetRule;

const VERSION = 1;
const SHA256 = /^[0-9a-f]{64}$/;
const HINT =
  'Restore settings.json from a backup of the cache, or remove it and say again what the datasets are and which addresses are skipped.';

/**
 * @returns the settings, or what holds without any
 * @throws {DamagedCacheError} @throws {NewerCacheError}
 */
export function readSettings(paths: CachePaths): CacheSettings {
  const path = settingsFile(paths);
  let text: string;
  try {
    text = readOwnText(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return { datasets: FIRST_COMPONENT };
    if (error instanceof DamagedCacheError) throw error;
    throw new SettingsReadError(path, error);
  }
  let value: (Partial<CacheSettings> & { version?: unknown }) | null;
  try {
    value = JSON.parse(text) as typeof value;
  } catch (error) {
    throw new DamagedCacheError(path, 'it is not JSON', error, HINT);
  }
  if (typeof value !== 'object' || value === null || typeof value.version !== 'number') {
    throw new DamagedCacheError(path, 'it has no version', undefined, HINT);
  }
  if (value.version > VERSION) throw new NewerCacheError(path, 'version', value.version, VERSION);
  if (!isRule(value.datasets))
    throw new DamagedCacheError(path, 'its rule for datasets makes no sense', undefined, HINT);
  if (value.skippedAddresses !== undefined && !isSealedText(value.skippedAddresses)) {
    throw new DamagedCacheError(
      path,
      'its expression for addresses makes no sense',
      undefined,
      HINT,
    );
  }
  const { datasets, skippedAddresses, robots } = value;
  if (robots !== undefined && robots !== 'exclude' && robots !== 'only') {
    throw new DamagedCacheError(path, 'what it says of robots makes no sense', undefined, HINT);
  }
  return { datasets, skippedAddresses, robots };
}

/** `settings.json` is there but the system does not let us read it. */
export class SettingsReadError extends S3LogExtractionError {
  constructor(path: string, cause: unknown) {
    super(
      'SETTINGS_UNREADABLE',
      `Could not read the settings of the cache in ${path}: ${systemErrorCode(cause) ?? 'unknown error'}.`,
      { cause, hint: 'Check the permissions of the cache directory and the user this runs as.' },
    );
  }
}

/**
 * Replace some of the settings. The lock must be held.
 *
 * @throws {CacheWriteError}
 */
export function updateSettings(paths: CachePaths, change: Partial<CacheSettings>): CacheSettings {
  const settings = { ...readSettings(paths), ...change };
  writeFileAtomic(settingsFile(paths), settingsText(settings));
  return settings;
}

/** `settings.json` as it stands on disk. */
export function settingsText(settings: CacheSettings): string {
  return `${JSON.stringify({ version: VERSION, ...settings })}\n`;
}

function settingsFile(paths: CachePaths): string {
  return join(paths.root, 'settings.json');
}

function isRule(value: unknown): value is DatasetRule {
  const rule = value as DatasetRule | undefined | null;
  if (typeof rule !== 'object' || rule === null) return false;
  if (rule.rule === 'level') return Number.isSafeInteger(rule.level) && rule.level >= 1;
  if (rule.rule === 'pattern') return typeof rule.pattern === 'string';
  if (rule.rule === 'names') {
    const { file, sha256, source, prefixes, buckets } = rule;
    return (
      isDatasetFile(file, 'names') &&
      SHA256.test(sha256) &&
      isText(source) &&
      isWhole(prefixes) &&
      isWhole(buckets)
    );
  }
  return (
    rule.rule === 'content' &&
    isDatasetFile(rule.file, 'contents') &&
    SHA256.test(rule.sha256) &&
    isText(rule.source) &&
    typeof rule.fetchedAt === 'string' &&
    Number.isSafeInteger(rule.contents) &&
    (rule.shared === 'undetermined' || rule.shared === 'first')
  );
}

function isSealedText(value: unknown): value is SealedText {
  const text = value as SealedText | null;
  const isHex = (part: unknown) => typeof part === 'string' && /^(?:[0-9a-f]{2})+$/.test(part);
  return typeof text === 'object' && text !== null && isHex(text.nonce) && isHex(text.box);
}
