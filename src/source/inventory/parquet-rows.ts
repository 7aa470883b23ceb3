import { type FileHandle, open } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import { decompress as unzstd } from 'fzstd';
import type { AsyncBuffer, Compressors, FileMetaData, RowGroup } from 'hyparquet';
import type { LogPath } from '../log-path.js';
import type { DefectReason, InventoryRow, OnDefect } from './inventory-object.js';

/** Uncompressed content of the columns that are read, and rows, of one row group at most: they are in memory together. */
const MOST_GROUP_BYTES = 256 << 20;
const MOST_GROUP_ROWS = 4_000_000;
const MOST_PAGE_BYTES = 64 << 20;

/** As CSV has them, without capitals: Parquet files have `is_latest` for `IsLatest`. */
const COLUMNS = ['key', 'size', 'islatest', 'isdeletemarker', 'storageclass'];

/** Why a file cannot be read; no content. */
class ParquetLimitError extends Error {}

/**
 * Rows of a Parquet file, a row group at a time, of the columns that are needed.
 *
 * @throws what is wrong with the file
 */
export async function* parquetRows(
  path: string,
  onDefect: OnDefect,
): AsyncGenerator<InventoryRow[]> {
  const { parquetMetadataAsync, parquetRead, snappyUncompress } = await import('hyparquet');
  const handle = await open(path, 'r');
  try {
    const file = await asyncBuffer(handle);
    const metadata = await parquetMetadataAsync(file);
    const columns = columnsOf(metadata);
    let start = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      requireBounded(group, columns, rows);
      let found: unknown[][] = [];
      await parquetRead({
        file,
        metadata,
        columns: columns.filter((name) => name !== undefined),
        rowStart: start,
        rowEnd: start + rows,
        compressors: compressors(snappyUncompress),
        // Keys are bytes; one character each.
        parsers: { stringFromBytes: latin1 },
        onComplete: (complete) => {
          found = complete as unknown[][];
        },
      });
      yield rowsOf(found, columns, start, onDefect);
      start += rows;
    }
  } finally {
    await handle.close();
  }
}

/** Names in this file of {@link COLUMNS}. */
function columnsOf(metadata: FileMetaData): (string | undefined)[] {
  const names = metadata.schema.slice(1).map(({ name }) => name);
  const columns = COLUMNS.map((wanted) =>
    names.find((name) => name.replaceAll('_', '').toLowerCase() === wanted),
  );
  if (columns[0] === undefined) throw new ParquetLimitError('it has no column "key"');
  return columns;
}

function requireBounded(group: RowGroup, columns: readonly unknown[], rows: number): void {
  let bytes = 0;
  for (const { meta_data: column } of group.columns) {
    if (column === undefined || !columns.includes(column.path_in_schema.join('.'))) continue;
    bytes += Number(column.total_uncompressed_size);
    if (Number(column.num_values) !== rows) throw new ParquetLimitError('its columns differ');
  }
  if (!(rows >= 0 && rows <= MOST_GROUP_ROWS) || !(bytes >= 0 && bytes <= MOST_GROUP_BYTES)) {
    throw new ParquetLimitError('a row group is too large');
  }
}

function rowsOf(
  found: readonly unknown[][],
  columns: readonly (string | undefined)[],
  start: number,
  onDefect: OnDefect,
): InventoryRow[] {
  let at = 0;
  const places = columns.map((name) => (name === undefined ? -1 : at++));
  const rows: InventoryRow[] = [];
  found.forEach((values, i) => {
    const row = start + i + 1;
    const taken = takeRow(
      places.map((place) => values[place]),
      row,
    );
    if (typeof taken === 'string') onDefect(row, taken);
    else rows.push(taken);
  });
  return rows;
}

function takeRow(
  [key, size, latest, marker, storage]: unknown[],
  row: number,
): InventoryRow | DefectReason {
  if (typeof key !== 'string' || key === '') return 'no_key';
  const sizeBytes = size === undefined || size === null ? undefined : Number(size);
  if (sizeBytes !== undefined && !(Number.isSafeInteger(sizeBytes) && sizeBytes >= 0)) {
    return 'invalid_size';
  }
  return {
    row,
    key: key as LogPath,
    sizeBytes,
    storageClass: typeof storage === 'string' && storage !== '' ? storage : undefined,
    isLatest: latest !== false,
    isDeleteMarker: marker === true,
  };
}

function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}

/** What pages may be compressed with; each must not come out longer than it says. */
function compressors(snappyUncompress: typeof import('hyparquet').snappyUncompress): Compressors {
  return {
    SNAPPY: (input, length) => {
      const page = pageOf(length);
      snappyUncompress(input, page);
      return page;
    },
    GZIP: (input, length) =>
      new Uint8Array(gunzipSync(input, { maxOutputLength: Math.max(1, pageOf(length).length) })),
    ZSTD: (input, length) => unzstd(input, pageOf(length)),
  };
}

function pageOf(length: number): Uint8Array {
  if (length > MOST_PAGE_BYTES) throw new ParquetLimitError('a page is too large');
  return new Uint8Array(length);
}

async function asyncBuffer(handle: FileHandle): Promise<AsyncBuffer> {
  const { size } = await handle.stat();
  return {
    byteLength: size,
    async slice(start, end = size) {
      const bytes = new Uint8Array(Math.max(0, Math.min(end, size) - start));
      const { bytesRead } = await handle.read(bytes, 0, bytes.length, start);
      if (bytesRead !== bytes.length) throw new ParquetLimitError('it ends early');
      return bytes.buffer;
    },
  };
}
