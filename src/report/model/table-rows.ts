import type { PublishedTable } from '../../share/published/parse-table.js';
import { compareCodePoints } from '../../summarize/text-order.js';

/** A row of a published table: what it is about, and its cells as they stand there. */
export type NamedRow = readonly [name: string, bytes: string, requests: string, downloads: string];

const COLUMNS = ['bytes_sent', 'number_of_requests', 'number_of_downloads'];

/** The rows of by_day, by_asset or by_region; none of no table. */
export function namedRows(table: PublishedTable | undefined): NamedRow[] {
  if (table === undefined) return [];
  const [bytes, requests, downloads] = COLUMNS.map((column) => table.columns.indexOf(column));
  return table.rows.map((row) => [row[0], row[bytes], row[requests], row[downloads]]);
}

/** Most bytes first, and by name where they are equal. Digits compare as text where there are as many: tables may have millions of rows. */
export function compareRows(a: NamedRow, b: NamedRow): number {
  const [one, other] = [a[1], b[1]];
  if (one.length !== other.length) return other.length - one.length;
  if (one !== other) return one > other ? -1 : 1;
  return compareCodePoints(a[0], b[0]);
}

export function sumOfBytes(rows: readonly NamedRow[]): bigint {
  return rows.reduce((sum, [, bytes]) => sum + BigInt(bytes), 0n);
}
