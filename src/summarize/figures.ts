import { ByteReader } from '../../cache/rollups/byte-reader.js';
import type { BlockPlace, DatasetReader } from '../../cache/rollups/dataset-blocks.js';
import { DistinctRequesters } from '../../cache/rollups/distinct-requesters.js';
import { DOWNLOADS, HIGH, REQUESTS, Sums, WIDTH } from '../../cache/rollups/sums.js';

/** Number of the region `missing`, which requesters without a known one have. */
export const MISSING = 0;

/** In which region each requester is, by its number, as a number of a region. */
export interface RegionNumbers {
  /** Names of regions by number; the first is `missing`. */
  readonly names: readonly string[];
  readonly ofRequester: Uint32Array;
}

/** Exact sums by some number, with a slot for each number seen. */
export class SumsByNumber {
  readonly sums = new Sums();
  readonly #slots = new Map<number, number>();

  slot(number: number): number {
    let slot = this.#slots.get(number);
    if (slot === undefined) {
      slot = this.sums.append();
      this.#slots.set(number, slot);
    }
    return slot;
  }

  numbers(): number[] {
    return [...this.#slots.keys()];
  }

  addAll(other: SumsByNumber): void {
    for (const [number, slot] of other.#slots) {
      this.sums.addFrom(this.slot(number), other.sums, slot);
    }
  }

  /** As plain values, to be sent to another thread. */
  entries(): readonly SumEntry[] {
    const { values } = this.sums;
    return this.numbers().map((number) => {
      const at = this.slot(number) * WIDTH;
      return [number, values[at], values[at + HIGH], values[at + REQUESTS], values[at + DOWNLOADS]];
    });
  }

  addEntries(entries: readonly SumEntry[]): void {
    for (const [number, low, high, requests, downloads] of entries) {
      this.sums.add(this.slot(number), low, high, requests, downloads);
    }
  }
}

/** Number; bytes below and above 2^48; requests; downloads. */
export type SumEntry = readonly [number, number, number, number, number];

/** What is published of one dataset, but for its assets: exact. */
export interface Figures {
  readonly days: SumsByNumber;
  readonly regions: SumsByNumber;
  /** Distinct ones; the one that stands for none does not count. */
  readonly requesters: number;
}

/** Reads the figures of datasets, one after the other. */
export class FigureReader {
  readonly #reader: DatasetReader;
  readonly #regions: RegionNumbers;
  readonly #distinct: DistinctRequesters;

  constructor(reader: DatasetReader, regions: RegionNumbers) {
    this.#reader = reader;
    this.#regions = regions;
    this.#distinct = new DistinctRequesters(regions.ofRequester.length);
  }

  /** @throws {RollupsDamagedError} */
  read(places: readonly BlockPlace[]): Figures {
    const found = this.#reader.days(places);
    const days = new SumsByNumber();
    found.days.forEach((day, slot) => {
      days.sums.addFrom(days.slot(day), found.byDay, slot);
    });
    const sections = places.map((place) => this.#reader.section(place, 'requesters'));
    const requesters = this.#reader.reading(places, () => this.#distinct.count(sections));
    const { names } = this.#regions;
    const regions = names.length === 1 ? allMissing(days) : this.#regionSums(places);
    return { days, regions, requesters };
  }

  #regionSums(places: readonly BlockPlace[]): SumsByNumber {
    const { names, ofRequester } = this.#regions;
    const all = new Sums(names.length);
    for (let region = 0; region < names.length; region++) all.append();
    for (const place of places) {
      const from = new ByteReader(this.#reader.section(place, 'requesters'));
      const sums = new ByteReader(this.#reader.section(place, 'requesterSums'));
      this.#reader.reading([place], () => {
        for (let left = from.count(); left > 0; left--) {
          sums.sums();
          const requester = from.varint();
          if (requester >= ofRequester.length) throw new RangeError('a requester of no number');
          const { low, high, requests, downloads } = sums;
          all.add(ofRequester[requester], low, high, requests, downloads);
        }
      });
    }
    const regions = new SumsByNumber();
    for (let region = 0; region < names.length; region++) {
      if (all.requests(region) > 0) regions.sums.addFrom(regions.slot(region), all, region);
    }
    return regions;
  }
}

/** While no region is known, all that there is is of the region `missing`. */
function allMissing(days: SumsByNumber): SumsByNumber {
  const regions = new SumsByNumber();
  for (const day of days.numbers()) {
    regions.sums.addFrom(regions.slot(MISSING), days.sums, days.slot(day));
  }
  return regions;
}
