import { makeDirectory } from './atomic-write.js';
import { type CommitRecord, listCommits, readCommit, type SegmentFile } from './commit-record.js';
import { addToAccount, emptyLedgerAccount, type LedgerAccount } from './ledger/account.js';
import { type FileHash, hashFile } from './ledger/file-hash.js';
import {
  type IndexManifest,
  readIndexManifest,
  removeIndex,
  writeIndexManifest,
} from './ledger/index-manifest.js';
import { KnownTable } from './ledger/known-table.js';
import {
  type FileIdentity,
  type KnownFile,
  readIdentities,
  readKnownFiles,
} from './ledger/ledger-segment.js';
import { mergeParts, writeParts } from './ledger/merge-parts.js';
import { LedgerIndexError, type LedgerPart, PartReader } from './ledger/part-file.js';
import { RunTable } from './ledger/run-table.js';
import type { Lock } from './lock.js';
import type { CachePaths } from './paths.js';

export type { KnownFile } from './ledger/ledger-segment.js';

/** Commit ordinal of a file that this run has planned and not committed yet. */
export const PLANNED = 0xffffffff;

/** Files, and commits, that the index does not cover at most: 64 MiB, and a minute or more of extraction. */
const MOST_FILES = 2_000_000;
const MOST_COMMITS = 1_000;

/** A reader without the lock may find a part gone because a writer has merged it. */
const READER_ATTEMPTS = 5;

/**
 * The log files that the commits hold, as far as planning needs them.
 *
 * Nearly all are in an index on disk (FORMAT.md section 14), which is derived from the commits and goes into memory as
 * a whole, in 9 bytes a file; those of commits that it does not cover, and those in hand, are in a table of this
 * run. What the table says is 'unchanged' or 'look': a look compares names, in the ledger segment of a commit.
 */
export class Ledger {
  private readonly run = new RunTable();
  private readonly known = new KnownTable();
  /** Names by ordinal. */
  private commits: string[] = [];
  private folders = new Set<string>();
  private account: LedgerAccount = emptyLedgerAccount();
  private parts: readonly LedgerPart[] = [];
  private readers: readonly PartReader[] = [];
  /** Ledger segments of the commits that the index does not cover, by ordinal. */
  private readonly uncovered = new Map<number, SegmentFile>();
  private lastRead:
    | { readonly ordinal: number; readonly files: Map<string, KnownFile> }
    | undefined;

  /** @param lock with which the index may be written; without it nothing is */
  constructor(
    private readonly paths: CachePaths,
    private readonly lock?: Pick<Lock, 'assertHeld'>,
  ) {}

  /**
   * The ledger of all commits: from the index what it covers, the rest from the commits. An index that is
   * missing, damaged, or names a commit that is gone counts for nothing, and is made anew.
   *
   * @throws {DamagedCacheError}
   */
  static async open(paths: CachePaths, lock?: Pick<Lock, 'assertHeld'>): Promise<Ledger> {
    const ledger = new Ledger(paths, lock);
    const commits = ledger.readIndex();
    const covered = new Set(ledger.commits);
    for (const commit of commits) {
      if (!covered.has(commit)) await ledger.load(readCommit(paths, commit));
    }
    ledger.save();
    return ledger;
  }

  /** The folders that the commits were extracted from. */
  get sources(): ReadonlySet<string> {
    return this.folders;
  }

  /** All commits, as they were when the ledger was opened or last added to. */
  get commitNames(): readonly string[] {
    return this.commits;
  }

  /**
   * Whether a log file of this name is in a commit, without a look at the disk: false is certain, true is wrong once in
   * some 2^50 (FORMAT.md section 14). Enough to count by, not to decide what is extracted.
   */
  mayKnow(name: string): boolean {
    const file = hashFile(name, 0, 0);
    return this.known.mayHaveName(file) || this.run.ordinals(file).length > 0;
  }

  /**
   * Take up the files of a commit, from its ledger segment.
   *
   * @throws {DamagedCacheError}
   * @throws {CacheWriteError}
   */
  async load(commit: CommitRecord): Promise<void> {
    this.add(commit, await readIdentities(this.paths, commit.files));
  }

  /** Take up a commit that was just made, without reading it. @throws {CacheWriteError} */
  add(commit: CommitRecord, files: readonly FileIdentity[]): void {
    const ordinal = this.commits.push(commit.commit) - 1;
    this.folders.add(commit.source);
    this.uncovered.set(ordinal, commit.files);
    for (const file of files) {
      this.run.commit(hashFile(file.name, file.sizeBytes, file.modifiedMs), ordinal);
    }
    if (this.lock === undefined) return;
    addToAccount(this.account, commit, this.paths);
    if (this.run.committed >= MOST_FILES || this.uncovered.size >= MOST_COMMITS) this.save();
  }

  /** Note that this run reads a file, so that a second one of this name waits. */
  plan(name: string, sizeBytes: number, modifiedMs: number): void {
    this.run.plan(hashFile(name, sizeBytes, modifiedMs));
  }

  /** Note that a file planned could not be read, so that a copy of it is new. */
  fail(name: string): void {
    this.run.cancel(hashFile(name, 0, 0));
  }

  /**
   * @returns 'new'; 'same' when size and modification time are those of the known file; or else the
   *   ordinal of the commit to look in ({@link find}), {@link PLANNED} when it is still in hand
   */
  lookUp(name: string, sizeBytes: number, modifiedMs: number): 'new' | 'same' | number {
    const file = hashFile(name, sizeBytes, modifiedMs);
    // Also one with the same stamp waits: what is in hand may yet turn out unreadable.
    if (this.run.isPlanned(file)) return PLANNED;
    if (this.known.has(file) || this.run.hasStamp(file)) return 'same';
    return this.candidates(file)[0] ?? 'new';
  }

  /** The commit that holds a name, given what {@link lookUp} told. */
  async commitOf(ordinal: number, name: string): Promise<string | undefined> {
    const others = this.candidates(hashFile(name, 0, 0)).filter((other) => other !== ordinal);
    for (const candidate of [ordinal, ...others]) {
      if ((await this.filesOf(candidate)).has(name)) return this.commits[candidate];
    }
    return undefined;
  }

  /** The newest commit that may hold a name, without a look at it; undefined: none does. */
  likelyCommit(name: string): number | undefined {
    return this.candidates(hashFile(name, 0, 0))[0];
  }

  /** The ledger's entry of a name in the commit that {@link lookUp} told, or else in another one. */
  async find(ordinal: number, name: string): Promise<KnownFile | undefined> {
    const others = this.candidates(hashFile(name, 0, 0)).filter((other) => other !== ordinal);
    for (const candidate of [ordinal, ...others]) {
      const file = (await this.filesOf(candidate)).get(name);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  /**
   * Let the index on disk cover all commits, and forget what it covers. Does nothing without the lock, or
   * when there is nothing to add.
   *
   * @throws {LockLostError}
   * @throws {CacheWriteError}
   */
  save(): void {
    const manifest = this.writeIndex();
    if (manifest !== undefined) this.take(manifest);
  }

  /** Save, as {@link save} does, at the end of a run: nothing is looked up any more. */
  finish(): void {
    this.writeIndex();
    this.close();
  }

  /** Close the files of the index. */
  close(): void {
    for (const reader of this.readers) reader.close();
    this.readers = [];
  }

  private writeIndex(): IndexManifest | undefined {
    if (this.lock === undefined || this.uncovered.size === 0) return undefined;
    this.lock.assertHeld();
    makeDirectory(this.paths.ledger);
    const written = writeParts(this.paths, this.run.takeCommitted());
    const manifest: IndexManifest = {
      commits: this.commits,
      sources: [...this.folders],
      account: this.account,
      parts: mergeParts(this.paths, [...this.parts, ...written]),
    };
    this.lock.assertHeld();
    writeIndexManifest(this.paths, manifest);
    this.uncovered.clear();
    return manifest;
  }

  /** @returns the names of all commits */
  private readIndex(): string[] {
    for (let attempt = 1; ; attempt++) {
      const manifest = readIndexManifest(this.paths);
      // Listed after the manifest was read, so that all it names must be there.
      const commits = listCommits(this.paths);
      const existing = new Set(commits);
      try {
        if (manifest?.commits.every((commit) => existing.has(commit))) {
          this.take(manifest);
          return commits;
        }
      } catch (error) {
        if (!(error instanceof LedgerIndexError)) throw error;
        if (this.lock === undefined && attempt < READER_ATTEMPTS) continue;
      }
      if (this.lock !== undefined) removeIndex(this.paths);
      return commits;
    }
  }

  /** @throws {LedgerIndexError} */
  private take(manifest: IndexManifest): void {
    this.close();
    const readers: PartReader[] = [];
    try {
      for (const part of manifest.parts) readers.push(new PartReader(this.paths.ledger, part));
      this.known.load(readers);
    } catch (error) {
      for (const reader of readers) reader.close();
      throw error;
    }
    this.readers = readers;
    this.parts = manifest.parts;
    this.commits = [...manifest.commits];
    this.folders = new Set(manifest.sources);
    this.account = manifest.account;
  }

  /** Ordinals of all commits that may hold the name, the newest first. */
  private candidates(file: FileHash): number[] {
    const ordinals = this.run.ordinals(file);
    if (this.known.mayHaveName(file)) {
      for (const reader of this.readers) ordinals.push(...reader.find(file.high, file.low));
    }
    return ordinals.sort((a, b) => b - a);
  }

  private async filesOf(ordinal: number): Promise<Map<string, KnownFile>> {
    // Names come in order, so the next one asked for is likely in the same commit.
    if (this.lastRead?.ordinal !== ordinal) {
      const segment =
        this.uncovered.get(ordinal) ?? readCommit(this.paths, this.commits[ordinal]).files;
      this.lastRead = { ordinal, files: await readKnownFiles(this.paths, segment) };
    }
    return this.lastRead.files;
  }
}
