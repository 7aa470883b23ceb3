import { ByteReader } from './byte-reader.js';
import { RollupsDamagedError } from './rollups-damaged-error.js';
import { RADIX } from './sums.js';
import { WeekSums } from './week-sums.js';

/** Goes through the assets of one section in order; what stands there several times comes once. */
export class AssetCursor {
  /** See assetOrder; {@link length} bytes of it. */
  name = new Uint8Array(256);
  length = 0;
  /** So many bytes of the name are those of the one before. */
  shared = 0;
  isDone = false;
  low = 0;
  high = 0;
  requests = 0;
  downloads = 0;
  /** Of this asset; empty where there are none. */
  readonly weeks = new WeekSums();
  readonly #from: ByteReader;
  readonly #hasWeeks: boolean;
  /** Of the name that follows: bytes shared with this one, and further ones. */
  #nextShared = 0;
  #nextRest = 0;

  readonly #file: string;

  /**
   * @param file where the section is from, for messages
   * @throws {RollupsDamagedError} as {@link next}: its check was right, so it was written so, by whoever
   */
  constructor(section: Uint8Array, hasWeeks: boolean, file = '') {
    this.#file = file;
    this.#from = new ByteReader(section);
    this.#hasWeeks = hasWeeks;
    this.#readLengths();
    this.next();
  }

  /** Go on, also behind the last one: then it is done. */
  next(): void {
    const shared = this.#nextShared;
    const length = shared + this.#nextRest;
    const { bytes, at } = this.#from;
    if (shared > this.length || this.#nextRest > bytes.length - at) throw this.#damaged();
    this.shared = shared;
    this.length = length;
    if (length === 0) {
      this.isDone = true;
      return;
    }
    this.#setName(shared, length);
    this.low = 0;
    this.high = 0;
    this.requests = 0;
    this.downloads = 0;
    if (this.#hasWeeks) this.weeks.clear();
    // Keys that differ only in a final slash are one asset.
    do {
      this.#addSums();
      this.#readLengths();
    } while (this.#nextRest === 0 && this.#nextShared === length);
  }

  #readLengths(): void {
    this.#nextShared = this.#from.varint();
    this.#nextRest = this.#from.varint();
  }

  #setName(shared: number, length: number): void {
    if (length > this.name.length) {
      const longer = new Uint8Array(length * 2);
      longer.set(this.name);
      this.name = longer;
    }
    const { name } = this;
    const { bytes } = this.#from;
    let { at } = this.#from;
    for (let i = shared; i < length; i++) name[i] = bytes[at++];
    this.#from.at = at;
  }

  #addSums(): void {
    const from = this.#from;
    from.sums();
    this.low += from.low;
    this.high += from.high;
    if (this.low >= RADIX) {
      this.low -= RADIX;
      this.high++;
    }
    this.requests += from.requests;
    this.downloads += from.downloads;
    if (!this.#hasWeeks) return;
    try {
      this.weeks.read(from);
    } catch (error) {
      throw error instanceof RangeError ? this.#damaged() : error;
    }
  }

  #damaged(): RollupsDamagedError {
    return new RollupsDamagedError(this.#file, 'its assets make no sense');
  }
}
