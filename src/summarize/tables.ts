import type { MergedAssets } from '../../cache/rollups/merged-assets.js';
import { DOWNLOADS, HIGH, REQUESTS, type Sums, WIDTH } from '../../cache/rollups/sums.js';
import type { Figures, RegionNumbers, SumsByNumber } from './figures.js';
import type { TableWriter } from './table-writer.js';
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

/** The bytes of a table of figures, in pieces. */
export function tablePieces(
  table: Exclude<TableName, 'by_asset.tsv'>,
  figures: Figures,
  regions: RegionNumbers,
  writer: TableWriter,
): Iterable<Uint8Array> {
  if (table === 'by_day.tsv') return byDay(figures.days, writer);
  if (table === 'by_region.tsv') return byRegion(figures.regions, regions, writer);
  writer.count(figures.requesters);
  return [writer.take()];
}

/** The bytes of the table by asset, in pieces. */
export function* assetPieces(assets: MergedAssets, writer: TableWriter): Generator<Uint8Array> {
  writer.text(header('asset_path'));
  while (assets.next()) {
    writer.assetCell(assets.name, assets.length);
    writer.numbers(assets.low, assets.high, assets.requests, assets.downloads);
    if (writer.isFull) yield writer.take();
  }
  yield writer.take();
}

function* byDay(days: SumsByNumber, writer: TableWriter): Generator<Uint8Array> {
  writer.text(header('date'));
  for (const day of Int32Array.from(days.numbers()).sort()) {
    writer.text(dateOfDay(day));
    writeSums(days.sums, days.slot(day), writer);
    if (writer.isFull) yield writer.take();
  }
  yield writer.take();
}

function* byRegion(
  regions: SumsByNumber,
  { names }: RegionNumbers,
  writer: TableWriter,
): Generator<Uint8Array> {
  writer.text(header('region'));
  const name = (region: number): string => names[region] as string;
  for (const region of regions.numbers().sort((a, b) => compareNaturally(name(a), name(b)))) {
    writer.cell(name(region));
    writeSums(regions.sums, regions.slot(region), writer);
    if (writer.isFull) yield writer.take();
  }
  yield writer.take();
}

function header(first: string): string {
  return `${first}\tbytes_sent\tnumber_of_requests\tnumber_of_downloads\n`;
}

function writeSums({ values }: Sums, slot: number, writer: TableWriter): void {
  const at = slot * WIDTH;
  writer.numbers(values[at], values[at + HIGH], values[at + REQUESTS], values[at + DOWNLOADS]);
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
