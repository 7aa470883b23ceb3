import { deflateSync } from 'fflate';
import type { PackedDataset, PackedReport, PackedRows } from '../chart/packed.js';
import type { DatasetDetails } from './dataset-details.js';
import type { DatasetModel, ReportModel } from './report-model.js';

/** How much the pages of datasets tell, from much to little. */
const LEVELS = [
  { bins: 130, rows: 15, share: 1 },
  { bins: 60, rows: 10, share: 1 },
  { bins: 40, rows: 8, share: 1 },
  { bins: 24, rows: 6, share: 1 },
  { bins: 12, rows: 5, share: 1 },
  { bins: 12, rows: 4, share: 0.5 },
  { bins: 12, rows: 4, share: 0.25 },
  { bins: 12, rows: 4, share: 0.1 },
  { bins: 12, rows: 3, share: 0.02 },
  { bins: 1, rows: 0, share: 0 },
] as const;

/** Days of the archive that are kept for its plot: more than there are pixels in one. */
export const MOST_DAYS = 3653;

export interface Packed {
  /** base64 */
  readonly text: string;
  /** Datasets that have pages; the first of those in the table. */
  readonly pages: number;
}

/**
 * The data of the page, as much of it as there is room for.
 *
 * Deflated by fflate, not by zlib: that gives other bytes on other processors.
 *
 * @param datasets those in the table of the page, in its order
 * @param room characters
 */
export function pack(model: ReportModel, datasets: readonly DatasetModel[], room: number): Packed {
  // What deflating made of the level before: of this one it makes about the same.
  let ratio = 0;
  for (const { bins, rows, share } of LEVELS) {
    const pages = Math.ceil(datasets.length * share);
    const report: PackedReport = {
      threshold: model.rules.threshold,
      days: model.days.slice(-MOST_DAYS),
      datasets: datasets
        .slice(0, pages)
        .flatMap(({ name, details }) => (details ? [packDataset(name, details, bins, rows)] : [])),
    };
    const json = Buffer.from(JSON.stringify(report), 'utf8');
    if (share > 0 && json.length * ratio > 1.1 * room) continue;
    const text = Buffer.from(deflateSync(json, { level: 9 })).toString('base64');
    ratio = text.length / json.length;
    if (text.length <= room || share === 0) return { text, pages: report.datasets.length };
  }
  throw new RangeError('The last level always fits.');
}

function packDataset(
  name: string,
  { span, assets, regions, ...details }: DatasetDetails,
  bins: number,
  rows: number,
): PackedDataset {
  const { unit, series } = details.series(bins);
  return { name, span, unit, series, assets: first(assets, rows), regions: first(regions, rows) };
}

function first({ rows, all }: PackedRows, most: number): PackedRows {
  return { rows: rows.slice(0, most), all };
}
