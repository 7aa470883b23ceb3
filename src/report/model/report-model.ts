import type { PublishedTotals } from '../../share/published/parse-totals.js';
import type { PublishedArchive } from '../../share/published/published-archive.js';
import { binDays } from '../chart/bins.js';
import { dayNumber, type Unit } from '../chart/dates.js';
import type { PackedRows } from '../chart/packed.js';
import { packSeries } from '../chart/series.js';
import { countHeld, type HeldBack, NONE_HELD } from './held-back.js';
import { compareRows, type NamedRow, namedRows, sumOfBytes } from './table-rows.js';

/** What a report takes of what is published. */
export type ReportSource = Pick<
  PublishedArchive,
  | 'rules'
  | 'robots'
  | 'changedAt'
  | 'datasets'
  | 'table'
  | 'requesterCount'
  | 'totals'
  | 'archiveTotals'
  | 'coordinates'
>;

export interface DatasetModel {
  readonly name: string;
  readonly folder: string;
  readonly bytes: bigint;
  /** undefined: no totals are published. */
  readonly totals: PublishedTotals | undefined;
  readonly requesters: string | undefined;
  /** The first and the last day, as in `PackedDataset`. */
  readonly span: readonly [first: number, last: number];
  /** In the finest unit that makes at most so many bins. */
  readonly series: (bins: number) => { readonly unit: Unit; readonly series: number[] };
  readonly assets: PackedRows;
  readonly regions: PackedRows;
}

/** All that a report tells, as values. */
export interface ReportModel {
  readonly rules: ReportSource['rules'];
  readonly robots: ReportSource['robots'];
  readonly changedAt: string;
  /** Of the archive; no rows where its tables are not published. */
  readonly days: readonly NamedRow[];
  /** By bytes. */
  readonly regions: readonly NamedRow[];
  readonly coordinates: ReturnType<ReportSource['coordinates']>;
  readonly totals: PublishedTotals | undefined;
  readonly requesters: string | undefined;
  /** Exact. */
  readonly bytes: bigint;
  /** By bytes. */
  readonly datasets: readonly DatasetModel[];
  readonly held: Readonly<Record<'day' | 'asset' | 'region', HeldBack>>;
}

/** Rows by asset and by region that a page of a dataset has at most. */
export const MOST_ROWS = 15;

/** Read all tables once, one dataset after the other: what is kept of each is bounded. @throws as {@link PublishedArchive.table} */
export function readModel(source: ReportSource): ReportModel {
  const totals = source.totals();
  const held = { day: NONE_HELD, asset: NONE_HELD, region: NONE_HELD };
  const rowsOf = (folder: string, kind: keyof typeof held): NamedRow[] => {
    const rows = namedRows(source.table(`${folder}/by_${kind}.tsv`));
    held[kind] = countHeld(held[kind], rows);
    return rows;
  };
  const days = rowsOf('archive', 'day');
  const regions = rowsOf('archive', 'region').sort(compareRows);
  const datasets = source.datasets.map(({ name, folder }): DatasetModel => {
    const own = rowsOf(folder, 'day');
    const total = totals?.get(name);
    return {
      name,
      folder,
      bytes: total?.total_bytes_sent ?? sumOfBytes(own),
      totals: total,
      requesters: source.requesterCount(folder),
      span: spanOf(own),
      series: compactSeries(own),
      assets: largest(rowsOf(folder, 'asset')),
      regions: largest(rowsOf(folder, 'region')),
    };
  });
  const archiveTotals = source.archiveTotals();
  return {
    rules: source.rules,
    robots: source.robots,
    changedAt: source.changedAt,
    days,
    regions,
    coordinates: source.coordinates(),
    totals: archiveTotals,
    requesters: source.requesterCount('archive'),
    bytes: archiveTotals?.total_bytes_sent ?? datasets.reduce((sum, { bytes }) => sum + bytes, 0n),
    // Stable: equal ones stay in the order of their names.
    datasets: datasets.sort((a, b) => (a.bytes === b.bytes ? 0 : a.bytes > b.bytes ? -1 : 1)),
    held,
  };
}

/** The finest of these that a plot of so many bins has room for. */
const UNITS = [
  ['day', 1],
  ['week', 7],
  ['month', 30.4],
  ['year', 366],
] as const;

function compactSeries(days: readonly NamedRow[]): DatasetModel['series'] {
  const [first, last] = spanOf(days);
  const unitFor = (bins: number): Unit =>
    UNITS.find(([, length]) => (last - first + 1) / length <= bins)?.[0] ?? 'year';
  // All units at once: the rows themselves need not be kept then.
  const finest = unitFor(MOST_BINS);
  const packed = new Map<Unit, number[]>();
  for (const [unit] of UNITS.slice(UNITS.findIndex(([name]) => name === finest))) {
    packed.set(unit, packSeries(binDays(days, unit)));
  }
  return (bins) => {
    const unit = unitFor(Math.min(bins, MOST_BINS));
    return { unit, series: packed.get(unit) ?? [] };
  };
}

function spanOf(days: readonly NamedRow[]): [first: number, last: number] {
  const [first = 0, last = 0] = [days[0], days.at(-1)].map((row) =>
    dayNumber(row?.[0] ?? '1970-01-01'),
  );
  return [first, last];
}

/** Bins that a plot of a dataset has at most, unless its years are more. */
export const MOST_BINS = 130;

function largest(rows: NamedRow[]): PackedRows {
  return { rows: rows.sort(compareRows).slice(0, MOST_ROWS), all: rows.length };
}
