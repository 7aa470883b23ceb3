/**
 * Sums of bytes are held in two doubles, `low` below 2^48 and `high` in units of 2^48: exact up to
 * 2^101, where one record has less than 2^63 and there are less than 2^53 of them only in theory.
 * 64-bit integers in JavaScript are objects, and many times as slow.
 */
export const RADIX = 2 ** 48;

/** Where the numbers of a slot stand in {@link Sums.values}: together, so that memory is asked once. */
export const WIDTH = 4;
export const LOW = 0;
export const HIGH = 1;
export const REQUESTS = 2;
export const DOWNLOADS = 3;

/** What is summed up of the records of many groups, a group a slot. */
export class Sums {
  values: Float64Array;
  count = 0;

  constructor(capacity = 256) {
    this.values = new Float64Array(capacity * WIDTH);
  }

  /** Make room for so many more slots: until they are taken, `values` stays where it is. */
  reserve(slots: number): void {
    const needed = (this.count + slots) * WIDTH;
    if (needed <= this.values.length) return;
    const more = new Float64Array(Math.max(needed, this.values.length * 2));
    more.set(this.values.subarray(0, this.count * WIDTH));
    this.values = more;
  }

  /** A new slot of zeros. */
  append(): number {
    this.reserve(1);
    const at = this.count * WIDTH;
    this.values[at] = 0;
    this.values[at + HIGH] = 0;
    this.values[at + REQUESTS] = 0;
    this.values[at + DOWNLOADS] = 0;
    return this.count++;
  }

  /** @param low below 2^48 */
  add(slot: number, low: number, high: number, requests: number, downloads: number): void {
    const { values } = this;
    const at = slot * WIDTH;
    const sum = values[at] + low;
    if (sum >= RADIX) {
      values[at] = sum - RADIX;
      values[at + HIGH] += high + 1;
    } else {
      values[at] = sum;
      if (high !== 0) values[at + HIGH] += high;
    }
    values[at + REQUESTS] += requests;
    values[at + DOWNLOADS] += downloads;
  }

  addFrom(slot: number, { values }: Sums, from: number): void {
    const at = from * WIDTH;
    this.add(slot, values[at], values[at + HIGH], values[at + REQUESTS], values[at + DOWNLOADS]);
  }

  bytesSent(slot: number): bigint {
    return bytesSentOf(this.values[slot * WIDTH], this.values[slot * WIDTH + HIGH]);
  }

  requests(slot: number): number {
    return this.values[slot * WIDTH + REQUESTS];
  }

  downloads(slot: number): number {
    return this.values[slot * WIDTH + DOWNLOADS];
  }

  requestsInAll(): number {
    let sum = 0;
    for (let slot = 0; slot < this.count; slot++) sum += this.requests(slot);
    return sum;
  }

  /** Forget all slots. */
  clear(): void {
    this.count = 0;
  }
}

export function bytesSentOf(low: number, high: number): bigint {
  return BigInt(high) * BigInt(RADIX) + BigInt(low);
}
