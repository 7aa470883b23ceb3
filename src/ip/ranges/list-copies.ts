import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeFileAtomic } from '../../../cache/atomic-write.js';
import { systemErrorCode } from '../../../cache/error.js';
import { DamagedCacheError, readOwnFile, readOwnText } from '../../../cache/own-file.js';
import { type Etags, sha256 } from './download-list.js';
import { decodeText } from './fetch-text.js';
import { UnusableListError } from './list-error.js';

/** What is noted of a downloaded list (FORMAT.md, `ips/ranges/state.json`). */
export interface CopyState {
  /** SHA-256 of the addresses it was downloaded from, one a line. */
  readonly source: string;
  readonly etags: Etags;
  /** When the server last said that this is the current list, ISO 8601. */
  readonly fetchedAt: string;
  readonly bytes: number;
  readonly sha256: string;
}

export interface ListCopy {
  readonly text: string;
  /** When it was current, in ms since 1970. */
  readonly fetchedAt: number;
  /** Undefined when the file is not the one noted: another download was cut short, or somebody changed it. */
  readonly state: CopyState | undefined;
}

/** The downloaded lists in `ips/ranges/`, each with what is noted of it. */
export class ListCopies {
  readonly #directory: string;
  readonly #states: Record<string, CopyState>;
  #isChanged = false;

  /** @param root the cache directory */
  constructor(root: string) {
    this.#directory = join(root, 'ips', 'ranges');
    this.#states = readStates(join(this.#directory, 'state.json'));
  }

  /** The copy of a list, which may be of any age and not parse; undefined when there is none. */
  read(file: string, limitBytes: number): ListCopy | undefined {
    const path = join(this.#directory, file);
    let text: string;
    let bytes: Buffer;
    try {
      if (lstatSync(path).size > limitBytes) return undefined;
      bytes = readOwnFile(path);
      text = decodeText(bytes);
    } catch (error) {
      // A link is no copy, and is replaced by the next one.
      const isNone = error instanceof UnusableListError || error instanceof DamagedCacheError;
      if (isNone || systemErrorCode(error) === 'ENOENT') return undefined;
      throw error;
    }
    const noted = this.#states[file];
    const state = noted?.sha256 === sha256(bytes) ? noted : undefined;
    const fetchedAt = state === undefined ? lstatSync(path).mtimeMs : Date.parse(state.fetchedAt);
    return { text, fetchedAt, state };
  }

  /**
   * Replace the copy of a list (FORMAT.md W1). The text must have been parsed already.
   *
   * @throws {CacheWriteError}
   */
  replace(
    file: string,
    text: string,
    state: Pick<CopyState, 'source' | 'etags' | 'fetchedAt'>,
  ): void {
    const bytes = Buffer.from(text, 'utf8');
    makeDirectory(this.#directory);
    writeFileAtomic(join(this.#directory, file), bytes);
    this.#note(file, { ...state, bytes: bytes.length, sha256: sha256(bytes) });
  }

  /** The copy of this list is still the current one. */
  confirm(file: string, state: CopyState, fetchedAt: string): void {
    this.#note(file, { ...state, fetchedAt });
  }

  /**
   * Write what was noted. Without it, the copies only count as old.
   *
   * @throws {CacheWriteError}
   */
  save(): void {
    if (!this.#isChanged) return;
    const text = JSON.stringify({ version: 1, lists: this.#states }, undefined, 2);
    writeFileAtomic(join(this.#directory, 'state.json'), `${text}\n`);
    this.#isChanged = false;
  }

  #note(file: string, state: CopyState): void {
    this.#states[file] = state;
    this.#isChanged = true;
  }
}

/** Damaged or of another version: nothing is known, and the lists are downloaded again. */
function readStates(path: string): Record<string, CopyState> {
  try {
    const { version, lists } = JSON.parse(readOwnText(path)) as Record<string, unknown>;
    if (version !== 1 || typeof lists !== 'object' || lists === null) return {};
    return Object.fromEntries(Object.entries(lists).filter(([, state]) => isState(state)));
  } catch {
    return {};
  }
}

function isState(value: unknown): value is CopyState {
  const state = value as Partial<CopyState> | null;
  return (
    typeof state?.source === 'string' &&
    typeof state.sha256 === 'string' &&
    typeof state.bytes === 'number' &&
    typeof state.etags === 'object' &&
    state.etags !== null &&
    Object.values(state.etags).every((etag) => typeof etag === 'string') &&
    Number.isFinite(Date.parse(state.fetchedAt ?? ''))
  );
}
