import { CHUNK_ROWS, type DatasetSums, NARROW_ROW } from './dataset-sums.js';

const CHUNK_WORDS = CHUNK_ROWS * NARROW_ROW;

/** Full chunks that are used again: no more than were ever in use at once. */
const spare: Uint32Array<ArrayBuffer>[] = [];

/** Rows of one dataset, in the order in which they came, in chunks. */
export class DatasetRows {
  readonly keys: number[] = [];
  /** Requester, day, bytes below and above 2^48, download: of records that need more room. */
  readonly wide: (readonly [number, number, number, number, number])[] = [];
  /** Words taken of the last chunk. */
  used = 0;
  #chunk: Uint32Array<ArrayBuffer> = new Uint32Array(0);
  readonly #full: Uint32Array<ArrayBuffer>[] = [];

  /** The last chunk, which has room for at least one row behind {@link used}. */
  room(rows: number): Uint32Array {
    if (this.used < this.#chunk.length) return this.#chunk;
    if (this.used > 0) this.#full.push(this.#chunk);
    // Small at first: there may be very many datasets.
    const words = Math.max(rows * NARROW_ROW, this.#chunk.length * 2);
    this.#chunk =
      words < CHUNK_WORDS ? new Uint32Array(words) : (spare.pop() ?? new Uint32Array(CHUNK_WORDS));
    this.used = 0;
    return this.#chunk;
  }

  /** Hand all rows over; none are left. */
  addTo(sums: DatasetSums): void {
    this.#full.push(this.#chunk);
    for (const chunk of this.#full) {
      sums.addRows(chunk, chunk === this.#chunk ? this.used : chunk.length);
      if (chunk.length === CHUNK_WORDS) spare.push(chunk);
    }
    this.#full.length = 0;
    for (const row of this.wide) sums.addRow(...row);
  }
}
