import type { MergedAssets } from '../../cache/rollups/merged-assets.js';
import { DOWNLOADS, HIGH, REQUESTS, type Sums, WIDTH } from '../../cache/rollups/sums.js';
import type { Figures, RegionNumbers, SumsByNumber } from './figures.js';
import type { TableWriter } from './table-writer.js';
import { compareNaturally } from './text-order.js';
import type { WeekFigures } from './week-tables.js';

/** Tables of each dataset, in the order in which they are written. */
export const DATASET_TABLES = [
  'by_day.tsv',
  'by_asset.tsv',
  'by_region.tsv',
  'requester_count.tsv',
] as const;

/** Tables of the archive as a whole. */
export const ARCHIVE_TABLES = ['by_day.tsv', 'by_region.tsv', 'requester_count.tsv'] as const;

/** Tables by week, where datasets are those of a mapping of content. */
export const WEEK_TABLES = ['by_asset_per_week.tsv', 'by_asset_type_per_week.tsv'] as const;

export type TableName = (typeof DATASET_TABLES)[number] | (typeof WEEK_TABLES)[number];

/** All that is told of assets is made in one pass over them. */
export type AssetTable = 'by_asset.tsv' | (typeof WEEK_TABLES)[number];

export function isAssetTable(table: TableName): table is AssetTable {
  return table === 'by_asset.tsv' || WEEK_TABLES.some((other) => other === table);
}

/** Every file that this program may have written into the folder of a dataset. */
export const DATASET_FILES: ReadonlySet<string> = new Set([...DATASET_TABLES, ...WEEK_TABLES]);

/** Every file that this program may have written into the folder of the archive. */
export const ARCHIVE_FILES: ReadonlySet<string> = new Set([
  ...ARCHIVE_TABLES,
  'by_asset_type_per_week.tsv',
]);

/** The bytes of a table of figures, in pieces. */
export function tablePieces(
  table: Exclude<TableName, AssetTable>,
  figures: Figures,
  regions: RegionNumbers,
  writer: TableWriter,
): Iterable<Uint8Array> {
  if (table === 'by_day.tsv') return byDay(figures.days, writer);
  if (table === 'by_region.tsv') return byRegion(figures.regions, regions, writer);
  writer.count(figures.requesters);
  return [writer.take()];
}

/** The bytes of the table by asset, in pieces. @param weeks takes every asset, too */
export function* assetPieces(
  assets: MergedAssets,
  writer: TableWriter,
  weeks?: WeekFigures,
): Generator<Uint8Array> {
  writer.text(header('asset_path'));
  while (assets.next()) {
    weeks?.add(assets);
    writer.assetCell(assets.name, assets.length, assets.shared);
    writer.numbers(assets.low, assets.high, assets.requests, assets.downloads);
    if (writer.isFull) yield writer.take();
  }
  yield writer.take();
}

function* byDay(days: SumsByNumber, writer: TableWriter): Generator<Uint8Array> {
  writer.text(header('date'));
  for (const day of Int32Array.from(days.numbers()).sort()) {
    writer.date(day);
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
