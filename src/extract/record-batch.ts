import { AddressInterner, NO_ADDRESS } from './address-interner.js';
import { ByteInterner } from './byte-interner.js';
import { FIELD, KIND, type Line } from './line.js';

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

/** Records and rejected lines of the log files a worker has in hand, as columns. */
export class RecordBatch {
  readonly keys = new ByteInterner();
  readonly addresses = new AddressInterner();
  rows = 0;
  keyIds = new Uint32Array(1 << 14);
  times = new Float64Array(1 << 14);
  requesterIds = new Uint32Array(1 << 14);
  bytesLow = new Uint32Array(1 << 14);
  bytesHigh = new Uint32Array(1 << 14);
  downloads = new Uint8Array(1 << 14);

  /** Names of log files that have rejected lines. */
  readonly rejectNames: string[] = [];
  rejects = 0;
  rejectNameIds = new Uint32Array(64);
  rejectOffsets = new Float64Array(64);
  rejectReasons = new Uint8Array(64);

  constructor(private readonly limits: BatchLimits) {}

  isFull(): boolean {
    return (
      this.rows >= this.limits.rows ||
      this.rejects >= this.limits.rows ||
      this.keys.byteLength >= this.limits.keyBytes
    );
  }

  isEmpty(): boolean {
    return this.rows === 0 && this.rejects === 0;
  }

  mark(): BatchMark {
    return { rows: this.rows, rejects: this.rejects };
  }

  rollback(mark: BatchMark): void {
    this.rows = mark.rows;
    this.rejects = mark.rejects;
  }

  clear(): void {
    this.rows = 0;
    this.rejects = 0;
    this.rejectNames.length = 0;
    this.keys.clear();
    this.addresses.clear();
  }

  addRecord(buffer: Uint8Array, line: Line): void {
    const row = this.rows;
    if (row === this.keyIds.length) this.growRecords();
    const { bounds } = line;
    this.keyIds[row] = this.keys.intern(buffer, bounds[2 * FIELD.key], bounds[2 * FIELD.key + 1]);
    this.times[row] = line.timeSeconds;
    this.requesterIds[row] = line.hasAddress
      ? this.addresses.intern(line.addressWords)
      : NO_ADDRESS;
    this.bytesLow[row] = line.bytesSentLow;
    this.bytesHigh[row] = line.bytesSentHigh;
    this.downloads[row] = line.kind === KIND.download ? 1 : 0;
    this.rows = row + 1;
  }

  /** @param offset of the line's first byte in the uncompressed log file */
  addReject(name: string, offset: number, reason: number): void {
    const row = this.rejects;
    if (row === this.rejectNameIds.length) this.growRejects();
    const names = this.rejectNames;
    if (names[names.length - 1] !== name) names.push(name);
    this.rejectNameIds[row] = names.length - 1;
    this.rejectOffsets[row] = offset;
    this.rejectReasons[row] = reason;
    this.rejects = row + 1;
  }

  private growRecords(): void {
    const capacity = this.keyIds.length * 2;
    this.keyIds = grown(this.keyIds, new Uint32Array(capacity));
    this.times = grown(this.times, new Float64Array(capacity));
    this.requesterIds = grown(this.requesterIds, new Uint32Array(capacity));
    this.bytesLow = grown(this.bytesLow, new Uint32Array(capacity));
    this.bytesHigh = grown(this.bytesHigh, new Uint32Array(capacity));
    this.downloads = grown(this.downloads, new Uint8Array(capacity));
  }

  private growRejects(): void {
    const capacity = this.rejectNameIds.length * 2;
    this.rejectNameIds = grown(this.rejectNameIds, new Uint32Array(capacity));
    this.rejectOffsets = grown(this.rejectOffsets, new Float64Array(capacity));
    this.rejectReasons = grown(this.rejectReasons, new Uint8Array(capacity));
  }
}

function grown<T extends Uint8Array | Uint32Array | Float64Array>(from: T, to: T): T {
  to.set(from);
  return to;
}
