import { existsSync, lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { CacheWriteError, writeFileAtomic } from '../atomic-write.js';
import { S3LogExtractionError } from '../error.js';
import { readOwnText, removeOwnFile } from '../own-file.js';
import type { CachePaths } from '../paths.js';
import {
  isListOf,
  isObject,
  isText,
  isWhole,
  sealedJson,
  sealedJsonOrNothing,
} from '../sealed-json.js';
import type { LedgerAccount } from './account.js';
import type { LedgerPart } from './part-file.js';

const PART_FILE = /^[0-9a-f]{16}\.part$/;

/** Raise it when hashes, stamps or parts change their meaning. */
const VERSION = 1;

/** Parts are written as the host has numbers in memory. */
const BYTE_ORDER = new Uint8Array(new Uint32Array([1]).buffer)[0] === 1 ? 'little' : 'big';

/** What `ledger/manifest.json` says (FORMAT.md section 14). */
export interface IndexManifest {
  /** All commits covered; the place of one in this list is its ordinal. */
  readonly commits: readonly string[];
  /** The folders that they were extracted from, each once. */
  readonly sources: readonly string[];
  /** Sums over them. */
  readonly account: LedgerAccount;
  readonly parts: readonly LedgerPart[];
}

/**
 * Read the manifest; undefined when it is missing, damaged, of another version or another kind of
 * host, that is when the index must be made anew.
 */
export function readIndexManifest(paths: CachePaths): IndexManifest | undefined {
  let text: string;
  try {
    text = readOwnText(manifestPath(paths));
  } catch {
    // Whatever is in its way: the index is made anew, or done without.
    return undefined;
  }
  const found = sealedJsonOrNothing(text);
  if (!isObject(found)) return undefined;
  const { version, byteOrder, ...manifest } = found;
  if (version !== VERSION || byteOrder !== BYTE_ORDER) return undefined;
  return isManifest(manifest) ? manifest : undefined;
}

/**
 * Replace the manifest, and remove the parts that it does not name. Those it names must be durable.
 *
 * @throws {CacheWriteError}
 */
export function writeIndexManifest(paths: CachePaths, manifest: IndexManifest): void {
  const text = sealedJson({ version: VERSION, byteOrder: BYTE_ORDER, ...manifest });
  writeFileAtomic(manifestPath(paths), text);
  removeOtherParts(paths, manifest.parts);
}

/**
 * Remove the index: it is made anew from the commits.
 *
 * @throws {CacheWriteError}
 * @throws {DamagedCacheError} somebody's folder stands where a file of it belongs
 */
export function removeIndex(paths: CachePaths): void {
  if (!existsSync(paths.ledger)) return;
  try {
    if (lstatSync(paths.ledger).isDirectory()) {
      // First what names the others.
      removeOwnFile(manifestPath(paths));
      for (const file of readdirSync(paths.ledger)) {
        if (PART_FILE.test(file)) removeOwnFile(join(paths.ledger, file));
      }
      if (readdirSync(paths.ledger).length > 0) return;
    }
    removeOwnFile(paths.ledger);
  } catch (error) {
    throw error instanceof S3LogExtractionError ? error : new CacheWriteError(paths.ledger, error);
  }
}

function removeOtherParts(paths: CachePaths, parts: readonly LedgerPart[]): void {
  const named = new Set(parts.map(({ file }) => file));
  for (const file of readdirSync(paths.ledger)) {
    if (!PART_FILE.test(file) || named.has(file)) continue;
    // What cannot be removed does no harm.
    try {
      rmSync(join(paths.ledger, file), { force: true });
    } catch {}
  }
}

function manifestPath(paths: CachePaths): string {
  return join(paths.ledger, 'manifest.json');
}

function isManifest(value: object): value is IndexManifest {
  const { commits, sources, account, parts } = value as Partial<IndexManifest>;
  if (!isListOf(commits, isText) || !isListOf(sources, isText)) return false;
  if (!isListOf(parts, isPart) || !isAccount(account)) return false;
  const entries = parts.reduce((sum, part) => sum + part.entries, 0);
  return account.commits === commits.length && account.files === entries;
}

function isPart(value: unknown): value is LedgerPart {
  return (
    isObject(value) &&
    isText(value.file) &&
    PART_FILE.test(value.file) &&
    isWhole(value.entries) &&
    [undefined, 1, 2, 4].some((bytes) => bytes === value.ordinalBytes) &&
    isListOf(value.checks, isText)
  );
}

function isAccount(value: unknown): value is LedgerAccount {
  if (!isObject(value) || !isObject(value.lines)) return false;
  const { commits, files, bytes, segmentBytes, recordBytes, lines, runs } = value;
  const { total, kept, skipped, rejected, reasons, notes } = value.lines;
  const counts = [commits, files, bytes, segmentBytes, recordBytes, total, kept, skipped, rejected];
  return (
    isObject(lines) &&
    counts.every(isWhole) &&
    isCountOrNone(value.objects) &&
    [reasons, notes].every(isObject) &&
    isListOf(runs, isRun)
  );
}

function isRun(value: unknown): value is LedgerAccount['runs'][number] {
  if (!isObject(value)) return false;
  const { run, from, to, source, files, bytes, linesKept, linesRejected } = value;
  const counts = [files, bytes, linesKept, linesRejected];
  return (
    [run, from, to, source].every(isText) && counts.every(isWhole) && isCountOrNone(value.objects)
  );
}

function isCountOrNone(value: unknown): boolean {
  return value === undefined || isWhole(value);
}
