import { type Core, startCore } from './core.js';
import { FIELD, KIND, type Line } from './line.js';
import { RejectColumns } from './reject-columns.js';

/** Stands for "the log names no address"; its sealed form is 16 zero bytes (cache/FORMAT.md section 5). */
export const NO_ADDRESS = 0;

/** How much is read at once. */
export const CHUNK_BYTES = 1 << 20;

/** A line longer than this is rejected unread; see `scan-lines.ts`. */
export const LONGEST_LINE = 1 << 20;

/** Read beyond the end, 16 bytes at a time, and one byte for an end of its own. */
const SLACK_BYTES = 64;

/** The most content of a file that must be given up as a whole when it cannot be read to its end. */
export const MOST_HELD_BYTES = 64 << 20;

/** A kept line is longer: its fixed parts alone come to more. */
const SHORTEST_LINE = 64;

/** Where a batch stood before a file, to return to when the file turns out unreadable. */
export interface BatchMark {
  readonly rows: number;
  readonly rejects: number;
}

/** When a batch must be written out, so that memory stays bounded (invariant I7). */
export interface BatchLimits {
  readonly rows: number;
  readonly keyBytes: number;
}

/** What a scan has found since the last. */
export interface ScanResult {
  /** Position of the first line not taken. */
  at: number;
  /** Whether that line is one for the careful parser. */
  isOdd: boolean;
  kept: number;
  skipped: number;
  /** Lines with these notes. */
  withSpaces: number;
  withSpacesBefore: number;
  inOtherZones: number;
}

/**
 * Records and rejected lines of the log files a worker has in hand, as columns. Those of records
 * stand in the memory of a {@link Core}; so do raw addresses, until {@link sealAddresses}
 * turns them into their sealed form for a segment.
 */
export class RecordBatch {
  /** Where the bytes of log files go. */
  readonly input: Buffer;
  readonly keyIds: Uint32Array;
  /** Seconds since 1970. */
  readonly times: Float64Array;
  readonly requesterIds: Uint32Array;
  readonly bytesLow: Uint32Array;
  readonly bytesHigh: Uint32Array;
  readonly downloads: Uint8Array;
  readonly rejects = new RejectColumns();
  readonly #core: Core;
  readonly #result: ScanResult = {
    at: 0,
    isOdd: false,
    kept: 0,
    skipped: 0,
    withSpaces: 0,
    withSpacesBefore: 0,
    inOtherZones: 0,
  };

  constructor(private readonly limits: BatchLimits) {
    const inputBytes = CHUNK_BYTES + LONGEST_LINE + SLACK_BYTES;
    // Full is asked for between pieces and small files; what comes between must fit.
    const rows = limits.rows + Math.ceil(MOST_HELD_BYTES / SHORTEST_LINE);
    const core = startCore(inputBytes, rows, limits.keyBytes + MOST_HELD_BYTES);
    const { buffer } = core.memory;
    this.#core = core;
    this.input = Buffer.from(buffer, core.input.value, inputBytes);
    this.keyIds = new Uint32Array(buffer, core.keyIds.value, rows);
    this.times = new Float64Array(buffer, core.times.value, rows);
    this.requesterIds = new Uint32Array(buffer, core.requesterIds.value, rows);
    this.bytesLow = new Uint32Array(buffer, core.bytesLow.value, rows);
    this.bytesHigh = new Uint32Array(buffer, core.bytesHigh.value, rows);
    this.downloads = new Uint8Array(buffer, core.downloads.value, rows);
  }

  get rows(): number {
    return this.#core.rows.value;
  }

  /** Distinct keys: key i is `bytes[offsets[i] .. offsets[i + 1]]`. */
  get keys(): { bytes: Uint8Array; offsets: Uint32Array; count: number } {
    const { memory, keyBytes, keyOffsets, keyCount } = this.#core;
    const offsets = new Uint32Array(memory.buffer, keyOffsets.value, keyCount.value + 1);
    const bytes = new Uint8Array(memory.buffer, keyBytes.value, offsets[keyCount.value]);
    return { bytes, offsets, count: keyCount.value };
  }

  isFull(): boolean {
    return (
      this.rows >= this.limits.rows ||
      this.rejects.rows >= this.limits.rows ||
      // Of files that were rolled back no rows are left, but their keys and addresses.
      this.#core.keyCount.value >= this.limits.rows ||
      this.#core.addressCount.value > this.limits.rows ||
      this.keys.bytes.length >= this.limits.keyBytes
    );
  }

  isEmpty(): boolean {
    return this.rows === 0 && this.rejects.rows === 0;
  }

  mark(): BatchMark {
    return { rows: this.rows, rejects: this.rejects.rows };
  }

  rollback(mark: BatchMark): void {
    this.#core.truncate(mark.rows);
    this.rejects.rows = mark.rejects;
  }

  clear(): void {
    this.#core.clear();
    this.rejects.clear();
  }

  /**
   * Take lines of the usual form from {@link input}; see `scan` in assembly/index.ts.
   *
   * @param limit lines that begin at this position or later are left alone
   * @returns an object that the next call changes
   */
  scan(start: number, end: number, limit: number, isLast: boolean): ScanResult {
    const core = this.#core;
    const result = this.#result;
    const input = core.input.value;
    const before = core.rows.value;
    const stop = Math.min(limit, end);
    result.at = core.scan(input + start, input + end, input + stop, isLast) - input;
    result.isOdd = Boolean(core.isOdd.value);
    result.kept = core.rows.value - before;
    result.skipped = core.skippedLines.value;
    result.withSpaces = core.requestersWithSpaces.value;
    result.withSpacesBefore = core.spacesBeforeRequester.value;
    result.inOtherZones = core.otherZones.value;
    return result;
  }

  /** Append what the careful parser has found in {@link input}. */
  addRecord(line: Line): void {
    const core = this.#core;
    const { bounds, addressWords: words } = line;
    const start = bounds[2 * FIELD.key];
    core.append(
      core.input.value + start,
      bounds[2 * FIELD.key + 1] - start,
      line.timeSeconds,
      line.bytesSentLow,
      line.bytesSentHigh,
      line.kind === KIND.download ? 1 : 0,
    );
    if (line.hasAddress) core.setAddress(words[0], words[1], words[2], words[3]);
  }

  /**
   * The only way for an address out of a batch.
   *
   * @param seal turns `count` addresses of 16 bytes each into sealed ones
   * @returns the sealed address of every id, 16 bytes each; of {@link NO_ADDRESS} zeros
   */
  sealAddresses(seal: (addresses: Uint8Array, count: number, out: Uint8Array) => void): Uint8Array {
    const { memory, addressWords, addressCount } = this.#core;
    const count = addressCount.value - 1;
    const raw = Buffer.alloc(count * 16);
    raw.set(new Uint8Array(memory.buffer, addressWords.value + 16, count * 16));
    // Words of the core are little-endian, addresses big-endian.
    raw.swap32();
    const sealed = new Uint8Array((count + 1) * 16);
    seal(raw, count, sealed.subarray(16));
    raw.fill(0);
    return sealed;
  }
}
