import { AssetCursor } from './asset-cursor.js';
import { RADIX } from './sums.js';
import { WeekSums } from './week-sums.js';

/**
 * Goes through the assets of several sections in order; what stands in several comes once. None of
 * them is kept.
 *
 * A merge that remembers how much of each name is that of the name before (as in LCP mergesort): names
 * of a dataset begin alike, and most are told apart by two lengths alone. Of two names that both come
 * after a third, the one that shares more with it is the lower one.
 */
export class MergedAssets {
  /** See assetOrder; {@link length} bytes of it, valid until the next one. */
  name: Uint8Array = new Uint8Array(0);
  length = 0;
  /** So many bytes of the name are those of the one before. */
  shared = 0;
  low = 0;
  high = 0;
  requests = 0;
  downloads = 0;
  /** Bytes by week, where there are any. */
  weeks = new WeekSums();
  /** How many there were so far. */
  count = 0;
  /** Those that are not done, and how much the name of each shares with the one that came last. */
  readonly #sources: { readonly cursor: AssetCursor; shared: number; isTaken: boolean }[];
  readonly #hasWeeks: boolean;
  readonly #weeks = this.weeks;

  /**
   * @param hasWeeks whether sums by week stand behind those of each asset
   * @param files where each section is from, for messages
   * @throws {RollupsDamagedError} as {@link next}, for sections that make no sense
   */
  constructor(sections: readonly Uint8Array[], hasWeeks = false, files: readonly string[] = []) {
    this.#sources = sections
      .map((section, i) => new AssetCursor(section, hasWeeks, files[i]))
      .map((cursor) => ({ cursor, shared: 0, isTaken: false }))
      .filter(({ cursor }) => !cursor.isDone);
    this.#hasWeeks = hasWeeks;
  }

  /** @returns whether there is one more */
  next(): boolean {
    const sources = this.#sources;
    for (let i = sources.length - 1; i >= 0; i--) {
      const source = sources[i];
      if (!source.isTaken) continue;
      source.isTaken = false;
      source.cursor.next();
      source.shared = source.cursor.shared;
      if (source.cursor.isDone) sources.splice(i, 1);
    }
    let least = sources[0];
    if (least === undefined) return false;
    for (let i = 1; i < sources.length; i++) {
      const source = sources[i];
      const isLower =
        source.shared === least.shared
          ? compareFrom(source.shared, source.cursor, least.cursor) < 0
          : source.shared > least.shared;
      if (isLower) least = source;
    }
    const { cursor, shared } = least;
    this.name = cursor.name;
    this.length = cursor.length;
    this.shared = shared;
    this.low = cursor.low;
    this.high = cursor.high;
    this.requests = cursor.requests;
    this.downloads = cursor.downloads;
    this.weeks = cursor.weeks;
    this.count++;
    least.isTaken = true;
    for (let i = 0; i < sources.length; i++) {
      const source = sources[i];
      // Who shares less with the last name than this one does shares as much with this one.
      if (source === least || source.shared !== shared) continue;
      source.shared = commonLength(shared, source.cursor, cursor);
      if (source.shared !== cursor.length || source.cursor.length !== cursor.length) continue;
      source.isTaken = true;
      this.#add(source.cursor);
    }
    return true;
  }

  #add(cursor: AssetCursor): void {
    this.low += cursor.low;
    this.high += cursor.high;
    if (this.low >= RADIX) {
      this.low -= RADIX;
      this.high++;
    }
    this.requests += cursor.requests;
    this.downloads += cursor.downloads;
    if (!this.#hasWeeks) return;
    if (this.weeks !== this.#weeks) {
      this.#weeks.clear();
      this.#weeks.addAll(this.weeks);
      this.weeks = this.#weeks;
    }
    this.weeks.addAll(cursor.weeks);
  }
}

/** How many bytes two names begin with alike. @param from so many are known to be alike */
function commonLength(from: number, one: AssetCursor, other: AssetCursor): number {
  const a = one.name;
  const b = other.name;
  const most = Math.min(one.length, other.length);
  let i = from;
  while (i < most && a[i] === b[i]) i++;
  return i;
}

function compareFrom(from: number, one: AssetCursor, other: AssetCursor): number {
  const common = commonLength(from, one, other);
  if (common === one.length || common === other.length) return one.length - other.length;
  return one.name[common] - other.name[common];
}
