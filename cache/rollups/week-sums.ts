import type { ByteReader } from './byte-reader.js';
import type { ByteWriter } from './byte-writer.js';
import { requireDay } from './days.js';
import { RADIX } from './sums.js';

const NARROW_ROW = 3;
const WIDE_ROW = 5;
const NUMBER_BYTES = 8;

/** Of which Monday a day is the week: 1970-01-01 was a Thursday. */
export function weekOfDay(day: number): number {
  return Math.floor((day + 3) / 7);
}

/** The Monday with which a week begins, in days since 1970-01-01. */
export function dayOfWeek(week: number): number {
  return week * 7 - 3;
}

/** Bytes sent of one asset, by week. */
export class WeekSums {
  readonly #slots = new Map<number, number>();
  /** Below and above 2^48 (see Sums), one after the other. */
  readonly #bytes: number[] = [];
  #lastWeek = Number.NaN;
  #lastSlot = 0;

  get count(): number {
    return this.#slots.size;
  }

  /** Add the rows of a group that was put aside, see SpillWriter. */
  addGroup(words: Uint32Array, from: number, rows: number, isWide: boolean): void {
    if (isWide) {
      for (let i = 0, p = from; i < rows; i++, p += WIDE_ROW) {
        const above = words[p + 4];
        const low = (above & 0xffff) * 2 ** 32 + words[p + 3];
        this.add(weekOfDay(words[p + 2] | 0), low, above >>> 16);
      }
      return;
    }
    for (let i = 0, p = from; i < rows; i++, p += NARROW_ROW) {
      const second = words[p + 1];
      this.add(weekOfDay(second & 0xffff), (second >>> 16) * 2 ** 32 + words[p + 2], 0);
    }
  }

  /** @param low below 2^48 */
  add(week: number, low: number, high: number): void {
    // Rows of one key follow each other in time, rising or falling.
    const slot = week === this.#lastWeek ? this.#lastSlot : this.#slot(week);
    const bytes = this.#bytes;
    const sum = bytes[slot] + low;
    if (sum >= RADIX) {
      bytes[slot] = sum - RADIX;
      bytes[slot + 1] += high + 1;
    } else {
      bytes[slot] = sum;
      bytes[slot + 1] += high;
    }
  }

  addAll(other: WeekSums): void {
    for (const [week, low, high] of other.entries()) this.add(week, low, high);
  }

  /** Week, and bytes below and above 2^48; in order. */
  entries(): (readonly [week: number, low: number, high: number])[] {
    return [...this.#slots]
      .map(([week, slot]) => [week, this.#bytes[slot], this.#bytes[slot + 1]] as const)
      .sort((a, b) => a[0] - b[0]);
  }

  clear(): void {
    this.#slots.clear();
    this.#bytes.length = 0;
    this.#lastWeek = Number.NaN;
  }

  /** How many; then, for each in order, the week as zigzag, and bytes below and above 2^48. */
  write(to: ByteWriter): void {
    to.reserve((this.count * 3 + 1) * NUMBER_BYTES);
    to.varint(this.count);
    for (const [week, low, high] of this.entries()) {
      to.varint(week >= 0 ? week * 2 : -week * 2 - 1);
      to.varint(low);
      to.varint(high);
    }
  }

  /** Add what {@link write} wrote. @throws RangeError for what makes no sense */
  read(from: ByteReader): void {
    for (let left = from.count(); left > 0; left--) {
      const zigzag = from.varint();
      const low = from.varint();
      const week = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      // Its Thursday: the year is that of most of its days.
      requireDay(dayOfWeek(week) + 3);
      this.add(week, low, from.varint());
    }
  }

  #slot(week: number): number {
    let slot = this.#slots.get(week);
    if (slot === undefined) {
      slot = this.#bytes.length;
      this.#bytes.push(0, 0);
      this.#slots.set(week, slot);
    }
    this.#lastWeek = week;
    this.#lastSlot = slot;
    return slot;
  }
}
