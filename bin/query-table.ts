import { cutText, oneLine, padText, textWidth } from './text-width.js';

export interface TableColumn {
  readonly name: string;
  /** Numbers stand to the right. */
  readonly isNumber: boolean;
}

/** Two spaces between columns. */
const GAP = 2;
/** No column is made narrower. */
const LEAST_COLUMNS = 4;

/**
 * Rows as a table of aligned columns, one line each: cells are made printable, and cut with `…` where the lines would be too long.
 *
 * @param rows null for NULL, which is shown empty
 * @param width columns of the terminal; undefined: nothing is cut
 */
export function tableLines(
  columns: readonly TableColumn[],
  rows: readonly (readonly (string | null)[])[],
  width: number | undefined,
): string[] {
  const names = columns.map(({ name }) => oneLine(name));
  const cells = rows.map((row) => row.map((cell) => (cell === null ? '' : oneLine(cell))));
  const natural = columns.map((_, i) =>
    cells.reduce((most, row) => Math.max(most, textWidth(row[i] ?? '')), textWidth(names[i])),
  );
  const widths = width === undefined ? natural : fitted(natural, columns, width);
  const line = (row: readonly string[]): string =>
    row
      .map((cell, i) => padText(cutText(cell, widths[i]), widths[i], columns[i].isNumber))
      .join(' '.repeat(GAP))
      .trimEnd();
  return [line(names), widths.map((w) => '─'.repeat(w)).join(' '.repeat(GAP)), ...cells.map(line)];
}

/** The widest columns give way first, all to the same width, as far as they are wider than that; a number is not cut. */
function fitted(
  natural: readonly number[],
  columns: readonly TableColumn[],
  width: number,
): number[] {
  const room = width - GAP * (natural.length - 1);
  const at = (limit: number): number[] =>
    natural.map((own, i) => (columns[i].isNumber ? own : Math.min(own, limit)));
  let most = Math.max(LEAST_COLUMNS, ...natural);
  while (most > LEAST_COLUMNS && at(most).reduce((sum, own) => sum + own, 0) > room) most--;
  return at(most);
}
