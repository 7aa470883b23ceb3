import { nameWithoutAddress } from '../../package/address-in-text.js';
import type { PublishedArchive } from '../../published/published-archive.js';
import type { CollectCsv, CollectorSpec, CsvCell } from '../collector.js';
import { tableRows } from '../table-rows.js';

const FIGURES = ['bytes_sent', 'number_of_requests', 'number_of_downloads'] as const;

/** A row of a table that datasets, and mostly the archive, have. */
export interface ScopedRow {
  /** Whether it is of the archive as a whole. */
  readonly isArchive: boolean;
  readonly dataset: string;
  /** Of the table as it is published. */
  readonly cells: readonly string[];
}

/** The rows of a table of the archive, then those of all datasets. */
export function* scopedRows(archive: PublishedArchive, table: string): Generator<ScopedRow, void> {
  for (const cells of tableRows(archive, `archive/${table}`)) {
    yield { isArchive: true, dataset: '', cells };
  }
  for (const { name, folder, tables } of archive.datasets) {
    if (!tables.includes(table)) continue;
    const dataset = nameWithoutAddress(name);
    for (const cells of tableRows(archive, `${folder}/${table}`)) {
      yield { isArchive: false, dataset, cells };
    }
  }
}

/** Columns of {@link scopedLine}. @param first of the table as it is published */
export function scopedColumns(first: string): string[] {
  return ['scope', 'dataset', first, ...FIGURES];
}

export function scopedLine({ isArchive, dataset, cells }: ScopedRow): CsvCell[] {
  return [isArchive ? 'archive' : 'dataset', dataset, ...cells];
}

export const byRegionSpec: CollectorSpec<'csv'> = {
  key: 'by_region',
  version: '1.0',
  format: 'csv',
  description: 'Bytes, requests and downloads by region, of the archive and of each dataset',
};

export const collectByRegion: CollectCsv = ({ archive }) => ({
  columns: scopedColumns('region'),
  rows: (function* () {
    for (const row of scopedRows(archive, 'by_region.tsv')) yield scopedLine(row);
  })(),
});

export const byAssetSpec: CollectorSpec<'csv'> = {
  key: 'by_asset',
  version: '1.0',
  format: 'csv',
  description: 'Bytes, requests and downloads by asset of each dataset',
};

export const collectByAsset: CollectCsv = ({ archive }) => ({
  columns: ['dataset', 'asset_path', ...FIGURES],
  rows: (function* () {
    for (const { isArchive, dataset, cells } of scopedRows(archive, 'by_asset.tsv')) {
      if (isArchive) continue;
      const [path = '', ...figures] = cells;
      yield [dataset, nameWithoutAddress(path), ...figures];
    }
  })(),
});
