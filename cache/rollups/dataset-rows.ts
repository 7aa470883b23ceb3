import { CHUNK_ROWS, type DatasetSums, NARROW_ROW } from './dataset-sums.js';

const CHUNK_WORDS = CHUNK_ROWS * NARROW_ROW;

/** Rows of one dataset, in the order in which they came, in chunks. */
export class DatasetRows {
  readonly keys: number[] = [];
  /** Requester, day, bytes below and above 2^48, download: of records that need more room. */
  readonly wide: (readonly [number, number, number, number, number])[] = [];
  /** Words taken of the last chunk. */
  used = 0;
  #chunk = new Uint32Array(0);
  readonly #full: Uint32Array[] = [];

  /** The last chunk, which has room for at least one row behind {@link used}. */
  room(rows: number): Uint32Array {
    if (this.used < this.#chunk.length) return this.#chunk;
    if (this.used > 0) this.#full.push(this.#chunk);
    // Small at first: there may be very many datasets.
    const words = Math.max(rows * NARROW_ROW, this.#chunk.length * 2);
    this.#chunk = new Uint32Array(Math.min(words, CHUNK_WORDS));
    this.used = 0;
    return this.#chunk;
  }

  addTo(sums: DatasetSums): void {
    for (const chunk of this.#full) sums.addRows(chunk, chunk.length);
    sums.addRows(this.#chunk, this.used);
    for (const row of this.wide) sums.addRow(...row);
  }
}
