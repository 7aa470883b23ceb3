import { encodeFile } from '../../../cache/parquet/encode-file.js';
import {
  dateColumn,
  optionalNumberColumn,
  sortedTextColumn,
} from '../../../cache/parquet/optional-column.js';
import type { PublishedTable } from '../published/parse-table.js';
import type { PublishedTotals } from '../published/parse-totals.js';
import { type KindColumn, kindOfTable, TOTALS_COLUMNS } from './table-kinds.js';

/** Of week tables, which get a row for each week and thing. */
const THINGS: Readonly<Record<string, string>> = {
  'by_asset_per_week.tsv': 'asset_path',
  'by_asset_type_per_week.tsv': 'asset_type',
};

/** Kinds of tables that have a copy in Parquet, without their ending. */
export const PARQUET_KINDS = [
  'by_day',
  'by_asset',
  'by_region',
  'by_asset_per_week',
  'by_asset_type_per_week',
] as const;

/**
 * A table as Parquet: the same values, with the dataset before them; suppressed counts are null. Tables by week have a row for each thing and week
 * in which something was sent. Equal tables give equal bytes.
 *
 * @param dataset undefined: the archive, whose tables have no such column
 * @param file name of the table, without its folder
 * @returns undefined: it is none of {@link PARQUET_KINDS}
 */
export function tableParquet(
  dataset: string | undefined,
  file: string,
  table: PublishedTable,
): Uint8Array | undefined {
  const kind = kindOfTable(file);
  if (kind === undefined) return undefined;
  const thing = THINGS[file];
  const columns: readonly KindColumn[] =
    thing === undefined
      ? kind.columns
      : [...kind.columns, nameColumn(thing), bytesColumn('bytes_sent')];
  const rows = thing === undefined ? table.rows : weekRows(table);
  const values = columns.map((column, i) =>
    valuesOf(
      column,
      rows.map((row) => row[i]),
    ),
  );
  return encode(dataset, columns, values, rows.length);
}

/** `totals.json` as Parquet: a row for each dataset. */
export function totalsParquet(totals: ReadonlyMap<string, PublishedTotals>): Uint8Array {
  const rows = [...totals];
  const columns = [nameColumn('dataset'), ...TOTALS_COLUMNS];
  const values = columns.map((column) =>
    column.name === 'dataset'
      ? rows.map(([name]) => name)
      : valuesOf(
          column,
          rows.map(([, one]) => String(one[column.name as keyof PublishedTotals])),
        ),
  );
  return encode(undefined, columns, values, rows.length);
}

type Values = readonly (string | null)[];

function encode(
  dataset: string | undefined,
  columns: readonly KindColumn[],
  values: readonly Values[],
  rows: number,
): Uint8Array {
  const encoded =
    dataset === undefined ? [] : [sortedTextColumn('dataset', Array(rows).fill(dataset))];
  for (const [i, { name, type }] of columns.entries()) {
    const column = values[i];
    if (type === 'date') {
      encoded.push(
        dateColumn(
          name,
          column.map((day) => Date.parse(String(day)) / DAY_MS),
        ),
      );
    } else if (type === 'name') {
      encoded.push(sortedTextColumn(name, column.map(String)));
    } else {
      const numbers = column.map((number) => (number === null ? null : BigInt(number)));
      encoded.push(optionalNumberColumn(name, numbers));
    }
  }
  return encodeFile(encoded, rows);
}

const DAY_MS = 86_400_000;

function valuesOf({ type }: KindColumn, cells: readonly string[]): Values {
  if (type !== 'count') return cells;
  return cells.map((cell) => (cell.startsWith('<') ? null : cell));
}

/** In the order of things, so that their names are short to write. */
function weekRows({ columns, rows }: PublishedTable): string[][] {
  const found: string[][] = [];
  for (const [i, name] of columns.entries()) {
    if (i === 0) continue;
    for (const row of rows) if (row[i] !== '0') found.push([row[0], name, row[i]]);
  }
  return found;
}

function nameColumn(name: string): KindColumn {
  return { name, type: 'name', meaning: '' };
}

function bytesColumn(name: string): KindColumn {
  return { name, type: 'bytes', meaning: '' };
}
