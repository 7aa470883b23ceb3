import type { AddressFilter } from './address-filter.js';
import { prependBucket } from './bucket-key.js';
import { contentKeyLength } from './content-key.js';
import { type Core, startCore } from './core.js';
import type { ExtractionMode } from './extraction-mode.js';
import { FIELD, KIND, type Line } from './line.js';
import { NO_ADDRESS } from './no-address.js';
import type { RecordOrigins } from './record-origins.js';
import { RejectColumns } from './reject-columns.js';

/** How much is read at once. */
export const CHUNK_BYTES = 1 << 20;

/** A line longer than this is rejected unread; see `scan-lines.ts`. */
export const LONGEST_LINE = 1 << 20;

/** Room for a line that is made of a structured record: twice a key of 1,024 bytes in which every byte is encoded twice. */
export const MADE_LINE_BYTES = 1 << 14;

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

/** Which records are kept, and what of their keys. */
export interface RecordChoice {
  /** Default: generic. */
  readonly mode?: ExtractionMode | undefined;
  /** Makes what tells which addresses are skipped. */
  readonly addressFilter?: ((core: Core) => AddressFilter) | undefined;
  /** Made when handlers of a pipeline will ask which files the records are of, and of which user agents. */
  readonly origins?: RecordOrigins | undefined;
}

/** What became of a line that the careful parser has found to be a record. */
export type Taken = 'kept' | 'key_not_content' | 'address_skipped';

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
  /** Records that were not kept: for their key, and for their address. Among those skipped. */
  withOtherKeys: number;
  withSkippedAddresses: number;
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
    withOtherKeys: 0,
    withSkippedAddresses: 0,
  };
  readonly #mode: ExtractionMode;
  readonly #addresses: AddressFilter | undefined;
  readonly #origins: RecordOrigins | undefined;

  constructor(
    private readonly limits: BatchLimits,
    { mode = 'generic', addressFilter, origins }: RecordChoice = {},
  ) {
    const inputBytes = CHUNK_BYTES + LONGEST_LINE + SLACK_BYTES + MADE_LINE_BYTES;
    // Full is asked for between pieces and small files; what comes between must fit.
    const rows = limits.rows + Math.ceil(MOST_HELD_BYTES / SHORTEST_LINE);
    const keyBytes = limits.keyBytes + MOST_HELD_BYTES;
    const build = origins?.hasAgents ? 'agents' : 'usual';
    const core = startCore(inputBytes, rows, keyBytes, mode, build);
    this.#mode = mode;
    this.#addresses = addressFilter?.(core);
    const { buffer } = core.memory;
    this.#core = core;
    this.#origins = origins;
    origins?.start(core, rows);
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

  /** Ids of requesters are below this. */
  get requesterCount(): number {
    return this.#core.addressCount.value;
  }

  isFull(): boolean {
    return (
      this.rows >= this.limits.rows ||
      this.rejects.rows >= this.limits.rows ||
      // Of files that were rolled back no rows are left, but their keys and addresses.
      this.#core.keyCount.value >= this.limits.rows ||
      this.#core.addressCount.value > this.limits.rows ||
      this.keys.bytes.length >= this.limits.keyBytes ||
      (this.#origins?.agentBytes ?? 0) >= this.limits.keyBytes
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
    this.#origins?.truncate(mark.rows);
    this.rejects.rows = mark.rejects;
  }

  /** What follows is of this log file. */
  beginFile(name: string): void {
    this.#origins?.beginFile(name, this.rows);
  }

  clear(): void {
    this.#addresses?.forget();
    this.#origins?.clear();
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
    this.#origins?.takeAgents(this.input, before, core.rows.value);
    const skipped = this.#dropSkipped(before);
    result.kept = core.rows.value - before;
    result.skipped = core.skippedLines.value + skipped;
    result.withOtherKeys = core.otherKeys.value;
    result.withSkippedAddresses = skipped;
    result.withSpaces = core.requestersWithSpaces.value;
    result.withSpacesBefore = core.spacesBeforeRequester.value;
    result.inOtherZones = core.otherZones.value;
    return result;
  }

  /** Append what the careful parser has found in {@link input}, if it is to be kept. What stands before its key there may change. */
  addRecord(line: Line): Taken {
    const core = this.#core;
    const { bounds, addressWords: words } = line;
    let start = bounds[2 * FIELD.key];
    let end = bounds[2 * FIELD.key + 1];
    if (this.#mode === 'dandi') {
      end = start + contentKeyLength(this.input, start, end);
      if (end === start) return 'key_not_content';
    } else if (this.#mode === 'buckets') {
      const bucket = bounds[2 * FIELD.bucket];
      start = prependBucket(this.input, bucket, bounds[2 * FIELD.bucket + 1], start);
    }
    const before = core.rows.value;
    core.append(
      core.input.value + start,
      end - start,
      line.timeSeconds,
      line.bytesSentLow,
      line.bytesSentHigh,
      line.kind === KIND.download ? 1 : 0,
    );
    if (line.hasAddress) core.setAddress(words[0], words[1], words[2], words[3]);
    const agent = 2 * FIELD.userAgent;
    this.#origins?.takeAgent(this.input, before, bounds[agent], bounds[agent + 1]);
    return this.#dropSkipped(before) > 0 ? 'address_skipped' : 'kept';
  }

  /**
   * Append a record that does not come from a line, unless its address is skipped.
   *
   * @param words of its address, if it has one
   * @returns whether it is kept
   */
  append(
    key: Uint8Array,
    record: {
      readonly timeSeconds: number;
      readonly bytesLow: number;
      readonly bytesHigh: number;
      readonly isDownload: boolean;
    },
    words: Uint32Array | undefined,
  ): boolean {
    const core = this.#core;
    const before = core.rows.value;
    this.input.set(key);
    const { timeSeconds, bytesLow, bytesHigh, isDownload } = record;
    const download = isDownload ? 1 : 0;
    core.append(core.input.value, key.length, timeSeconds, bytesLow, bytesHigh, download);
    if (words !== undefined) core.setAddress(words[0], words[1], words[2], words[3]);
    return this.#dropSkipped(before) === 0;
  }

  /** Take out rows of skipped addresses, from a row on. @returns how many */
  #dropSkipped(from: number): number {
    const filter = this.#addresses;
    if (filter === undefined) return 0;
    const rows = this.#core.rows.value;
    let to = from;
    for (let row = from; row < rows; row++) {
      if (filter.skips(this.requesterIds[row])) continue;
      if (to < row) this.#moveRow(row, to);
      to++;
    }
    if (to < rows) this.#core.truncate(to);
    return rows - to;
  }

  #moveRow(from: number, to: number): void {
    this.keyIds[to] = this.keyIds[from];
    this.times[to] = this.times[from];
    this.requesterIds[to] = this.requesterIds[from];
    this.bytesLow[to] = this.bytesLow[from];
    this.bytesHigh[to] = this.bytesHigh[from];
    this.downloads[to] = this.downloads[from];
    this.#origins?.moveRow(from, to);
  }

  /** @returns the id of a key, which is added when there is none @throws {RangeError} one of {@link MADE_LINE_BYTES} */
  internKey(key: Uint8Array): number {
    if (key.length >= MADE_LINE_BYTES) throw new RangeError(`a key of ${key.length} bytes`);
    const core = this.#core;
    const row = core.rows.value;
    // Behind all that is read: a line that is cut off there may wait for its rest.
    const at = this.input.length - MADE_LINE_BYTES;
    this.input.set(key, at);
    core.append(core.input.value + at, key.length, 0, 0, 0, 0);
    const id = this.keyIds[row];
    core.truncate(row);
    return id;
  }

  /**
   * Ask something of every address in hand; nothing of it is kept.
   *
   * @param has takes 16 bytes, which change afterwards
   * @returns 1 for each id whose address it is true for
   */
  judgeAddresses(has: (address: Uint8Array) => boolean): Uint8Array {
    const { memory, addressWords, addressCount } = this.#core;
    const count = addressCount.value;
    const found = new Uint8Array(count);
    const bytes = Buffer.alloc(16);
    for (let id = NO_ADDRESS + 1; id < count; id++) {
      bytes.set(new Uint8Array(memory.buffer, addressWords.value + id * 16, 16));
      // Words of the core are little-endian, addresses big-endian.
      bytes.swap32();
      found[id] = has(bytes) ? 1 : 0;
    }
    bytes.fill(0);
    return found;
  }

  /**
   * The only way for an address out of a batch.
   *
   * @param seal turns `count` addresses of 16 bytes each into sealed ones
   * @returns the sealed address of every id, 16 bytes each; of `NO_ADDRESS` zeros
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
