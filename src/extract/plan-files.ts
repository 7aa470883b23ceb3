import { closeSync, openSync, readSync, type Stats } from 'node:fs';
import { type Ledger, PLANNED } from '../../cache/ledger.js';
import { contentCheck } from '../source/content-check.js';
import { detectEncoding, SIGNATURE_BYTES } from '../source/encoding.js';
import { logFileName } from '../source/log-name.js';
import { displayPath, type LogPath, pathBytes } from '../source/log-path.js';
import { type SourceFile, type SourceProblem, walkFolder } from '../source/walk-folder.js';
import type { PlannedFile } from './worker-messages.js';

/** A log file that this run is to read. */
export interface NewFile extends PlannedFile {
  readonly relativePath: LogPath;
}

/** What planning counts and tells. */
export interface PlanObserver {
  found(): void;
  known(): void;
  /** A file that cannot be counted in: unreadable, or changed since it was extracted. */
  failed(path: string, reason: string): void;
  warning(message: string): void;
}

/**
 * The files below `root` that are in no commit yet, in a fixed order, found as they are asked for.
 *
 * A file whose name this run has planned already waits until that one is committed, then it is
 * compared with it: so two copies of one log count once, in whatever folders they stand.
 */
export class FilePlan {
  private readonly walk: Generator<SourceFile | SourceProblem>;
  private waiting: SourceFile[] = [];

  constructor(
    root: LogPath,
    isExcluded: (stats: Stats) => boolean,
    private readonly ledger: Ledger,
    private readonly observer: PlanObserver,
  ) {
    this.walk = walkFolder(root, isExcluded);
  }

  /** @returns the next new file, or undefined when the folder has no more */
  async next(): Promise<NewFile | undefined> {
    for (const entry of { [Symbol.iterator]: () => ({ next: () => this.walk.next() }) }) {
      if (entry.kind === 'problem') {
        this.reportProblem(entry);
        continue;
      }
      this.observer.found();
      const file = await this.judge(entry);
      if (file !== undefined) return file;
    }
    return undefined;
  }

  /** Files that waited, now that everything planned before is committed or has failed. */
  async *remaining(): AsyncGenerator<NewFile> {
    const { waiting } = this;
    this.waiting = [];
    // A name that is still in hand now failed, unless it is this pass that has just given it out.
    const givenOut = new Set<string>();
    for (const entry of waiting) {
      const file = await this.judge(entry, (name) => givenOut.has(name));
      if (file === undefined) continue;
      givenOut.add(file.name);
      yield file;
    }
  }

  /** How many files wait. */
  get remainingCount(): number {
    return this.waiting.length;
  }

  /** @param isInHand whether a name planned before may still come into a commit */
  private async judge(
    entry: SourceFile,
    isInHand: (name: string) => boolean = () => true,
  ): Promise<NewFile | undefined> {
    const name = logFileName(entry.relativePath);
    const { sizeBytes, modifiedMs } = entry;
    const state = this.ledger.lookUp(name, sizeBytes, modifiedMs);
    if (state === 'same') {
      this.observer.known();
      return undefined;
    }
    if (state === PLANNED && isInHand(name)) {
      this.waiting.push(entry);
      return undefined;
    }
    if (state !== 'new' && state !== PLANNED) {
      const change = await this.compare(entry, name, state);
      if (change === 'same') {
        this.observer.known();
        return undefined;
      }
      if (change !== 'new') {
        this.observer.failed(displayPath(entry.path), change);
        return undefined;
      }
    }
    this.ledger.plan(name, sizeBytes, modifiedMs);
    return { path: entry.path, relativePath: entry.relativePath, name, sizeBytes, modifiedMs };
  }

  /** @returns 'same', 'new', or how the file differs from the one extracted */
  private async compare(entry: SourceFile, name: string, ordinal: number): Promise<string> {
    const known = await this.ledger.find(ordinal, name);
    if (known === undefined) return 'new';
    let found: { check: number; encoding: number };
    try {
      found = inspect(entry);
    } catch {
      return 'it cannot be read';
    }
    // An empty file has no records that could count twice.
    if (known.sizeBytes === 0) return 'new';
    // A file that was too short to tell how it is stored was no copy of one that is not.
    const couldTell = known.sizeBytes >= SIGNATURE_BYTES;
    if (found.encoding !== known.encoding && couldTell) return 'same';
    if (entry.sizeBytes === known.sizeBytes && found.check === known.check) return 'same';
    return `its content is not that of the log file ${name} that was extracted before (${entry.sizeBytes} bytes now, ${known.sizeBytes} then); it is not read again`;
  }

  private reportProblem(problem: SourceProblem): void {
    if (problem.isLoss) {
      this.observer.found();
      this.observer.failed(displayPath(problem.path), problem.reason);
    } else {
      this.observer.warning(`Skipped ${displayPath(problem.path)}: ${problem.reason}.`);
    }
  }
}

function inspect(file: SourceFile): { check: number; encoding: number } {
  const fd = openSync(pathBytes(file.path), 'r');
  try {
    const signature = Buffer.alloc(SIGNATURE_BYTES);
    const length = readSync(fd, signature, 0, SIGNATURE_BYTES, 0);
    return {
      check: contentCheck(fd, file.sizeBytes),
      encoding: detectEncoding(signature.subarray(0, length)),
    };
  } finally {
    closeSync(fd);
  }
}
