import { closeSync, lstatSync, readSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import xxhash from 'xxhash-wasm';
import { makeDirectory, writeFileAtomic } from './atomic-write.js';
import { DamagedCacheError } from './commit-record.js';
import { systemErrorCode } from './error.js';
import { openOwnFile, readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';
import { isListOf, isObject, isText, sealedJson, sealedJsonOrNothing } from './sealed-json.js';
import type { RobotsChoice } from './settings.js';

const { h64Raw, create64 } = await xxhash();

/** XXH64 of the bytes of a published file, 16 hex digits; null: there is no such file. */
export type FileCheck = string | null;

/** How the counts of a published file were made: the rules of privacy.ts, and which records count. */
export interface CountingRule {
  /** Digits. */
  readonly threshold: string;
  /** Digits. */
  readonly modulus: string;
  readonly robots: RobotsChoice;
}

/**
 * What published files are to be (FORMAT.md section 10): for each name below `summaries/` its check,
 * or, while files are being replaced, those that it may have. A name that is not in it has no file.
 */
export interface PublishedChecks {
  /** Whether every table was published since checks are kept; else one not named is not known. */
  readonly isComplete: boolean;
  readonly files: ReadonlyMap<string, readonly FileCheck[]>;
  /** Each rule that any of these files may have been made by; none: an earlier version noted no rules. */
  readonly rules: readonly CountingRule[];
  /** When any of them became other than it was, ISO 8601. */
  readonly changedAt?: string | undefined;
}

/** Of runs that were killed, one after the other, between noting checks and renaming files. */
const MOST_CHECKS = 8;
const PIECE_BYTES = 1 << 20;

/** The check of a file in memory. */
export function checkOf(bytes: Uint8Array): string {
  return hex(h64Raw(bytes));
}

/** The check of a file that comes in pieces. */
export class PiecewiseCheck {
  readonly #hash = create64();

  add(piece: Uint8Array): void {
    this.#hash.update(piece);
  }

  value(): string {
    return hex(this.#hash.digest());
  }
}

/**
 * The check of the file that stands under a name below `summaries/`. Links are not followed.
 *
 * @param onPiece given its bytes, in order; they are valid until it returns
 * @returns null when there is none, undefined for anything but a regular file in a real folder
 */
export function checkOfPublished(
  paths: CachePaths,
  name: string,
  onPiece: (piece: Buffer) => void = () => {},
): FileCheck | undefined {
  const path = join(paths.summaries, name);
  let fd: number;
  try {
    if (!lstatSync(dirname(path)).isDirectory() || !lstatSync(path).isFile()) return undefined;
    fd = openOwnFile(path);
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR' || code === 'ENAMETOOLONG') return null;
    throw error;
  }
  try {
    const check = new PiecewiseCheck();
    const buffer = Buffer.allocUnsafe(PIECE_BYTES);
    for (;;) {
      const read = readSync(fd, buffer, 0, buffer.length, null);
      if (read === 0) return check.value();
      const piece = buffer.subarray(0, read);
      check.add(piece);
      onPiece(piece);
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * @returns undefined when none were noted: nothing was published, or by an earlier version
 * @throws {DamagedCacheError} they are not what was written
 */
export function readPublishedChecks(paths: CachePaths): PublishedChecks | undefined {
  const path = checksFile(paths);
  let text: string;
  try {
    text = readOwnText(path);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  const checks = sealedJsonOrNothing(text);
  if (!isObject(checks)) {
    throw new DamagedCacheError(path, 'it is not what was written', undefined, CHECKS_HINT);
  }
  const { version, complete, files, rules = [], changedAt } = checks;
  // Another version's are made anew.
  if (version !== 1) return undefined;
  const entries = isObject(files) ? Object.entries(files) : [];
  if (
    !isObject(files) ||
    !entries.every(isEntry) ||
    !isListOf(rules, isRule) ||
    !(changedAt === undefined || (isText(changedAt) && TIME.test(changedAt)))
  ) {
    throw new DamagedCacheError(path, 'it makes no sense', undefined, CHECKS_HINT);
  }
  return { isComplete: complete === true, files: new Map(entries), rules, changedAt };
}

const TIME = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/;

function isRule(value: unknown): value is CountingRule {
  if (!isObject(value)) return false;
  const { threshold, modulus, robots } = value;
  return (
    [threshold, modulus].every((digits) => isText(digits) && /^\d{1,400}$/.test(digits)) &&
    (robots === 'include' || robots === 'exclude' || robots === 'only')
  );
}

/** A file, or a file in a folder: no name leads out of `summaries/`. */
const NAME = /^(?!\.{1,2}(?:\/|$))[^/\0]+(?:\/(?!\.{1,2}$)[^/\0]+)?$/;

function isEntry(entry: readonly [string, unknown]): entry is [string, readonly FileCheck[]] {
  const [name, checks] = entry;
  return (
    NAME.test(name) &&
    Array.isArray(checks) &&
    checks.length > 0 &&
    checks.every((check) => check === null || /^[0-9a-f]{16}$/.test(String(check)))
  );
}

const CHECKS_HINT =
  'It tells what published files are to be: "s3logextraction repair" and "s3logextraction update" make them, and it, anew.';

/** What was read last: an update asks several times, and 20,000 files take a tenth of a second. */
let last:
  | { readonly path: string; readonly stamp: string; readonly checks: PublishedChecks }
  | undefined;

/** As {@link readPublishedChecks}; damaged ones are as good as none. */
export function knownChecks(paths: CachePaths): PublishedChecks | undefined {
  const path = checksFile(paths);
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return undefined;
  const stamp = `${stats.ino} ${stats.size} ${stats.mtimeMs}`;
  if (last?.path === path && last.stamp === stamp) return last.checks;
  try {
    const checks = readPublishedChecks(paths);
    if (checks !== undefined) last = { path, stamp, checks };
    return checks;
  } catch (error) {
    if (error instanceof DamagedCacheError) return undefined;
    throw error;
  }
}

/**
 * Keeps `rollups/published-checks.json` in step with what a run publishes: what files may be is durable before
 * they are replaced, and what they are once they have been. So a reader finds each file to be as noted at any
 * time. Only for the holder of the lock.
 */
export class PublishedChecksWriter {
  readonly #paths: CachePaths;
  readonly #files: Map<string, readonly FileCheck[]>;
  readonly #published = new Map<string, string>();
  #isComplete: boolean;
  #rules: readonly CountingRule[];
  readonly #rule: CountingRule | undefined;
  #changedAt: string | undefined;
  /** What stands on disk differs from what is here. */
  #isChanged = false;
  /** Files differ from those that were there. */
  #areFilesChanged = false;

  /** @param rule by which this run counts; none: it publishes no counts */
  constructor(paths: CachePaths, rule?: CountingRule) {
    this.#paths = paths;
    const known = knownChecks(paths);
    this.#files = new Map(known?.files);
    this.#isComplete = known?.isComplete ?? false;
    this.#rules = known?.rules ?? [];
    this.#rule = rule;
    this.#changedAt = known?.changedAt;
  }

  /** @param name below `summaries/`, of a file that this run has written or found to be right */
  add(name: string, check: string): void {
    this.#published.set(name, check);
    const before = this.#files.get(name) ?? [null];
    if (before.at(-1) === check) return;
    const others = before.filter((other) => other !== check);
    this.#files.set(name, [...others, check].slice(-MOST_CHECKS));
    this.#isChanged = true;
    this.#areFilesChanged = true;
  }

  /** Forget files that are to be removed: from now on they belong to nobody. */
  drop(isStale: (name: string) => boolean): void {
    for (const name of [...this.#files.keys()].filter(isStale)) {
      this.#published.delete(name);
      this.#files.delete(name);
      this.#isChanged = true;
      this.#areFilesChanged = true;
    }
  }

  /** Before files are replaced. @throws {CacheWriteError} */
  begin(): void {
    const rule = this.#rule;
    if (rule !== undefined && !this.#rules.some((other) => isDeepStrictEqual(other, rule))) {
      this.#setRules([...this.#rules, rule]);
    }
    this.#write();
  }

  /**
   * When all files added have been replaced.
   *
   * @param everything all tables there are were published, now or before
   * @throws {CacheWriteError}
   */
  end(everything = false): void {
    for (const [name, check] of this.#published) {
      const before = this.#files.get(name);
      if (before?.length === 1 && before[0] === check) continue;
      this.#files.set(name, [check]);
      this.#isChanged = true;
    }
    if (everything && !this.#isComplete) {
      this.#isComplete = true;
      this.#isChanged = true;
    }
    // Files that this run found to be right are as its rule makes them, too.
    if (everything && this.#rule !== undefined) this.#setRules([this.#rule]);
    this.#write();
  }

  #setRules(rules: readonly CountingRule[]): void {
    if (isDeepStrictEqual(rules, this.#rules)) return;
    this.#rules = rules;
    this.#isChanged = true;
  }

  #write(): void {
    if (!this.#isChanged) return;
    if (this.#areFilesChanged) this.#changedAt = new Date().toISOString();
    const text = sealedJson({
      version: 1,
      complete: this.#isComplete,
      rules: this.#rules,
      changedAt: this.#changedAt,
      files: Object.fromEntries(this.#files),
    });
    makeDirectory(this.#paths.rollups);
    writeFileAtomic(checksFile(this.#paths), text);
    this.#isChanged = false;
    this.#areFilesChanged = false;
  }
}

/** Where checks stand. */
export function checksFile(paths: CachePaths): string {
  return join(paths.rollups, 'published-checks.json');
}

function hex(hash: bigint): string {
  return hash.toString(16).padStart(16, '0');
}
