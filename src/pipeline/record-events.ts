import type { AddressRanges } from './address-ranges.js';
import type { PipelineEnv } from './handler.js';

/** What the pipeline of `extract` gives its handlers, besides what all have. */
export interface RecordEnv extends PipelineEnv {
  /**
   * Append a line to an output, which is stored in the same commit as the records: both become real, or neither does.
   *
   * @param output its name: 1 to 16 of `a-z 0-9`, a letter first
   * @param line one line of text, best JSON; never an address
   * @throws {RangeError} another name, a line with a line feed in it, or more than 64 MiB in one stream
   */
  write(output: string, line: string): void;
}

/** Columns of records in hand, and the dictionaries that their ids lead to. */
export interface RecordColumnsInHand {
  readonly rows: number;
  readonly keyIds: Uint32Array;
  readonly times: Float64Array;
  readonly requesterIds: Uint32Array;
  readonly bytesLow: Uint32Array;
  readonly bytesHigh: Uint32Array;
  readonly downloads: Uint8Array;
  /** Undefined: nobody asked for them. */
  readonly agentIds: Uint32Array | undefined;
  keyText(id: number): string;
  agentText(id: number): string;
  /** @returns the id of a key, which is added when there is none */
  internKey(key: string): number;
  /** @returns for each id whether its address is in the ranges */
  requestersIn(ranges: AddressRanges): Uint8Array;
}

/** Records that go into one segment. */
export interface RecordPartition {
  readonly tags: readonly string[];
  /** Undefined: all there are. */
  readonly rows: Uint32Array | undefined;
}

/** More of them could not all be told apart in a byte. */
const MOST_TAGS = 8;
const TAG = /^[a-z][a-z0-9]{0,15}$/;

/**
 * The records of one stream of `extract`: some hundred thousand rows at most, in columns. Row r of every column belongs to the same record. A handler may
 * change the columns in place, {@link drop} rows, and {@link tag} them. It cannot add rows: each record is that of a line, and every line is accounted
 * for. What it wants to add it writes into an output (see `RecordEnv.write`).
 */
export class RecordEvents {
  /** How many rows the columns have, those dropped among them. */
  readonly rows: number;
  /** Ids for {@link key}. */
  readonly keyIds: Uint32Array;
  /** Seconds since 1970-01-01T00:00:00Z, whole. */
  readonly times: Float64Array;
  /** Tell equal requesters within this stream, and nothing else; 0: the log names none. */
  readonly requesterIds: Uint32Array;
  /** Lower and upper 32 bits of the bytes sent. */
  readonly bytesLow: Uint32Array;
  readonly bytesHigh: Uint32Array;
  /** 1: the status was 200, 0: another successful one. */
  readonly downloads: Uint8Array;
  /** Ids for {@link agent}, where a handler of the pipeline `needs` them. */
  readonly agentIds: Uint32Array | undefined;
  /** Of all records: nothing else is one. */
  readonly operation = 'REST.GET.OBJECT';
  readonly #columns: RecordColumnsInHand;
  readonly #isDropped: Uint8Array;
  readonly #tags: Uint8Array;
  readonly #tagNames: string[] = [];
  #droppedRows = 0;

  constructor(columns: RecordColumnsInHand) {
    const { rows } = columns;
    this.rows = rows;
    this.#columns = columns;
    this.keyIds = columns.keyIds.subarray(0, rows);
    this.times = columns.times.subarray(0, rows);
    this.requesterIds = columns.requesterIds.subarray(0, rows);
    this.bytesLow = columns.bytesLow.subarray(0, rows);
    this.bytesHigh = columns.bytesHigh.subarray(0, rows);
    this.downloads = columns.downloads.subarray(0, rows);
    this.agentIds = columns.agentIds?.subarray(0, rows);
    this.#isDropped = new Uint8Array(rows);
    this.#tags = new Uint8Array(rows);
    // A column that is put in the place of another would not be stored, without a word.
    Object.freeze(this);
  }

  /** Rows that are dropped. */
  get dropped(): number {
    return this.#droppedRows;
  }

  /** A key, as the log field shows it. */
  key(id: number): string {
    return this.#columns.keyText(id);
  }

  /** A user agent, as the log field shows it (`-` where it names none), decoded as UTF-8, from its first 1,024 bytes. */
  agent(id: number): string {
    return this.#columns.agentText(id);
  }

  bytesSent(row: number): bigint {
    return (BigInt(this.bytesHigh[row]) << 32n) | BigInt(this.bytesLow[row]);
  }

  /** Which requesters (by id) have an address in these ranges. The address itself nobody learns. */
  requestersIn(ranges: AddressRanges): (id: number) => boolean {
    const found = this.#columns.requestersIn(ranges);
    return (id) => found[id] === 1;
  }

  isDropped(row: number): boolean {
    return this.#isDropped[row] === 1;
  }

  /** Leave a record out of the cache. Its line is counted as skipped, with the note `dropped_by_pipeline`. */
  drop(row: number): void {
    if (row < 0 || row >= this.rows || this.#isDropped[row] === 1) return;
    this.#isDropped[row] = 1;
    this.#droppedRows++;
  }

  /**
   * Give a record a key of another name.
   *
   * @throws {RangeError} an empty one, or one that no log could hold
   */
  setKey(row: number, key: string): void {
    if (key === '' || key.length > 4096 || /[\x00-\x20"\x7f]/.test(key)) {
      throw new RangeError('a key is 1 to 4096 characters without blanks, quotes and controls');
    }
    this.keyIds[row] = this.#columns.internKey(key);
  }

  /**
   * Mark a record. Summaries can leave marked ones out, or count them alone (`update summaries --robots`, for the tag `robot`).
   *
   * @param tag 1 to 16 of `a-z 0-9`, a letter first; 8 different ones at most
   * @throws {RangeError} another tag
   */
  tag(row: number, tag: string): void {
    this.#tags[row] |= 1 << this.#tagNumber(tag);
  }

  /** The tags of a record, in order. */
  tagsOf(row: number): string[] {
    return this.#namesOf(this.#tags[row]);
  }

  /** @returns for each set of tags there is, those without any first, the rows that are kept with it */
  partitions(): RecordPartition[] {
    if (this.#droppedRows === 0 && this.#tagNames.length === 0) {
      return this.rows === 0 ? [] : [{ tags: [], rows: undefined }];
    }
    const counts = new Uint32Array(1 << MOST_TAGS);
    for (let row = 0; row < this.rows; row++)
      if (this.#isDropped[row] === 0) counts[this.#tags[row]]++;
    const found: RecordPartition[] = [];
    for (let set = 0; set < counts.length; set++) {
      if (counts[set] === 0) continue;
      const rows = new Uint32Array(counts[set]);
      for (let row = 0, at = 0; row < this.rows; row++) {
        if (this.#tags[row] === set && this.#isDropped[row] === 0) rows[at++] = row;
      }
      found.push({ tags: this.#namesOf(set), rows });
    }
    return found;
  }

  #namesOf(set: number): string[] {
    return this.#tagNames.filter((_, bit) => (set & (1 << bit)) !== 0).sort();
  }

  #tagNumber(tag: string): number {
    const known = this.#tagNames.indexOf(tag);
    if (known >= 0) return known;
    if (!TAG.test(tag)) throw new RangeError('a tag is 1 to 16 of a-z and 0-9, a letter first');
    if (this.#tagNames.length === MOST_TAGS) throw new RangeError(`more than ${MOST_TAGS} tags`);
    return this.#tagNames.push(tag) - 1;
  }
}
