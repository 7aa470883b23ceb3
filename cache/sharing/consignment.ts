import { join } from 'node:path';
import { fsyncDirectory, writeFileAtomic } from '../atomic-write.js';
import { systemErrorCode } from '../error.js';
import { DamagedCacheError, readOwnText, removeOwnFile } from '../own-file.js';
import {
  isListOf,
  isObject,
  isText,
  isWhole,
  sealedJson,
  sealedJsonOrNothing,
} from '../sealed-json.js';
import { type CollectorMemory, isCollectorMemory } from './gathering-memory.js';
import type { SharingPaths } from './sharing-paths.js';

/** A package that stands in the cache until it is shipped. */
export interface StandingPackage {
  /** Of its file, here and there: `usage-20260301T101112Z-<32 hex>.tar.gz`. */
  readonly name: string;
  readonly group: string;
  /** Packed. */
  readonly sizeBytes: number;
  readonly uncompressedBytes: number;
  /** Of the packed bytes. */
  readonly sha256: string;
  /** Names of the files in it. */
  readonly files: readonly string[];
  readonly isShipped: boolean;
}

/** Packages that count as shipped together, and what is remembered once they are. */
export interface Consignment {
  /** From the names of its packages. */
  readonly id: string;
  readonly packages: readonly StandingPackage[];
  readonly collectors: Readonly<Record<string, CollectorMemory>>;
}

/**
 * The consignment that is on its way, if there is one: recorded when all of its packages are durable, and gone when all of
 * them are shipped and that is remembered.
 *
 * @throws {DamagedCacheError}
 */
export function readConsignment(paths: SharingPaths): Consignment | undefined {
  let text: string;
  try {
    text = readOwnText(paths.consignment);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const value = sealedJsonOrNothing(text);
  if (!isObject(value) || value.version !== 1 || !isConsignment(value)) {
    throw new DamagedCacheError(
      paths.consignment,
      'it is not what was written',
      undefined,
      'Remove that file: what it named is gathered and sent again, under the same names.',
    );
  }
  return { id: value.id, packages: value.packages, collectors: value.collectors };
}

/** @throws {CacheWriteError} */
export function writeConsignment(paths: SharingPaths, consignment: Consignment): void {
  writeFileAtomic(paths.consignment, sealedJson({ version: 1, ...consignment }));
}

/** Remove a consignment that is remembered as shipped: first the record, then its packages. */
export function removeConsignment(paths: SharingPaths, consignment: Consignment): void {
  removeOwnFile(paths.consignment);
  fsyncDirectory(paths.root);
  for (const { name } of consignment.packages) removeOwnFile(join(paths.packages, name));
}

/** No name leads out of the folder of packages. */
const NAME = /^[a-z0-9][A-Za-z0-9_-]{0,150}\.tar\.gz$/;

function isConsignment(value: Readonly<Record<string, unknown>>): value is {
  readonly [K in keyof Consignment]: Consignment[K];
} {
  const { id, packages, collectors } = value;
  return (
    isText(id) &&
    isListOf(packages, isStandingPackage) &&
    isObject(collectors) &&
    Object.values(collectors).every(isCollectorMemory)
  );
}

function isStandingPackage(value: unknown): value is StandingPackage {
  return (
    isObject(value) &&
    isText(value.name) &&
    NAME.test(value.name) &&
    isText(value.group) &&
    isWhole(value.sizeBytes) &&
    isWhole(value.uncompressedBytes) &&
    isText(value.sha256) &&
    /^[0-9a-f]{64}$/.test(value.sha256) &&
    isListOf(value.files, isText) &&
    typeof value.isShipped === 'boolean'
  );
}
