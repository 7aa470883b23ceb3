import type { EngineRow } from '../../cache/engine.js';
import { NO_REQUESTER } from '../../cache/rollup-manifest.js';
import type { Grouping } from './grouping.js';
import { type PrivacyRules, publishedCount } from './privacy.js';
import { tableText } from './table-text.js';
import { compareNaturally } from './text-order.js';

/** One kind of published table: a query over all datasets, and how its rows are printed. */
export interface Table {
  /** File name in the dataset's folder. */
  readonly file: string;
  /** SQL whose first column is the dataset, and whose rows come ordered by it. */
  query(grouping: Grouping, regions: string): string;
  /** Text before the rows. */
  readonly header: string;
  /** Text of some rows of one dataset. */
  text(rows: readonly EngineRow[], rules: PrivacyRules): string;
  /** For an order that SQL does not have: applied to all rows of a dataset, held in memory. */
  readonly compare?: (a: EngineRow, b: EngineRow) => number;
}

const byDay: Table = {
  file: 'by_day.tsv',
  header: header('date'),
  query: ({ days }) => sumsBy('day', days, 'day'),
  text: (rows, rules) => printed(rows, rules, (day) => dateOfDay(day as number)),
};

const byAsset: Table = {
  file: 'by_asset.tsv',
  header: header('asset_path'),
  // Lists of components compare element by element, and their bytes as unsigned.
  query: ({ days }) => sumsBy('asset_path', days, "string_split(asset_path, '/')"),
  text: (rows, rules) => printed(rows, rules, (path) => path as string),
};

const byRegion: Table = {
  file: 'by_region.tsv',
  header: header('region'),
  query: ({ requesters }, regions) => sumsBy('region', withRegions(requesters, regions), 'region'),
  text: (rows, rules) => printed(rows, rules, (region) => region as string),
  compare: (a, b) => compareNaturally(a[1] as string, b[1] as string),
};

const requesterCount: Table = {
  file: 'requester_count.tsv',
  header: '',
  query: ({ requesters }) => `${countRequesters(requesters)} ORDER BY dataset`,
  text: (rows, rules) => rows.map((row) => publishedCount(row[1] as bigint, rules)).join(''),
};

/** Tables of each dataset, in the order in which they are written. */
export const DATASET_TABLES: readonly Table[] = [byDay, byAsset, byRegion, requesterCount];

/** Tables of the archive as a whole. */
export const ARCHIVE_TABLES: readonly Table[] = [byDay, byRegion, requesterCount];

/** Every file that this program may have written into the folder of a dataset. */
export const DATASET_FILES: ReadonlySet<string> = new Set([
  ...DATASET_TABLES.map(({ file }) => file),
  'by_asset_per_week.tsv',
  'by_asset_type_per_week.tsv',
]);

/** SQL of requesters with the column `region`; `missing` where none is known. */
export function withRegions(requesters: string, regions: string): string {
  return `(SELECT dataset, coalesce(region, 'missing') AS region, bytes_sent, requests, downloads
           FROM ${requesters} AS r
           LEFT JOIN (SELECT * FROM ${regions} WHERE requester <> ${NO_REQUESTER}) USING (requester))`;
}

/** SQL of (dataset, number of distinct requesters); the one that stands for none does not count. */
export function countRequesters(requesters: string): string {
  return `SELECT dataset, count(*) FILTER (requester <> ${NO_REQUESTER}) AS requesters
          FROM (SELECT DISTINCT dataset, requester FROM ${requesters}) GROUP BY dataset`;
}

function sumsBy(column: string, relation: string, order: string): string {
  return `SELECT dataset, ${column}, sum(bytes_sent), sum(requests), sum(downloads)
          FROM ${relation} GROUP BY dataset, ${column} ORDER BY dataset, ${order}`;
}

function header(first: string): string {
  return `${first}\tbytes_sent\tnumber_of_requests\tnumber_of_downloads\n`;
}

function printed(
  rows: readonly EngineRow[],
  rules: PrivacyRules,
  first: (value: EngineRow[number]) => string,
): string {
  return tableText(
    rows.map(([, name, bytes, requests, downloads]) => [
      first(name as EngineRow[number]),
      bytes as bigint,
      publishedCount(requests as bigint, rules),
      publishedCount(downloads as bigint, rules),
    ]),
  );
}

const dates = new Map<number, string>();

/**
 * Kept once made: there are few days, and every dataset has them.
 *
 * @param day days since 1970-01-01
 */
function dateOfDay(day: number): string {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * 86_400_000).toISOString().split('T', 1)[0] as string;
  dates.set(day, date);
  return date;
}
