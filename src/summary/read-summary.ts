import type { PublishedTable } from '../share/published/parse-table.js';
import type { PublishedTotals } from '../share/published/parse-totals.js';
import type { PublishedArchive, PublishedDataset } from '../share/published/published-archive.js';
import { ARCHIVE_FOLDER } from '../summarize/publish-summaries.js';
import { compareCodePoints } from '../summarize/text-order.js';

/** A row of a published table: bytes exact, counts as published (`<50`, or rounded). */
export interface UsageRow {
  readonly name: string;
  readonly bytes: bigint;
  readonly requests: string;
  readonly downloads: string;
}

export interface UsageWeek {
  /** Its Monday, `YYYY-MM-DD`. */
  readonly start: string;
  readonly bytes: bigint;
}

/** What is published of a dataset, or of the archive, at a glance. */
export interface UsageSummary {
  /** Undefined: the archive. */
  readonly dataset: string | undefined;
  readonly datasets: number;
  /** Undefined: not published. */
  readonly totals: PublishedTotals | undefined;
  /** Days with requests; undefined where no table by day is published. */
  readonly days:
    | {
        readonly first: string;
        readonly last: string;
        readonly count: number;
        /** Of how many of them the number of requests is suppressed. */
        readonly suppressed: number;
      }
    | undefined;
  /** All from the first to the last one, also those without requests. */
  readonly weeks: readonly UsageWeek[];
  /** By bytes, the most first; of equal ones by name. */
  readonly regions: UsageTop;
  /** Of a dataset: its assets. */
  readonly assets: UsageTop | undefined;
  /** Of the archive: its datasets. */
  readonly topDatasets: UsageTop | undefined;
}

export interface UsageTop {
  readonly rows: readonly UsageRow[];
  /** How many there are in all. */
  readonly count: number;
  /** Bytes of all of them. */
  readonly bytes: bigint;
}

/**
 * Read what is published of the archive, or of one of its datasets.
 *
 * @param top how many regions, assets and datasets are named
 * @throws what {@link PublishedArchive.table} throws
 */
export function readSummary(
  archive: PublishedArchive,
  dataset: PublishedDataset | undefined,
  top: number,
): UsageSummary {
  const folder = dataset?.folder ?? ARCHIVE_FOLDER;
  const totals = archive.totals();
  const days = rowsOf(archive.table(`${folder}/by_day.tsv`));
  const regions = topOf(rowsOf(archive.table(`${folder}/by_region.tsv`)), top);
  const common = {
    datasets: archive.datasets.length,
    days: daysOf(days),
    weeks: weeksOf(days),
    regions,
  };
  if (dataset === undefined) {
    const rows = [...(totals ?? [])].map(([name, one]) => ({
      name,
      bytes: one.total_bytes_sent,
      requests: String(one.total_number_of_requests),
      downloads: String(one.total_number_of_downloads),
    }));
    return {
      ...common,
      dataset: undefined,
      totals: archive.archiveTotals(),
      assets: undefined,
      topDatasets: topOf(rows, top),
    };
  }
  return {
    ...common,
    dataset: dataset.name,
    totals: totals?.get(dataset.name),
    assets: topOf(rowsOf(archive.table(`${folder}/by_asset.tsv`)), top),
    topDatasets: undefined,
  };
}

function rowsOf(table: PublishedTable | undefined): UsageRow[] {
  return (table?.rows ?? []).map(([name, bytes, requests, downloads]) => ({
    name: name as string,
    bytes: BigInt(bytes as string),
    requests: requests as string,
    downloads: downloads as string,
  }));
}

function topOf(rows: readonly UsageRow[], top: number): UsageTop {
  const sorted = [...rows].sort((a, b) =>
    a.bytes === b.bytes ? compareCodePoints(a.name, b.name) : a.bytes < b.bytes ? 1 : -1,
  );
  return {
    rows: sorted.slice(0, top),
    count: rows.length,
    bytes: rows.reduce((sum, { bytes }) => sum + bytes, 0n),
  };
}

/** Days stand in order. */
function daysOf(days: readonly UsageRow[]): UsageSummary['days'] {
  const [first, last] = [days[0], days.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const suppressed = days.filter(({ requests }) => requests.startsWith('<')).length;
  return { first: first.name, last: last.name, count: days.length, suppressed };
}

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-05 was a Monday. */
const FIRST_MONDAY_MS = 4 * DAY_MS;
/** A log with a wrong clock must not make weeks without end: from the year 1 to 9999 there are 521,672. */
const MOST_WEEKS = 20_000;

function weeksOf(days: readonly UsageRow[]): UsageWeek[] {
  const bytes = new Map<number, bigint>();
  for (const day of days) {
    const week = Math.floor((Date.parse(day.name) - FIRST_MONDAY_MS) / WEEK_MS);
    bytes.set(week, (bytes.get(week) ?? 0n) + day.bytes);
  }
  const numbers = [...bytes.keys()].sort((a, b) => a - b);
  const [first, last] = [numbers[0], numbers.at(-1)];
  if (first === undefined || last === undefined) return [];
  const all =
    last - first < MOST_WEEKS
      ? Array.from({ length: last - first + 1 }, (_, i) => first + i)
      : numbers;
  return all.map((week) => ({
    start: new Date(FIRST_MONDAY_MS + week * WEEK_MS).toISOString().slice(0, 10),
    bytes: bytes.get(week) ?? 0n,
  }));
}
