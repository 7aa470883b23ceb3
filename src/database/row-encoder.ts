import type { BulkSealer } from '../../cache/seal-many.js';
import { DASH, QUESTION } from '../extract/bytes.js';
import { FIELD, KIND, type Line } from '../extract/line.js';
import { findTailFields, TAIL_FIELD_COUNT, TailFields } from './find-tail-fields.js';
import { type Month, monthOf } from './partitions.js';
import { isPlainText } from './plain-text.js';
import { ROW_COLUMNS } from './row-columns.js';
import { RowCore, STOP } from './row-core.js';
import { RowWriter } from './row-writer.js';
import { AddressSealing, mayHoldAddress } from './seal-addresses.js';
import { MOST_TEXT_GROWTH } from './text-field.js';

/** Rows are handed on in pieces of about that size. */
export const PIECE_BYTES = 1 << 20;
/** Room for the numbers and lengths of a row, and 16 bytes of each address. */
const FIXED_BYTES = 512;
const CAPACITY_BYTES = PIECE_BYTES + (1 << 16);
const LEAST_LINE = 40;
const MOST_ROWS = Math.ceil(PIECE_BYTES / LEAST_LINE);

/** Microseconds of PostgreSQL's times count from 2000. */
const EPOCH_2000_SECONDS = 946_684_800;

/** Ready to be sent, in the binary form of COPY. */
export interface Piece {
  readonly bytes: Buffer;
  readonly rows: number;
}

/** What rows come to. */
export interface RowSums {
  rows: number;
  /** Seconds since 1970; of no row: infinite. */
  firstTime: number;
  lastTime: number;
}

/**
 * Turns lines into rows in the binary form of COPY ("COPY" in the PostgreSQL manual, "Binary Format"), straight from the bytes of
 * the log: no object and no string per line. Raw addresses stand in memory until their piece is closed.
 *
 * Lines of the usual form are parsed, and their rows written, by `RowCore`; what it leaves is added here, and a test holds the two equal.
 */
export class RowEncoder extends RowWriter {
  /** Pieces that are full. */
  readonly pieces: Piece[] = [];
  /** Months of rows encoded since this was emptied last. */
  readonly months = new Set<Month>();
  private readonly core: RowCore;
  /** Where the row at hand ends at most. */
  private reserved = 0;
  private rows = 0;
  /** Of the piece: where they and their seals stand is known to the core. */
  private addressCount = 0;
  private lastDay = Number.NaN;
  private readonly tail = new TailFields();
  private readonly sealing: AddressSealing;
  private objectHigh = 0;
  private objectLow = 0;

  /**
   * @param inputBytes room for bytes of log objects
   * @throws {NoAddressSpaceError}
   */
  constructor(
    private readonly sealer: BulkSealer,
    inputBytes: number,
  ) {
    const core = new RowCore(inputBytes, CAPACITY_BYTES, MOST_ROWS);
    super(core.output);
    this.core = core;
    this.sealing = new AddressSealing((bytes, count) => sealer.sealInto(bytes, count, bytes));
  }

  /** Where the bytes of log objects must stand. */
  get input(): Buffer {
    return this.core.input;
  }

  /** Rows are of this log object from now on. @param id as the server gave it */
  begin(id: bigint): void {
    this.objectHigh = Number(id >> 32n);
    this.objectLow = Number(id & 0xffffffffn);
    this.core.exports.setObject(this.objectHigh, this.objectLow);
  }

  /** Forget all rows, and the months known. */
  reset(): void {
    this.pieces.length = 0;
    this.months.clear();
    // No day: the next row, whatever its day, is noted.
    this.lastDay = Number.NaN;
    this.core.exports.setDay(Number.NaN);
    this.startPiece();
  }

  /**
   * Add the rows of lines of the usual form, one after the other, up to the first that is not of that form or not complete.
   *
   * @param from position in the input of the first line's first byte
   * @param end position after the last byte; the one there is overwritten
   * @param isLast what stands after the last line feed is a line, too
   * @param inputOffset of the first byte of the input in the log object
   * @param sums are added to
   * @returns position of the first line that was not taken
   */
  addUsual(from: number, end: number, isLast: boolean, inputOffset: number, sums: RowSums): number {
    const { exports } = this.core;
    // A row that was too large for the output of the core.
    if (this.out !== this.core.output) this.closePiece();
    exports.setTimes(sums.firstTime, sums.lastTime);
    let at = from;
    for (;;) {
      const { rows } = this;
      exports.resume(this.at, rows, this.addressCount);
      at = exports.scan(at, end, isLast, inputOffset);
      this.at = exports.position.value;
      this.addressCount = exports.addressCount.value;
      this.rows = exports.rows.value;
      sums.rows += this.rows - rows;
      const stop = exports.stop.value;
      if (stop === STOP.otherDay) this.noteDay(exports.otherTime.value);
      else if (stop === STOP.full && this.rows > 0) this.closePiece();
      // Also what finds no room in all of the output.
      else break;
    }
    if (this.at >= PIECE_BYTES) this.closePiece();
    sums.firstTime = exports.firstTime.value;
    sums.lastTime = exports.lastTime.value;
    // Behind the last line, which may lack its line feed.
    return Math.min(at, end);
  }

  /**
   * Add the row of an accepted line of any form, which the input holds.
   *
   * @param line what `parseLine` has found in it
   * @param offset of the line in its log object
   */
  add(start: number, end: number, line: Line, offset: number): void {
    this.isPlain = isPlainText(this.core.input.subarray(start, end));
    const growth = this.isPlain ? 1 : MOST_TEXT_GROWTH;
    this.makeRoom(FIXED_BYTES + growth * (end - start));
    this.putRow(start, end, line, offset);
    if (++this.rows === MOST_ROWS || this.at >= PIECE_BYTES) this.closePiece();
  }

  private putRow(start: number, end: number, line: Line, offset: number): void {
    const { input: buffer } = this.core;
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
    this.core.addresses.fill(0, 0, 16 * this.addressCount);
    this.addressCount = 0;
    this.out = this.core.output;
    this.at = 0;
    this.rows = 0;
  }

  private sealPiece(): void {
    const { addressCount, core, out } = this;
    const { addresses, places } = core;
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
    this.core.exports.setDay(86_400 * day);
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
    const { addresses, places } = this.core;
    places[this.addressCount] = place;
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
}

function copyOf(from: Buffer, bytes: number): Buffer {
  const copy = Buffer.allocUnsafeSlow(bytes);
  from.copy(copy, 0, 0, bytes);
  return copy;
}
