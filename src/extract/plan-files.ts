import { realpathSync, type Stats } from 'node:fs';
import { isAbsolute } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { type Ledger, PLANNED } from '../../cache/ledger.js';
import { ENCODING } from '../source/encoding.js';
import { logFileName } from '../source/log-name.js';
import { displayPath, type LogPath, logPath, pathBytes } from '../source/log-path.js';
import {
  type SourceEntries,
  type SourceFile,
  type SourceProblem,
  walkFolder,
} from '../source/walk-folder.js';
import { compareFile } from './compare-file.js';
import type { PlannedFile } from './packed-files.js';

/** A log file that this run is to read. */
export interface NewFile extends PlannedFile {
  readonly relativePath: LogPath;
}

/** What planning counts and tells. */
export interface PlanObserver {
  found(): void;
  known(file: SourceFile): void;
  /** A file that cannot be counted in: unreadable, or changed since it was extracted. */
  failed(path: string, reason: string): void;
  /** Besides: a file of a known name is not the one extracted, or cannot be compared with it. */
  refused?(file: SourceFile, why: 'different' | 'unreadable', reason: string): void;
  warning(message: string): void;
}

/** Which files a plan looks at, by their names. */
export interface FileChoice {
  has(name: string): boolean;
  /** A few names were given: what has none, such as a folder that cannot be read, is not among them. */
  readonly isOfNames: boolean;
}

/** Files that wait at once, at most: a pass ends there, so that memory stays bounded (invariant I7). */
const MOST_WAITING = 100_000;

/** Files to be compared that are put in order together, and after how many everything else gets its turn. */
const MOST_LOOKS = 50_000;
const LOOKS_PER_TURN = 64;

/** A file of a known name and of another size or time. */
interface Look {
  readonly entry: SourceFile;
  readonly name: string;
  /** Of the commit that holds the name. */
  readonly ordinal: number;
}

/**
 * The files below `root` that are in no commit yet, in a fixed order, found as they are asked for.
 *
 * A file whose name this run has planned already waits until that one is committed, then it is
 * compared with it: so two copies of one log count once, in whatever folders they stand. When many
 * wait, the pass ends: what was given out is to be committed and {@link remaining} to be gone through before the next.
 */
export class FilePlan {
  /** Whether there is nothing more to be found: no further pass. */
  isComplete = false;
  /** Whether it was asked to look no further. */
  isStopped = false;
  private readonly walk: AsyncGenerator<SourceEntries, void>;
  /** Found and not looked at yet, from `at` on. */
  private entries: SourceEntries = [];
  private at = 0;
  private isWalked = false;
  private waiting: SourceFile[] = [];
  /** Found, and to be compared with what was extracted under their names; those whose turn it is. */
  private looks: Look[] = [];
  private ready: Look[] = [];
  private looked = 0;
  /** Where other runs began, as was written and as it really is: one may have been named by a link. */
  private readonly otherRoots: readonly { readonly written: LogPath; readonly real: LogPath }[];
  private readonly realRoot: LogPath;

  /**
   * @param mostWaiting with which a pass ends
   * @param choice of the files that are looked at; default: all
   * @param entries where files come from, if not from the folders below `root`
   * @param compareWith tells whether a file is the one extracted
   * @param onKnown of each file that is known and as it was when it was extracted, by size and time
   */
  constructor(
    private readonly root: LogPath,
    isExcluded: (stats: Stats) => boolean,
    private readonly ledger: Ledger,
    private readonly observer: PlanObserver,
    private readonly mostWaiting = MOST_WAITING,
    private readonly choice?: FileChoice | undefined,
    entries?: AsyncGenerator<SourceEntries, void> | undefined,
    private readonly compareWith: typeof compareFile = compareFile,
    private readonly onKnown: (file: SourceFile, name: string) => void = () => {},
  ) {
    this.walk = entries ?? walkFolder(root, isExcluded);
    this.realRoot = realPath(root);
    this.otherRoots = [...ledger.sources]
      .map(logPath)
      .filter((other) => other !== root)
      .map((written) => ({ written, real: realPath(written) }));
  }

  /** @returns the next new file, or undefined when this pass has no more */
  async next(): Promise<NewFile | undefined> {
    while (this.waiting.length < this.mostWaiting && !this.isStopped) {
      const look = this.ready.pop();
      if (look !== undefined) {
        const file = await this.lookAt(look);
        if (file !== undefined) return file;
        continue;
      }
      if (this.looks.length > 0 && (this.isWalked || this.looks.length >= MOST_LOOKS)) {
        // Taken from the end: commit by commit, so that each commit's ledger is read once.
        this.ready = this.looks.sort((one, other) => other.ordinal - one.ordinal);
        this.looks = [];
        continue;
      }
      if (this.isWalked) {
        this.isComplete = true;
        break;
      }
      if (this.at === this.entries.length) {
        await this.walkOn();
        continue;
      }
      const entry = this.entries[this.at++];
      if (entry.kind === 'problem') {
        this.reportProblem(entry);
        continue;
      }
      const name = logFileName(entry.relativePath);
      if (this.choice?.has(name) === false) continue;
      this.observer.found();
      const state = this.ledger.lookUp(name, entry.sizeBytes, entry.modifiedMs);
      // What nearly all files are in an archive that grows: nothing to wait for.
      if (state === 'same') {
        this.observer.known(entry);
        this.onKnown(entry, name);
        continue;
      }
      if (state !== 'new' && state !== PLANNED) {
        this.looks.push({ entry, name, ordinal: state });
        continue;
      }
      const file = await this.judge(entry, name, state);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  private async walkOn(): Promise<void> {
    const { value, done } = await this.walk.next();
    if (done) {
      this.isWalked = true;
      return;
    }
    this.entries = value;
    this.at = 0;
    // Everything else gets its turn.
    await nextTurn();
  }

  private async lookAt({ entry, name }: Look): Promise<NewFile | undefined> {
    if (++this.looked % LOOKS_PER_TURN === 0) await nextTurn();
    // What it is known by may have changed since it was found.
    const state = this.ledger.lookUp(name, entry.sizeBytes, entry.modifiedMs);
    return this.judge(entry, name, state);
  }

  /** Look at no more files. */
  stop(): void {
    this.isStopped = true;
    // What it closes on the way concerns nobody any more.
    this.walk.return().catch(() => {});
  }

  /** A file given out is not read by this run after all: it need not be remembered. */
  giveBack(file: NewFile): void {
    this.ledger.fail(file.name);
  }

  /** Files that waited, now that everything planned before is committed or has failed. */
  async *remaining(): AsyncGenerator<NewFile> {
    const { waiting } = this;
    this.waiting = [];
    // A name that is still in hand now failed, unless it is this pass that has just given it out.
    const givenOut = new Set<string>();
    for (const entry of waiting) {
      const name = logFileName(entry.relativePath);
      const state = this.ledger.lookUp(name, entry.sizeBytes, entry.modifiedMs);
      const file = await this.judge(entry, name, state, () => givenOut.has(name));
      if (file === undefined) continue;
      givenOut.add(file.name);
      yield file;
    }
  }

  /** How many files wait. */
  get remainingCount(): number {
    return this.waiting.length;
  }

  /** Let no file wait any more, where nothing is read anyway. @returns how many did */
  forgetRemaining(): number {
    return this.waiting.splice(0).length;
  }

  /**
   * @param state what the ledger says of it
   * @param isInHand whether a file of this name that was planned before may still come into a commit
   */
  private async judge(
    entry: SourceFile,
    name: string,
    state: 'same' | 'new' | number,
    isInHand: () => boolean = () => true,
  ): Promise<NewFile | undefined> {
    const { sizeBytes, modifiedMs } = entry;
    if (state === 'same') {
      this.observer.known(entry);
      return undefined;
    }
    if (state === 'new' && (await this.isKnownElsewhere(entry, name))) {
      this.observer.known(entry);
      return undefined;
    }
    if (state === PLANNED && isInHand()) {
      this.waiting.push(entry);
      return undefined;
    }
    if (state !== 'new' && state !== PLANNED) {
      const change = await this.compare(entry, name, state);
      if (change === 'same') {
        this.observer.known(entry);
        return undefined;
      }
      if (change !== 'new') {
        const { why, reason } = change;
        this.observer.failed(displayPath(entry.path), reason);
        this.observer.refused?.(entry, why, reason);
        return undefined;
      }
    }
    this.ledger.plan(name, sizeBytes, modifiedMs);
    const { path, relativePath, etag } = entry;
    const file = { path, relativePath, name, sizeBytes, modifiedMs };
    return etag === undefined ? file : { ...file, etag };
  }

  /** @returns 'same', 'new', or how the file differs from the one extracted */
  private async compare(
    entry: SourceFile,
    name: string,
    ordinal: number,
  ): Promise<
    'same' | 'new' | { readonly why: 'different' | 'unreadable'; readonly reason: string }
  > {
    const known = await this.ledger.find(ordinal, name);
    if (known === undefined) return 'new';
    // Of an imported log file nothing but the name is known: it was read.
    if (known.encoding === ENCODING.unknown) return 'same';
    // An empty file has no records that could count twice.
    if (known.sizeBytes === 0) return 'new';
    const comparison = await this.compareWith(entry, known);
    if (comparison === 'same') return 'same';
    if (comparison === 'unreadable') return { why: comparison, reason: 'it cannot be read' };
    const reason = `its content is not that of the log file ${name} that was extracted before (${entry.sizeBytes} bytes now, ${known.sizeBytes} then); it is not read again`;
    return { why: comparison, reason };
  }

  /**
   * Whether the file was extracted under another name, because another run began at a folder above or
   * below this one: names that are not unique by themselves are paths below where a run began.
   */
  private async isKnownElsewhere(entry: SourceFile, name: string): Promise<boolean> {
    if (this.otherRoots.length === 0) return false;
    for (const other of this.otherNames(entry.path)) {
      if (other === name) continue;
      const state = this.ledger.lookUp(other, entry.sizeBytes, entry.modifiedMs);
      if (state === 'same') return true;
      if (state === 'new' || state === PLANNED) continue;
      if ((await this.compare(entry, other, state)) === 'same') return true;
    }
    return false;
  }

  /** What a file would be known by, had a run that began elsewhere come upon it. */
  private otherNames(path: LogPath): Set<string> {
    const isBelow = path.startsWith(this.root);
    const real = isBelow ? `${this.realRoot}${path.slice(this.root.length)}` : path;
    const names = new Set<string>();
    for (const { written, real: realRoot } of this.otherRoots) {
      for (const root of new Set([written, realRoot])) {
        const folder = root.endsWith('/') ? root : `${root}/`;
        for (const place of new Set([path, real])) {
          // A run may have begun at this very file, which then went by its base name.
          if (place === root) {
            names.add(logFileName(written.slice(written.lastIndexOf('/') + 1) as LogPath));
          } else if (place.startsWith(folder)) {
            names.add(logFileName(place.slice(folder.length) as LogPath));
          }
        }
      }
    }
    return names;
  }

  private reportProblem(problem: SourceProblem): void {
    // Of which name it would be cannot be told.
    if (this.choice?.isOfNames === true) return;
    if (problem.isLoss) {
      this.observer.found();
      this.observer.failed(displayPath(problem.path), problem.reason);
    } else {
      this.observer.warning(`Skipped ${displayPath(problem.path)}: ${problem.reason}.`);
    }
  }
}

/** Where a path leads, links followed; what is not there now, or in a bucket, as it is. */
function realPath(path: LogPath): LogPath {
  if (!isAbsolute(path)) return path;
  try {
    return realpathSync(pathBytes(path), 'buffer').toString('latin1') as LogPath;
  } catch {
    return path;
  }
}
