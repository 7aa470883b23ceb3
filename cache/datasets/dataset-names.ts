import { join } from 'node:path';
import { DamagedCacheError } from '../own-file.js';
import type { CachePaths } from '../paths.js';
import { isListOf, isObject, isText } from '../sealed-json.js';
import {
  type DatasetFile,
  datasetsFolder,
  readDatasetFile,
  writeDatasetFile,
} from './dataset-files.js';

/** What becomes of keys that begin with none of the prefixes. */
export const OTHERWISE = ['first-component', 'unassociated'] as const;

/** The name that keys with a prefix are published under. */
export type NamedPrefix = readonly [prefix: string, name: string];

/** Names of datasets. */
export interface DatasetNames {
  /** Each prefix once, as logs show keys; ordered by their bytes. */
  readonly prefixes: readonly NamedPrefix[];
  readonly otherwise: (typeof OTHERWISE)[number];
}

const VERSION = 1;
const HINT =
  'Give the names again: "s3logextraction update summaries --names FILE"; or say what else the datasets are, as with --dataset-level 1.';

/**
 * Write names (FORMAT.md section 15), durably, under a new name. The same names have the same bytes.
 *
 * @throws {CacheWriteError}
 */
export function writeDatasetNames(paths: CachePaths, names: DatasetNames): DatasetFile {
  return writeDatasetFile(paths, 'names', bytesOfNames(names));
}

/** What {@link writeDatasetNames} writes. */
export function bytesOfNames({ otherwise, prefixes }: DatasetNames): Buffer {
  return Buffer.from(`${JSON.stringify({ version: VERSION, otherwise, prefixes })}\n`);
}

/** @throws {DamagedCacheError} */
export function readDatasetNames(paths: CachePaths, file: DatasetFile): DatasetNames {
  const bytes = readDatasetFile(paths, file, HINT);
  let value: unknown;
  try {
    value = JSON.parse(bytes.toString('utf8'));
  } catch {
    value = undefined;
  }
  if (isNames(value)) return value;
  const path = join(datasetsFolder(paths), file.file);
  throw new DamagedCacheError(path, 'its names make no sense', undefined, HINT);
}

function isNames(value: unknown): value is DatasetNames {
  return (
    isObject(value) &&
    value.version === VERSION &&
    OTHERWISE.some((one) => one === value.otherwise) &&
    isListOf(value.prefixes, isNamedPrefix) &&
    isInOrder(value.prefixes)
  );
}

function isNamedPrefix(value: unknown): value is NamedPrefix {
  return isListOf(value, isText) && value.length === 2 && value.every((text) => text !== '');
}

/** Look-ups depend on it. */
function isInOrder(prefixes: readonly NamedPrefix[]): boolean {
  const bytes = prefixes.map(([prefix]) => Buffer.from(prefix));
  return bytes.every((own, i) => i === 0 || Buffer.compare(bytes[i - 1], own) < 0);
}

/** By the bytes of a text of each in UTF-8. */
export function inByteOrder<T>(values: Iterable<T>, textOf: (value: T) => string): T[] {
  return Array.from(values, (value) => ({ value, bytes: Buffer.from(textOf(value)) }))
    .sort((one, other) => Buffer.compare(one.bytes, other.bytes))
    .map(({ value }) => value);
}
