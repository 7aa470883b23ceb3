import type { BulkSealer } from '../../cache/seal-many.js';
import { DASH, QUESTION } from '../extract/bytes.js';
import { FIELD, KIND, type Line } from '../extract/line.js';
import { findTailFields, TAIL_FIELD_COUNT, TailFields } from './find-tail-fields.js';
import { type Month, monthOf } from './partitions.js';
import { ADDRESS_OFFSET, RowCore } from './row-core.js';
import { AddressSealing, mayHoldAddress } from './seal-addresses.js';
import { MOST_TEXT_GROWTH, writeText } from './text-field.js';

/** Columns of `s3_access_log` in the order in which rows are written. */
export const ROW_COLUMNS = [
  'time',
  'log_object',
  'log_offset',
  'remote_ip',
  'bucket_owner',
  'bucket',
  'requester',
  'request_id',
  'operation',
  'key',
  'request_uri',
  'http_status',
  'error_code',
  'bytes_sent',
  'object_size',
  'total_time_ms',
  'turn_around_time_ms',
  'referer',
  'user_agent',
  'version_id',
  'host_id',
  'signature_version',
  'cipher_suite',
  'authentication_type',
  'host_header',
  'tls_version',
  'access_point_arn',
  'acl_required',
  'source_region',
  'more_fields',
] as const;

/** Rows are handed on in pieces of about that size. */
export const PIECE_BYTES = 1 << 20;
/** Room for the numbers and lengths of a row, and 16 bytes of each address. */
const FIXED_BYTES = 512;
const CAPACITY_BYTES = PIECE_BYTES + (1 << 16);
const LEAST_LINE = 40;
const MOST_ROWS = Math.ceil(PIECE_BYTES / LEAST_LINE);

/** Microseconds of PostgreSQL's times count from 2000. */
const EPOCH_2000_SECONDS = 946_684_800;
const TWO_32 = 4_294_967_296;

/** Ready to be sent, in the binary form of COPY. */
export interface Piece {
  readonly bytes: Buffer;
  readonly rows: number;
}

/** From this length on a call costs less than a loop. */
const LONG_TEXT = 96;

/**
 * Turns lines into rows in the binary form of COPY ("COPY" in the PostgreSQL manual, "Binary Format"), straight from the bytes of
 * the log: no object and no string per line. Raw addresses stand in memory until their piece is closed.
 *
 * Rows of plain lines are written by `RowCore`; what it leaves is written here, and a test holds the two equal.
 */
export class RowEncoder {
  /** Pieces that are full. */
  readonly pieces: Piece[] = [];
  /** Months of rows encoded since this was emptied last. */
  readonly months = new Set<Month>();
  private readonly core: RowCore;
  /** The output of the core, but for rows that do not fit into it. */
  private out: Buffer;
  private at = 0;
  /** Where the row at hand ends at most. */
  private reserved = 0;
  private rows = 0;
  /** Addresses of the piece and where their seals go. */
  private readonly addresses = new Uint8Array(16 * MOST_ROWS);
  private readonly places = new Int32Array(MOST_ROWS);
  private addressCount = 0;
  private lastDay = Number.NaN;
  private readonly tail = new TailFields();
  private readonly sealing: AddressSealing;
  /** Whether the line at hand holds nothing but ASCII, no NUL and no backslash: then text is copied as it is. */
  private isPlain = false;
  private objectHigh = 0;
  private objectLow = 0;

  /**
   * @param inputBytes room for bytes of log objects
   * @param isCareful write all rows here, without the core
   * @throws {NoAddressSpaceError}
   */
  constructor(
    private readonly sealer: BulkSealer,
    inputBytes: number,
    private readonly isCareful = false,
  ) {
    this.sealing = new AddressSealing((bytes, count) => sealer.sealInto(bytes, count, bytes));
    this.core = new RowCore(inputBytes, CAPACITY_BYTES);
    this.out = this.core.output;
  }

  /** Where lines must stand that are added. */
  get input(): Buffer {
    return this.core.input;
  }

  /** Where `parseLine` must leave what it finds in them. */
  get line(): Line {
    return this.core.line;
  }

  /** Rows are of this log object from now on. @param id as the server gave it */
  begin(id: bigint): void {
    this.objectHigh = Number(id >> 32n);
    this.objectLow = Number(id & 0xffffffffn);
    this.core.begin(this.objectHigh, this.objectLow);
  }

  /** Forget all rows, and the months known. */
  reset(): void {
    this.pieces.length = 0;
    this.months.clear();
    this.lastDay = Number.NaN;
    this.startPiece();
  }

  /**
   * Add the row of an accepted line, which {@link input} holds and {@link line} describes.
   *
   * @param start of it in the input
   * @param offset of the line in its log object
   * @param isPlain whether it holds nothing but ASCII, no NUL and no backslash, see `OddBytes`
   */
  add(start: number, end: number, offset: number, isPlain: boolean): void {
    this.isPlain = isPlain;
    const growth = this.isPlain ? 1 : MOST_TEXT_GROWTH;
    this.makeRoom(FIXED_BYTES + growth * (end - start));
    if (!this.addPlain(start, end, offset)) this.addCarefully(start, end, offset);
    if (++this.rows === MOST_ROWS || this.at >= PIECE_BYTES) this.closePiece();
  }

  /** @returns false when nothing was added */
  private addPlain(start: number, end: number, offset: number): boolean {
    const { at, core } = this;
    const { line } = core;
    if (!this.isPlain || this.isCareful || this.out !== core.output) return false;
    const length = core.encode(start, end, at, offset, line.kind === KIND.skipped);
    if (length === 0) return false;
    this.noteDay(line.timeSeconds);
    if (line.hasAddress) this.noteAddress(line, at + ADDRESS_OFFSET);
    this.at = at + length;
    return true;
  }

  private addCarefully(start: number, end: number, offset: number): void {
    const { input: buffer, line } = this.core;
    const { bounds } = line;
    findTailFields(buffer, start, end, line, this.tail);
    this.putInt16(ROW_COLUMNS.length);
    this.putTime(line.timeSeconds);
    this.putInt32(8);
    this.putInt32(this.objectHigh);
    this.putInt32(this.objectLow);
    this.putCount(offset);
    this.putAddress(line);
    this.putField(buffer, line, FIELD.bucketOwner);
    this.putField(buffer, line, FIELD.bucket);
    this.putClientText(buffer, bounds[2 * FIELD.requester], bounds[2 * FIELD.requester + 1], line);
    this.putField(buffer, line, FIELD.requestId);
    this.putField(buffer, line, FIELD.operation);
    // Of what was answered with an object `-` is its key: see `parseLine`.
    if (line.kind === KIND.skipped) this.putField(buffer, line, FIELD.key);
    else this.putText(buffer, bounds[2 * FIELD.key], bounds[2 * FIELD.key + 1]);
    this.putRequestUri(buffer, line);
    if (line.status === 0) {
      this.putInt32(-1);
    } else {
      this.putInt32(2);
      this.putInt16(line.status);
    }
    this.putField(buffer, line, FIELD.errorCode);
    for (let field: number = FIELD.bytesSent; field <= FIELD.turnAroundTime; field++) {
      this.putNumber(buffer, bounds[2 * field], bounds[2 * field + 1]);
    }
    this.putClientText(buffer, bounds[2 * FIELD.referer], bounds[2 * FIELD.referer + 1], line);
    this.putClientText(
      buffer,
      bounds[2 * FIELD.userAgent],
      bounds[2 * FIELD.userAgent + 1],
      line,
      true,
    );
    const { tail } = this;
    for (let field = 0; field < TAIL_FIELD_COUNT; field++) {
      if (field >= tail.count) this.putInt32(-1);
      else this.putClientText(buffer, tail.bounds[2 * field], tail.bounds[2 * field + 1], line);
    }
    if (tail.moreStart >= tail.moreEnd) this.putInt32(-1);
    else this.putClientText(buffer, tail.moreStart, tail.moreEnd, line);
  }

  /** Close the piece at hand, if there is anything in it. */
  closePiece(): void {
    if (this.rows === 0) return;
    this.sealPiece();
    const { at, core, out, rows } = this;
    // The memory of the core is used again at once.
    const bytes = out === core.output ? copyOf(out, at) : out.subarray(0, at);
    this.pieces.push({ bytes, rows });
    this.startPiece();
  }

  private startPiece(): void {
    this.addresses.fill(0, 0, 16 * this.addressCount);
    this.addressCount = 0;
    this.out = this.core.output;
    this.at = 0;
    this.rows = 0;
  }

  private sealPiece(): void {
    const { addresses, addressCount, places, out } = this;
    this.sealer.sealInto(addresses, addressCount, addresses);
    for (let i = 0; i < addressCount; i++) {
      const from = 16 * i;
      const to = places[i];
      for (let b = 0; b < 16; b++) out[to + b] = addresses[from + b];
    }
  }

  /** See to it that so many bytes fit: an ordinary line always does in a piece that has just begun. */
  private makeRoom(bytes: number): void {
    if (this.at + bytes > this.out.length) {
      this.closePiece();
      if (bytes > this.out.length) this.out = Buffer.allocUnsafeSlow(bytes);
    }
    this.reserved = this.at + bytes;
  }

  /** Seals are longer than what they stand for, which room was made for. */
  private reserveMore(bytes: number): void {
    this.reserved += (this.isPlain ? 1 : MOST_TEXT_GROWTH) * bytes;
    if (this.reserved <= this.out.length) return;
    const larger = Buffer.allocUnsafeSlow(2 * this.reserved);
    larger.set(this.out.subarray(0, this.at));
    this.out = larger;
  }

  private putTime(seconds: number): void {
    this.noteDay(seconds);
    this.putCount((seconds - EPOCH_2000_SECONDS) * 1_000_000);
  }

  private noteDay(seconds: number): void {
    const day = Math.floor(seconds / 86_400);
    if (day === this.lastDay) return;
    this.months.add(monthOf(seconds));
    this.lastDay = day;
  }

  private putAddress(line: Line): void {
    if (!line.hasAddress) {
      this.putInt32(-1);
      return;
    }
    this.putInt32(16);
    this.noteAddress(line, this.at);
    this.at += 16;
  }

  /** @param place where its seal goes */
  private noteAddress(line: Line, place: number): void {
    const { addresses } = this;
    this.places[this.addressCount] = place;
    let to = 16 * this.addressCount++;
    for (let w = 0; w < 4; w++) {
      const word = line.addressWords[w];
      addresses[to++] = word >>> 24;
      addresses[to++] = word >>> 16;
      addresses[to++] = word >>> 8;
      addresses[to++] = word;
    }
  }

  /** A field that no client writes; `-` is NULL. */
  private putField(buffer: Buffer, line: Line, field: number): void {
    const start = line.bounds[2 * field];
    const end = line.bounds[2 * field + 1];
    if (end - start === 1 && buffer[start] === DASH) this.putInt32(-1);
    else this.putText(buffer, start, end);
  }

  /** A text that may hold addresses; `-` is NULL. */
  private putClientText(
    buffer: Buffer,
    start: number,
    end: number,
    line: Line,
    isAgent = false,
  ): void {
    if (end - start === 1 && buffer[start] === DASH) {
      this.putInt32(-1);
      return;
    }
    const own = line.hasAddress ? line.addressWords : undefined;
    const sealed = mayHoldAddress(buffer, start, end, isAgent, own)
      ? this.sealing.sealed(buffer, start, end, own, isAgent)
      : undefined;
    if (sealed === undefined) {
      this.putText(buffer, start, end);
      return;
    }
    this.reserveMore(sealed.length - (end - start));
    this.putText(sealed, 0, sealed.length);
  }

  /** Up to its query it names an object, like the key; what follows is the client's own. */
  private putRequestUri(buffer: Buffer, line: Line): void {
    const start = line.bounds[2 * FIELD.requestUri];
    const end = line.bounds[2 * FIELD.requestUri + 1];
    if (end - start === 1 && buffer[start] === DASH) {
      this.putInt32(-1);
      return;
    }
    const own = line.hasAddress ? line.addressWords : undefined;
    const query = buffer.indexOf(QUESTION, start);
    if (query < 0 || query >= end || !mayHoldAddress(buffer, query, end, false, own)) {
      this.putText(buffer, start, end);
      return;
    }
    const sealed = this.sealing.sealed(buffer, query, end, own, false);
    if (sealed === undefined) {
      this.putText(buffer, start, end);
      return;
    }
    const whole = Buffer.concat([buffer.subarray(start, query), sealed]);
    this.reserveMore(whole.length - (end - start));
    this.putText(whole, 0, whole.length);
  }

  private putText(from: Buffer, start: number, end: number): void {
    const { out } = this;
    const length = this.at;
    let at = length + 4;
    if (!this.isPlain) {
      at = writeText(from, start, end, out, at);
    } else if (end - start > LONG_TEXT) {
      at += from.copy(out, at, start, end);
    } else {
      for (let i = start; i < end; i++) out[at++] = from[i];
    }
    this.putInt32(at - length - 4);
    this.at = at;
  }

  /** Digits, or `-`: known to fit into 63 bits. */
  private putNumber(buffer: Buffer, start: number, end: number): void {
    if (buffer[start] === DASH) {
      this.putInt32(-1);
      return;
    }
    if (end - start > 15) {
      const exact = BigInt(buffer.toString('latin1', start, end));
      this.putInt32(8);
      this.putInt32(Number(exact >> 32n));
      this.putInt32(Number(exact & 0xffffffffn));
      return;
    }
    let value = 0;
    for (let i = start; i < end; i++) value = value * 10 + (buffer[i] - 0x30);
    this.putCount(value);
  }

  /** A whole number, not necessarily positive, as eight bytes and their length. */
  private putCount(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.putInt32(8);
    this.putInt32(high);
    this.putInt32(value - high * TWO_32);
  }

  private putInt16(value: number): void {
    this.out[this.at++] = value >>> 8;
    this.out[this.at++] = value;
  }

  private putInt32(value: number): void {
    const { out } = this;
    let { at } = this;
    out[at++] = value >>> 24;
    out[at++] = value >>> 16;
    out[at++] = value >>> 8;
    out[at++] = value;
    this.at = at;
  }
}

function copyOf(from: Buffer, bytes: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes);
  from.copy(copy, 0, 0, bytes);
  return copy;
}
