import { dayNumber, endOf, startOf, type Unit } from './dates.js';

/**
 * What is known of requests (or downloads) in some days, of which each was rounded or held back by itself. It is no rounded sum,
 * and no bound of it: a published day may be rounded up.
 */
export interface Tally {
  /** Of the days that are published. */
  readonly sum: number;
  /** Days that are published as a number. */
  readonly shown: number;
  /** Days held back, below the threshold. */
  readonly held: number;
}

/** Some days together. Bytes are exact, unless they came in fewer digits. */
export interface Bin {
  readonly start: number;
  readonly bytes: bigint;
  readonly requests: Tally;
  readonly downloads: Tally;
}

/** A row of by_day.tsv: date, bytes, requests, downloads, as published. */
export type DayCells = readonly [date: string, bytes: string, requests: string, downloads: string];

/** Rows of days, in their order, by day, week, month or year. Where there was nothing, there is no bin. */
export function binDays(rows: readonly DayCells[], unit: Unit): Bin[] {
  const bins: Bin[] = [];
  for (const [date, bytes, requests, downloads] of rows) {
    const start = startOf(unit, dayNumber(date));
    const last = bins.at(-1);
    const isSame = last?.start === start;
    const bin = {
      start,
      bytes: (isSame ? last.bytes : 0n) + BigInt(bytes),
      requests: added(isSame ? last.requests : NOTHING, requests),
      downloads: added(isSame ? last.downloads : NOTHING, downloads),
    };
    if (isSame) bins[bins.length - 1] = bin;
    else bins.push(bin);
  }
  return bins;
}

/** Each bin with all before it. */
export function cumulated(bins: readonly Bin[]): Bin[] {
  let total: Omit<Bin, 'start'> = { bytes: 0n, requests: NOTHING, downloads: NOTHING };
  return bins.map((bin) => {
    total = {
      bytes: total.bytes + bin.bytes,
      requests: both(total.requests, bin.requests),
      downloads: both(total.downloads, bin.downloads),
    };
    return { start: bin.start, ...total };
  });
}

/** The first day, and the first after the last; of nothing, both 0. */
export function extentOf(bins: readonly Bin[], unit: Unit): [first: number, end: number] {
  const last = bins.at(-1);
  return last === undefined ? [0, 0] : [bins[0].start, endOf(unit, last.start)];
}

const NOTHING: Tally = { sum: 0, shown: 0, held: 0 };

/** @param cell `<50`, or a number */
function added(tally: Tally, cell: string): Tally {
  return cell.startsWith('<')
    ? { ...tally, held: tally.held + 1 }
    : { ...tally, sum: tally.sum + Number(cell), shown: tally.shown + 1 };
}

function both(a: Tally, b: Tally): Tally {
  return { sum: a.sum + b.sum, shown: a.shown + b.shown, held: a.held + b.held };
}
