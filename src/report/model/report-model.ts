import type { PublishedTotals } from '../../share/published/parse-totals.js';
import type { PublishedArchive } from '../../share/published/published-archive.js';
import { type DatasetDetails, datasetDetails } from './dataset-details.js';
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
  readonly bytes: bigint;
  /** undefined: no totals are published. */
  readonly totals: PublishedTotals | undefined;
  readonly requesters: string | undefined;
  /** undefined: it has fewer bytes than {@link MOST_DETAILED} others. */
  readonly details: DatasetDetails | undefined;
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

/** More than a table of datasets has room for. */
export const MOST_DETAILED = 2500;

/**
 * Read all tables once, one dataset after the other: what is kept of each is bounded, and kept of few.
 *
 * @throws as `PublishedArchive.table`
 */
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
  const isDetailed = largestOf(totals);
  const datasets = source.datasets.map(({ name, folder }): DatasetModel => {
    const own = rowsOf(folder, 'day');
    const [assets, byRegion] = [rowsOf(folder, 'asset'), rowsOf(folder, 'region')];
    const total = totals?.get(name);
    return {
      name,
      bytes: total?.total_bytes_sent ?? sumOfBytes(own),
      totals: total,
      requesters: source.requesterCount(folder),
      details: isDetailed(name) ? datasetDetails(own, assets, byRegion) : undefined,
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
    datasets: datasets.sort((a, b) => compareBigInts(b.bytes, a.bytes)),
    held,
  };
}

/** Whether a dataset is among those with most bytes; all are where that is not known beforehand. */
function largestOf(
  totals: ReadonlyMap<string, PublishedTotals> | undefined,
): (name: string) => boolean {
  if (totals === undefined || totals.size <= MOST_DETAILED) return () => true;
  const largest = [...totals]
    .sort(([, a], [, b]) => compareBigInts(b.total_bytes_sent, a.total_bytes_sent))
    .slice(0, MOST_DETAILED);
  const names = new Set(largest.map(([name]) => name));
  return (name) => names.has(name);
}

function compareBigInts(a: bigint, b: bigint): number {
  return a === b ? 0 : a < b ? -1 : 1;
}
