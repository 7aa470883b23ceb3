import { assetOrder } from './asset-order.js';
import { DOWNLOADS, HIGH, RADIX, REQUESTS, Sums, WIDTH } from './sums.js';
import type { WeekSums } from './week-sums.js';

/** So many stay in the processor's first cache. */
export const CHUNK_ROWS = 1024;
/** Words of a record in the narrow form. */
export const NARROW_ROW = 3;

/** Sums of one dataset by day, by asset and by requester. */
export class DatasetSums {
  /** Slots in {@link byDay}, in the order in which days came. */
  readonly days: number[] = [];
  readonly byDay = new Sums();
  /** In the form in which they sort, see {@link assetOrder}; repeated where keys differ in less. */
  readonly assets: string[] = [];
  readonly byAsset = new Sums();
  /** Of each asset, where there are any. */
  readonly weeks: (WeekSums | undefined)[] = [];
  /** Numbers of requesters, a slot each in {@link byRequester}. */
  requesters = new Uint32Array(1024);
  readonly byRequester = new Sums(1024);
  /** Day -> slot + 1; for days outside of it {@link #otherDays}. */
  readonly #daySlots = new Uint32Array(1 << 16);
  readonly #otherDays = new Map<number, number>();
  /** Requester -> slot + {@link #firstSlot}; lower numbers are of datasets before. */
  readonly #requesterSlots: Uint32Array;
  #firstSlot = 1;
  #asset = 0;
  readonly #scratch = new Uint32Array(CHUNK_ROWS);

  /** @param requesters numbers of requesters are below it */
  constructor(requesters: number) {
    this.#requesterSlots = new Uint32Array(requesters);
  }

  /** @param path as Latin-1, maybe empty */
  startAsset(path: string, weeks?: WeekSums): void {
    this.#asset = this.byAsset.append();
    this.assets.push(assetOrder(path));
    this.weeks.push(weeks);
  }

  /** Add an asset with its sums; its records come by {@link addRows}, in any order. */
  addAsset(path: string, sums: Sums, slot: number, weeks?: WeekSums): void {
    this.startAsset(path, weeks);
    this.byAsset.addFrom(this.#asset, sums, slot);
  }

  /**
   * Add records to their days and requesters, but to no asset.
   *
   * In several passes over at most {@link CHUNK_ROWS} records, each of which asks memory for things
   * that do not depend on the record before: so the processor waits for many of them at a time, where
   * one loop would wait for each.
   *
   * @param rows records in the narrow form of a spill (see SpillWriter), with final numbers
   * @param words how many of it
   */
  addRows(rows: Uint32Array, words: number): void {
    const slots = this.#scratch;
    const requesterSlots = this.#requesterSlots;
    const firstSlot = this.#firstSlot;
    const count = words / NARROW_ROW;
    for (let i = 0, p = 0; i < count; i++, p += NARROW_ROW) {
      slots[i] = requesterSlots[rows[p] & 0x7fffffff];
    }
    this.byRequester.reserve(count);
    for (let i = 0, p = 0; i < count; i++, p += NARROW_ROW) {
      const known = slots[i];
      slots[i] = known >= firstSlot ? known - firstSlot : this.requesterSlot(rows[p] & 0x7fffffff);
    }
    addRecords(this.byRequester.values, slots, rows, count);
    this.byDay.reserve(count);
    const daySlots = this.#daySlots;
    for (let i = 0, p = 1; i < count; i++, p += NARROW_ROW) {
      const day = rows[p] & 0xffff;
      const known = daySlots[day];
      slots[i] = known !== 0 ? known - 1 : this.daySlot(day);
    }
    addRecords(this.byDay.values, slots, rows, count);
  }

  /** Add a record to its day and requester, but to no asset. */
  addRow(requester: number, day: number, low: number, high: number, download: number): void {
    this.byDay.add(this.daySlot(day), low, high, 1, download);
    this.byRequester.add(this.requesterSlot(requester), low, high, 1, download);
  }

  daySlot(day: number): number {
    const within = day >= 0 && day <= 0xffff;
    const known = within ? this.#daySlots[day] : (this.#otherDays.get(day) ?? 0);
    if (known !== 0) return known - 1;
    const slot = this.byDay.append();
    this.days.push(day);
    if (within) this.#daySlots[day] = slot + 1;
    else this.#otherDays.set(day, slot + 1);
    return slot;
  }

  requesterSlot(requester: number): number {
    const known = this.#requesterSlots[requester];
    if (known >= this.#firstSlot) return known - this.#firstSlot;
    const slot = this.byRequester.append();
    if (slot === this.requesters.length) {
      const more = new Uint32Array(slot * 2);
      more.set(this.requesters);
      this.requesters = more;
    }
    this.requesters[slot] = requester;
    this.#requesterSlots[requester] = slot + this.#firstSlot;
    return slot;
  }

  /** Forget everything, for the next dataset. */
  clear(): void {
    for (const day of this.days) {
      if (day >= 0 && day <= 0xffff) this.#daySlots[day] = 0;
    }
    this.#otherDays.clear();
    this.days.length = 0;
    this.byDay.clear();
    this.assets.length = 0;
    this.weeks.length = 0;
    this.byAsset.clear();
    this.#firstSlot += this.byRequester.count;
    this.byRequester.clear();
    if (this.#firstSlot > 0x7fffffff) {
      this.#requesterSlots.fill(0);
      this.#firstSlot = 1;
    }
  }
}

function addRecords(
  values: Float64Array,
  slots: Uint32Array,
  rows: Uint32Array,
  count: number,
): void {
  for (let i = 0, p = 0; i < count; i++, p += NARROW_ROW) {
    const at = slots[i] * WIDTH;
    const sum = values[at] + (rows[p + 1] >>> 16) * 2 ** 32 + rows[p + 2];
    if (sum >= RADIX) {
      values[at] = sum - RADIX;
      values[at + HIGH]++;
    } else values[at] = sum;
    values[at + REQUESTS]++;
    values[at + DOWNLOADS] += rows[p] >>> 31;
  }
}
