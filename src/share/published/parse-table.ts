import Papa from 'papaparse';
import { isGuarded } from '../../summarize/table-text.js';

/** A table as text, cell by cell. */
export interface PublishedTable {
  readonly columns: readonly string[];
  /** Each as long as {@link columns}. */
  readonly rows: readonly (readonly string[])[];
}

/**
 * Take apart what `tableText` writes: tab, LF, minimal quoting. The `'` that keeps a spreadsheet from executing a cell is taken off.
 *
 * @param text of a file that is known to be what was published
 */
export function parseTable(text: string): PublishedTable {
  const { data } = Papa.parse<string[]>(text, {
    delimiter: '\t',
    newline: '\n',
    skipEmptyLines: false,
  });
  // After the final LF there is one more row, of one empty cell.
  if (text.endsWith('\n')) data.pop();
  const [columns = [], ...rows] = data.map((row) =>
    row.map((cell) => (isGuarded(cell) ? cell.slice(1) : cell)),
  );
  return { columns, rows };
}
