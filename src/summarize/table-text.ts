import Papa from 'papaparse';

/**
 * What a spreadsheet would take for a formula; full-width forms are read as their ASCII ones. What looks like one that is guarded
 * already gets another `'`, so that no two cells are written alike.
 */
const FORMULA = /^'*(?:[\t\r\n]|[\s\p{Cf}]*[=+\-@\uff1d\uff0b\uff0d\uff20])/u;

/** Whether a cell has the `'` before it that {@link tableText} gives to what a spreadsheet would execute. */
export function isGuarded(cell: string): boolean {
  return cell.startsWith("'") && FORMULA.test(cell.slice(1));
}

/** A cell with a `'` before it where a spreadsheet would execute it. */
export function guardedCell(cell: string): string {
  return FORMULA.test(cell) ? `'${cell}` : cell;
}

/** What is written as it is: nothing that is quoted or taken for a formula. */
const NEEDS_CARE = /["\t\r\n\ufeff]|^['\s\p{Cf}=+\-@\uff1d\uff0b\uff0d\uff20]| $/u;

/** One cell as {@link tableText} writes it. */
export function tableCell(text: string): string {
  return NEEDS_CARE.test(text) ? tableText([[text]]).slice(0, -1) : text;
}

/**
 * Rows of a table as text: tab, LF, minimal quoting, a final LF. A field that a spreadsheet would
 * execute gets a `'` before it. bigint is written digit for digit.
 */
export function tableText(rows: readonly (readonly (string | bigint)[])[]): string {
  if (rows.length === 0) return '';
  // Not Papa's own `escapeFormulae`: it also quotes what needs no quotes.
  const safe = rows.map((row) =>
    row.map((cell) => (typeof cell === 'string' ? guardedCell(cell) : cell)),
  );
  const text = Papa.unparse(safe as unknown[][], {
    delimiter: '\t',
    newline: '\n',
  });
  return `${text}\n`;
}
