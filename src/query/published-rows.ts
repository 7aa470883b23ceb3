import type { PublishedTable } from '../share/published/parse-table.js';
import type { PublishedTotals } from '../share/published/parse-totals.js';
import type { PublishedArchive } from '../share/published/published-archive.js';
import { ARCHIVE_FOLDER } from '../summarize/publish-summaries.js';

/** A row of `summaries`, in the order of its columns. Dates as text. */
export type SummaryRow = readonly [
  dataset: string | null,
  kind: string,
  name: string,
  date: string | null,
  bytesSent: bigint,
  requests: bigint | null,
  downloads: bigint | null,
];

/** Tables with a row for each thing, by what they say in the first column. */
const KINDS: Readonly<Record<string, string>> = {
  'by_day.tsv': 'day',
  'by_asset.tsv': 'asset',
  'by_region.tsv': 'region',
};

/** Tables with a row for each week and a column for each thing. */
const WEEK_KINDS: Readonly<Record<string, string>> = {
  'by_asset_per_week.tsv': 'week of an asset',
  'by_asset_type_per_week.tsv': 'week of an asset type',
};

/**
 * The published tables one below the other, table by table.
 *
 * @throws what {@link PublishedArchive.table} throws
 */
export function* summaryRows(archive: PublishedArchive): Generator<SummaryRow, void, void> {
  yield* tablesOf(archive, null, ARCHIVE_FOLDER, archive.archiveTables);
  for (const { name, folder, tables } of archive.datasets) {
    yield* tablesOf(archive, name, folder, tables);
  }
}

function* tablesOf(
  archive: PublishedArchive,
  dataset: string | null,
  folder: string,
  tables: readonly string[],
): Generator<SummaryRow, void, void> {
  for (const file of tables) {
    const [kind, weekKind] = [KINDS[file], WEEK_KINDS[file]];
    if (kind === undefined && weekKind === undefined) continue;
    const table = archive.table(`${folder}/${file}`);
    if (table === undefined) continue;
    if (kind !== undefined) yield* longRows(dataset, kind, table);
    else yield* weekRows(dataset, weekKind as string, table);
  }
}

function* longRows(
  dataset: string | null,
  kind: string,
  { rows }: PublishedTable,
): Generator<SummaryRow, void, void> {
  for (const [name, bytes, requests, downloads] of rows) {
    const date = kind === 'day' ? (name as string) : null;
    yield [
      dataset,
      kind,
      name as string,
      date,
      BigInt(bytes as string),
      countOf(requests),
      countOf(downloads),
    ];
  }
}

/** Weeks in which nothing was sent are left out. */
function* weekRows(
  dataset: string | null,
  kind: string,
  { columns, rows }: PublishedTable,
): Generator<SummaryRow, void, void> {
  for (const [week, ...cells] of rows) {
    for (const [i, cell] of cells.entries()) {
      if (cell === '0') continue;
      yield [dataset, kind, columns[i + 1] as string, week as string, BigInt(cell), null, null];
    }
  }
}

/** A row of `totals`, in the order of its columns. */
export type TotalsRow = readonly [dataset: string | null, ...figures: (bigint | null)[]];

/** @throws what {@link PublishedArchive.totals} throws */
export function* totalsRows(archive: PublishedArchive): Generator<TotalsRow, void, void> {
  const all = archive.archiveTotals();
  if (all !== undefined) yield [null, ...figuresOf(all)];
  for (const [dataset, totals] of archive.totals() ?? []) yield [dataset, ...figuresOf(totals)];
}

function figuresOf(totals: PublishedTotals): (bigint | null)[] {
  return [
    countOf(totals.number_of_requesters),
    BigInt(totals.number_of_unique_countries),
    BigInt(totals.number_of_unique_regions),
    totals.total_bytes_sent,
    countOf(totals.total_number_of_downloads),
    countOf(totals.total_number_of_requests),
  ];
}

/** `<50` is null. */
function countOf(count: string | number | undefined): bigint | null {
  return count === undefined || String(count).startsWith('<') ? null : BigInt(count);
}
