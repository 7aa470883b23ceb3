import { ByteReader } from './byte-reader.js';
import { RollupsDamagedError } from './rollups-damaged-error.js';
import { RADIX } from './sums.js';
import { WeekSums } from './week-sums.js';

/** Goes through the assets of one section in order. */
class AssetCursor {
  /** See assetOrder; {@link length} bytes of it. */
  name = new Uint8Array(256);
  length = 0;
  isDone = false;
  readonly sums: ByteReader;
  /** Of this asset; empty where there are none. */
  readonly weeks = new WeekSums();
  readonly #hasWeeks: boolean;
  readonly #file: string;

  constructor(section: Uint8Array, hasWeeks: boolean, file: string) {
    this.#file = file;
    this.sums = new ByteReader(section);
    this.#hasWeeks = hasWeeks;
    this.next();
  }

  next(): void {
    const { sums } = this;
    const shared = sums.varint();
    const length = shared + sums.varint();
    if (shared > this.length || length - shared > sums.bytes.length - sums.at)
      throw this.#damaged();
    this.length = length;
    if (length === 0) {
      this.isDone = true;
      return;
    }
    if (length > this.name.length) {
      const longer = new Uint8Array(length * 2);
      longer.set(this.name);
      this.name = longer;
    }
    const { name } = this;
    const { bytes } = sums;
    let { at } = sums;
    for (let i = shared; i < length; i++) name[i] = bytes[at++];
    sums.at = at;
    sums.sums();
    if (!this.#hasWeeks) return;
    this.weeks.clear();
    try {
      this.weeks.read(sums);
    } catch (error) {
      if (error instanceof RangeError) throw this.#damaged();
      throw error;
    }
  }

  /** Its check was right, so it was written so: names that no writer writes. */
  #damaged(): RollupsDamagedError {
    return new RollupsDamagedError(this.#file, 'its assets make no sense');
  }
}

/**
 * Goes through the assets of several sections in order; what stands in several, or several times
 * in one (keys that differ only in a final slash), comes once. None of them is kept.
 */
export class MergedAssets {
  /** See assetOrder; {@link length} bytes of it, valid until the next one. */
  name = new Uint8Array(256);
  length = 0;
  low = 0;
  high = 0;
  requests = 0;
  downloads = 0;
  /** Bytes by week, where there are any. */
  readonly weeks = new WeekSums();
  /** How many there were so far. */
  count = 0;
  readonly #cursors: AssetCursor[];
  readonly #hasWeeks: boolean;

  /**
   * @param hasWeeks whether sums by week stand behind those of each asset
   * @param files where each section is from, for messages
   * @throws {RollupsDamagedError} as {@link next}, for sections that make no sense
   */
  constructor(sections: readonly Uint8Array[], hasWeeks = false, files: readonly string[] = []) {
    this.#cursors = sections.map(
      (section, i) => new AssetCursor(section, hasWeeks, files[i] ?? ''),
    );
    this.#hasWeeks = hasWeeks;
  }

  /** @returns whether there is one more */
  next(): boolean {
    let least: AssetCursor | undefined;
    for (const cursor of this.#cursors) {
      if (cursor.isDone) continue;
      if (least === undefined || compare(cursor, least) < 0) least = cursor;
    }
    if (least === undefined) return false;
    this.#setName(least);
    this.low = 0;
    this.high = 0;
    this.requests = 0;
    this.downloads = 0;
    this.count++;
    if (this.#hasWeeks) this.weeks.clear();
    for (const cursor of this.#cursors) {
      for (; !cursor.isDone && compare(cursor, this) === 0; cursor.next()) {
        this.#add(cursor.sums);
        if (this.#hasWeeks) this.weeks.addAll(cursor.weeks);
      }
    }
    return true;
  }

  #setName({ name, length }: AssetCursor): void {
    if (length > this.name.length) this.name = new Uint8Array(length * 2);
    this.length = length;
    for (let i = 0; i < length; i++) this.name[i] = name[i];
  }

  #add(sums: ByteReader): void {
    this.low += sums.low;
    this.high += sums.high;
    if (this.low >= RADIX) {
      this.low -= RADIX;
      this.high++;
    }
    this.requests += sums.requests;
    this.downloads += sums.downloads;
  }
}

interface Name {
  readonly name: Uint8Array;
  readonly length: number;
}

function compare(one: Name, other: Name): number {
  const most = Math.min(one.length, other.length);
  for (let i = 0; i < most; i++) {
    if (one.name[i] !== other.name[i]) return one.name[i] - other.name[i];
  }
  return one.length - other.length;
}
