import type { ValidationFolder } from '../cache/validation/validation-folder.js';
import { type JudgedFile, VerdictStore } from '../cache/validation/verdict-store.js';
import type { Verdict } from './line-examiner.js';
import type { Protocol } from './protocol.js';

/** What a protocol said of a file when it read it. */
export interface KnownVerdict {
  readonly lines: number;
  readonly contentBytes: number;
  readonly verdict: Verdict;
}

/** As it stands in the state: short where there is nothing to tell. */
const SOUND: Verdict = { isJudged: true, tallies: [], first: [] };

/** What one protocol has said of files, in this run and in earlier ones; what other versions of it said does not count. */
export class KnownVerdicts {
  readonly #store: VerdictStore;

  constructor(folder: ValidationFolder, { name, version }: Protocol) {
    this.#store = new VerdictStore(folder.path, name, version);
  }

  /**
   * @param most findings that must be there one by one, if there are so many
   * @returns undefined when the file has to be read
   */
  find(file: JudgedFile, most: number): KnownVerdict | undefined {
    const found = this.#store.find(file);
    if (found === undefined) return undefined;
    const { lines, contentBytes, text } = found;
    const verdict = text === undefined ? SOUND : (JSON.parse(text) as Verdict);
    const count = verdict.tallies.reduce((sum, tally) => sum + tally.lines, 0);
    if (verdict.first.length < Math.min(most, count)) return undefined;
    return { lines, contentBytes, verdict };
  }

  add(file: JudgedFile, { lines, contentBytes, verdict }: KnownVerdict): void {
    const isSound = verdict.isJudged && verdict.tallies.length === 0;
    const text = isSound ? undefined : JSON.stringify(verdict);
    this.#store.add(file, { lines, contentBytes, text });
  }

  /** Keep what was added. @throws {CacheWriteError} */
  flush(): void {
    this.#store.flush();
  }

  close(): void {
    this.#store.close();
  }
}
