import Papa from 'papaparse';
import { guardedCell } from '../../summarize/table-text.js';
import type { CsvCell } from './collector.js';

/** What is written as it is: nothing that is quoted or that a spreadsheet would execute. */
const NEEDS_CARE = /[",\r\n\ufeff]|^[\s\p{Cf}=+\-@\uff1d\uff0b\uff0d\uff20]| $/u;

/**
 * A row as CSV: commas, minimal quoting, a final LF. A text that a spreadsheet would execute gets a `'` before it; numbers are
 * written digit for digit, null is an empty cell.
 *
 * @throws {TypeError} a cell is none
 */
export function csvLine(cells: readonly CsvCell[]): string {
  let line = '';
  for (let i = 0; i < cells.length; i++) line += (i === 0 ? '' : ',') + csvCell(cells[i]);
  // Of a single empty cell readers would make an empty line.
  return line === '' ? '""\n' : `${line}\n`;
}

function csvCell(cell: CsvCell): string {
  switch (typeof cell) {
    case 'string':
      return NEEDS_CARE.test(cell)
        ? Papa.unparse([[guardedCell(cell)]], { delimiter: ',', newline: '\n' })
        : cell;
    case 'number':
      if (!Number.isFinite(cell)) throw new TypeError('a number in a row is not finite');
      return String(cell);
    case 'bigint':
    case 'boolean':
      return String(cell);
    default:
      if (cell === null) return '';
      throw new TypeError(`a cell of a row is a ${typeof cell}`);
  }
}
