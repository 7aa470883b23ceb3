import { assetPath } from '../../cache/rollups/asset-order.js';
import type { MergedAssets } from '../../cache/rollups/merged-assets.js';
import {
  bytesSentOf,
  DOWNLOADS,
  HIGH,
  REQUESTS,
  type Sums,
  WIDTH,
} from '../../cache/rollups/sums.js';
import type { Figures, RegionNumbers, SumsByNumber } from './figures.js';
import { type PrivacyRules, publishedCount, publishedNumber } from './privacy.js';
import { tableCell } from './table-text.js';
import { compareNaturally } from './text-order.js';

/** Tables of each dataset, in the order in which they are written. */
export const DATASET_TABLES = [
  'by_day.tsv',
  'by_asset.tsv',
  'by_region.tsv',
  'requester_count.tsv',
] as const;

/** Tables of the archive as a whole. */
export const ARCHIVE_TABLES = ['by_day.tsv', 'by_region.tsv', 'requester_count.tsv'] as const;

export type TableName = (typeof DATASET_TABLES)[number];

/** Every file that this program may have written into the folder of a dataset. */
export const DATASET_FILES: ReadonlySet<string> = new Set([
  ...DATASET_TABLES,
  'by_asset_per_week.tsv',
  'by_asset_type_per_week.tsv',
]);

/** Rows of a table of figures, the header first. */
export function tableRows(
  table: Exclude<TableName, 'by_asset.tsv'>,
  figures: Figures,
  regions: RegionNumbers,
  rules: PrivacyRules,
): Iterable<string> {
  if (table === 'by_day.tsv') return byDay(figures.days, rules);
  if (table === 'by_region.tsv') return byRegion(figures.regions, regions, rules);
  return [String(publishedCount(BigInt(figures.requesters), rules))];
}

/** Rows of the table by asset, the header first. */
export function* byAsset(assets: MergedAssets, rules: PrivacyRules): Generator<string> {
  yield header('asset_path');
  while (assets.next()) {
    const { low, high, requests, downloads } = assets;
    yield row(tableCell(assetPath(assets.name)), low, high, requests, downloads, rules);
  }
}

function* byDay(days: SumsByNumber, rules: PrivacyRules): Generator<string> {
  yield header('date');
  for (const day of days.numbers().sort((a, b) => a - b)) {
    yield rowOf(dateOfDay(day), days.sums, days.slot(day), rules);
  }
}

function* byRegion(
  regions: SumsByNumber,
  { names }: RegionNumbers,
  rules: PrivacyRules,
): Generator<string> {
  yield header('region');
  const name = (region: number): string => names[region] as string;
  for (const region of regions.numbers().sort((a, b) => compareNaturally(name(a), name(b)))) {
    yield rowOf(tableCell(name(region)), regions.sums, regions.slot(region), rules);
  }
}

function header(first: string): string {
  return `${first}\tbytes_sent\tnumber_of_requests\tnumber_of_downloads\n`;
}

function rowOf(first: string, sums: Sums, slot: number, rules: PrivacyRules): string {
  const { values } = sums;
  const at = slot * WIDTH;
  const [requests, downloads] = [values[at + REQUESTS], values[at + DOWNLOADS]];
  return row(first, values[at], values[at + HIGH], requests, downloads, rules);
}

function row(
  first: string,
  low: number,
  high: number,
  requests: number,
  downloads: number,
  rules: PrivacyRules,
): string {
  const bytes = high === 0 ? low : bytesSentOf(low, high);
  return `${first}\t${bytes}\t${publishedNumber(requests, rules)}\t${publishedNumber(downloads, rules)}\n`;
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
