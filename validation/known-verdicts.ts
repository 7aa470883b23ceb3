import { isListOf, isObject, isText, isWhole } from '../cache/sealed-json.js';
import type { ValidationFolder } from '../cache/validation/validation-folder.js';
import { type JudgedFile, VerdictStore } from '../cache/validation/verdict-store.js';
import type { Tally, Verdict } from './line-examiner.js';
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
  readonly #reasons: number;

  constructor(folder: ValidationFolder, { name, version, reasons }: Protocol) {
    this.#store = new VerdictStore(folder.path, name, version);
    this.#reasons = reasons.length;
  }

  /**
   * @param most findings that must be there one by one, if there are so many
   * @returns undefined when the file has to be read
   */
  find(file: JudgedFile, most: number): KnownVerdict | undefined {
    const found = this.#store.find(file);
    if (found === undefined) return undefined;
    const { lines, contentBytes, text } = found;
    const verdict = text === undefined ? SOUND : parseVerdict(text, this.#reasons);
    if (verdict === undefined) return undefined;
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

/** @returns undefined for what makes no sense: a right check says that it was written so, not by whom */
function parseVerdict(text: string, reasons: number): Verdict | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const isReason = (reason: unknown): boolean => isWhole(reason) && reason < reasons;
  const isTally = (tally: unknown): tally is Tally =>
    isObject(tally) &&
    isReason(tally.reason) &&
    isWhole(tally.lines) &&
    isWhole(tally.records) &&
    isText(tally.bytes) &&
    /^\d{1,40}$/.test(tally.bytes);
  const isPlace = (place: unknown): place is Verdict['first'][number] =>
    isListOf(place, isWhole) && place.length === 2 && isReason(place[1]);
  const isVerdict =
    isObject(value) &&
    typeof value.isJudged === 'boolean' &&
    isListOf(value.tallies, isTally) &&
    isListOf(value.first, isPlace);
  return isVerdict ? (value as unknown as Verdict) : undefined;
}
