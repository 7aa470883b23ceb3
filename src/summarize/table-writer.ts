import { assetPath } from '../../cache/rollups/asset-order.js';
import { bytesSentOf } from '../../cache/rollups/sums.js';
import { dateOfDay } from './dates.js';
import {
  type PrivacyRules,
  type PublishedNumbers,
  publishedCount,
  publishedNumbers,
} from './privacy.js';
import { tableCell } from './table-text.js';

/** Room for the numbers of a row. */
const NUMBERS_BYTES = 128;
const PIECE_BYTES = 1 << 20;

const TAB = 9;
const LF = 10;
const SLASH = 0x2f;
const ZERO = 0x30;
const LESS = 0x3c;

/**
 * Writes a table as bytes, in pieces. Millions of rows are written each night: as strings, most of the
 * time went into making them.
 */
export class TableWriter {
  readonly #rules: PrivacyRules;
  readonly #fast: PublishedNumbers | undefined;
  #bytes = new Uint8Array(1 << 16);
  #length = 0;
  /** So many bytes at the beginning of the asset path written last need no quotes. */
  #plain = 0;
  /** Dates as bytes: there are few, and every dataset has them. */
  readonly #dates = new Map<number, Uint8Array>();

  constructor(rules: PrivacyRules) {
    this.#rules = rules;
    this.#fast = publishedNumbers(rules);
  }

  /** Whether what is written is worth to be taken. */
  get isFull(): boolean {
    return this.#length >= PIECE_BYTES;
  }

  /** What was written since the last time. */
  take(): Uint8Array {
    const piece = this.#bytes.slice(0, this.#length);
    this.#length = 0;
    return piece;
  }

  text(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
  }

  /** @param day days since 1970-01-01 */
  date(day: number): void {
    let date = this.#dates.get(day);
    if (date === undefined) {
      date = Buffer.from(dateOfDay(day), 'latin1');
      this.#dates.set(day, date);
    }
    this.#reserve(date.length);
    for (let i = 0; i < date.length; i++) this.#bytes[this.#length++] = date[i];
  }

  /** A cell, quoted as needed. */
  cell(text: string): void {
    this.text(tableCell(text));
  }

  /**
   * The cell of an asset path.
   *
   * @param name `length` bytes of it, see assetOrder
   * @param shared so many of them are those of the path given before: they are known already
   */
  assetCell(name: Uint8Array, length: number, shared: number): void {
    this.#plain = plainLength(name, length, Math.min(shared, this.#plain));
    if (this.#plain !== length) {
      const order = Buffer.from(name.buffer, name.byteOffset, length).toString('latin1');
      this.cell(assetPath(order));
      return;
    }
    this.#reserve(length);
    const bytes = this.#bytes;
    let at = this.#length;
    for (let i = 0; i < length; i++) bytes[at++] = name[i] === 0 ? SLASH : name[i];
    this.#length = at;
  }

  /** The three numbers of a row, and its end. */
  numbers(low: number, high: number, requests: number, downloads: number): void {
    this.#reserve(NUMBERS_BYTES);
    this.#byte(TAB);
    if (high === 0) this.#number(low);
    else this.text(String(bytesSentOf(low, high)));
    this.#reserve(NUMBERS_BYTES);
    this.#byte(TAB);
    this.count(requests);
    this.#byte(TAB);
    this.count(downloads);
    this.#byte(LF);
  }

  /** A count, as it may be published. */
  count(count: number): void {
    this.#reserve(NUMBERS_BYTES);
    if (this.#fast === undefined) {
      this.text(String(publishedCount(BigInt(count), this.#rules)));
      this.#reserve(NUMBERS_BYTES);
      return;
    }
    const published = this.#fast.round(count);
    if (published !== undefined) this.#number(published);
    else {
      this.#byte(LESS);
      this.#number(this.#fast.threshold);
    }
  }

  #byte(byte: number): void {
    this.#bytes[this.#length++] = byte;
  }

  /** Decimal digits. @param value whole, 0 to 2^53 */
  #number(value: number): void {
    if (value >= 1e9) {
      const above = Math.floor(value / 1e9);
      this.#number(above);
      this.#digits(value - above * 1e9, 9);
      return;
    }
    let digits = 1;
    for (let power = 10; power <= value; power *= 10) digits++;
    this.#digits(value, digits);
  }

  #digits(value: number, digits: number): void {
    const bytes = this.#bytes;
    this.#length += digits;
    let rest = value | 0;
    for (let at = this.#length - 1, left = digits; left > 0; left--, at--) {
      const above = (rest / 10) | 0;
      bytes[at] = ZERO + rest - above * 10;
      rest = above;
    }
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(this.#bytes.length * 2 + count);
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

/** Begins what a spreadsheet may execute, or what stands before that. */
const FIRST_OF_CARE = new Set([...`+-=@'`].map((character) => character.charCodeAt(0)));

/**
 * How many bytes at the beginning are nothing but visible ASCII and `/` (as 0), and so nothing that a table
 * has to quote or to defuse. @param known so many are
 */
function plainLength(name: Uint8Array, length: number, known: number): number {
  const first = name[0];
  if (FIRST_OF_CARE.has(first)) return 0;
  let i = known;
  for (; i < length; i++) {
    const byte = name[i];
    if (byte > 0x7e || (byte < 0x21 && byte !== 0) || byte === 0x22) break;
  }
  return i;
}
