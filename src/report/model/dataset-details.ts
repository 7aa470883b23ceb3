import { binDays } from '../chart/bins.js';
import { dayNumber, type Unit } from '../chart/dates.js';
import type { PackedRows } from '../chart/packed.js';
import { packSeries } from '../chart/series.js';
import { compareRows, type NamedRow } from './table-rows.js';

/** What the page of a dataset tells besides its totals. */
export interface DatasetDetails {
  /** The first and the last day, as days since 1970. */
  readonly span: readonly [first: number, last: number];
  readonly assets: PackedRows;
  readonly regions: PackedRows;
  /** In the finest unit that makes at most so many bins, as `packSeries` has it. */
  series(bins: number): { readonly unit: Unit; readonly series: readonly number[] };
}

/** Rows by asset and by region that a page has at most. */
export const MOST_ROWS = 15;
/** Bins that a plot has at most, unless its years are more. */
export const MOST_BINS = 130;

/** From finest to coarsest, with their lengths in days. */
const UNITS = [
  ['day', 1],
  ['week', 7],
  ['month', 30.4],
  ['year', 366],
] as const;

/** @param days in their order; the other rows are put in order */
export function datasetDetails(
  days: readonly NamedRow[],
  assets: NamedRow[],
  regions: NamedRow[],
): DatasetDetails {
  const [first = 0, last = 0] = [days[0], days.at(-1)].map((row) =>
    row === undefined ? 0 : dayNumber(row[0]),
  );
  const unitFor = (bins: number): Unit =>
    UNITS.find(([, length]) => (last - first + 1) / length <= bins)?.[0] ?? 'year';
  const finest = UNITS.findIndex(([unit]) => unit === unitFor(MOST_BINS));
  // All that may be asked for: the rows themselves need not be kept then.
  const packed = new Map(
    UNITS.slice(finest).map(([unit]) => [unit, packSeries(binDays(days, unit))] as const),
  );
  return {
    span: [first, last],
    assets: largest(assets),
    regions: largest(regions),
    series(bins) {
      const unit = unitFor(Math.min(bins, MOST_BINS));
      return { unit, series: packed.get(unit) ?? [] };
    },
  };
}

function largest(rows: NamedRow[]): PackedRows {
  const most = rows.sort(compareRows).slice(0, MOST_ROWS);
  // A cell is a part of its file's text, and would keep all of that in memory.
  return { rows: JSON.parse(JSON.stringify(most)) as NamedRow[], all: rows.length };
}
