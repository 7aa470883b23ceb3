import type { DuckDBValue } from '@duckdb/node-api';
import Papa from 'papaparse';
import { cellJson, cellText } from '../src/query/cells.js';
import type { QueryColumn } from '../src/query/open-query.js';
import { guardedCell } from '../src/summarize/table-text.js';

/** Rows as text for programs, batch by batch. */
export interface RowFormat {
  begin(): string;
  rows(batch: readonly (readonly DuckDBValue[])[]): string;
  /** @param isCut there are more rows */
  end(rowCount: number, isCut: boolean): string;
}

/**
 * One line of JSON, `{"columns": [{"name", "type"}], "rows": [{...}], "rowCount", "isCut"}`: last on stdout, as of every command, and
 * made as it comes.
 */
export function jsonFormat(columns: readonly QueryColumn[]): RowFormat {
  const names = columns.map(({ name }) => `${JSON.stringify(name)}:`);
  let isFirst = true;
  return {
    begin() {
      const told = columns.map(({ name, type }) => ({ name, type: String(type) }));
      return `{"columns":${JSON.stringify(told)},"rows":[`;
    },
    rows(batch) {
      if (batch.length === 0) return '';
      const texts = batch.map(
        (row) => `{${row.map((value, i) => names[i] + cellJson(value)).join(',')}}`,
      );
      const text = `${isFirst ? '' : ','}${texts.join(',')}`;
      isFirst = false;
      return text;
    },
    end: (rowCount, isCut) => `],"rowCount":${rowCount},"isCut":${isCut}}\n`,
  };
}

/**
 * CSV (RFC 4180, but LF) with a header. NULL is empty, an empty text is `""`; a text that a spreadsheet would execute gets a `'` before it.
 */
export function csvFormat(columns: readonly QueryColumn[]): RowFormat {
  const isNumber = columns.map(isNumberColumn);
  return {
    begin: () => `${columns.map(({ name }) => csvCell(name)).join()}\n`,
    rows(batch) {
      let text = '';
      for (const row of batch) {
        text += `${row
          .map((value, i) => {
            if (value === null) return '';
            return isNumber[i] ? cellText(value) : csvCell(cellText(value));
          })
          .join()}\n`;
      }
      return text;
    },
    end: () => '',
  };
}

/** All but what may be quoted or taken for a formula: most cells by far. */
const PLAIN = /^[A-Za-z0-9/_.][A-Za-z0-9/_.:% -]*(?<! )$/;

function csvCell(text: string): string {
  if (text === '') return '""';
  return PLAIN.test(text) ? text : Papa.unparse([[guardedCell(text)]]);
}

/** Whether its values are numbers: those stand to the right, and no spreadsheet takes them for formulas. */
export function isNumberColumn({ type }: QueryColumn): boolean {
  return NUMBER.test(String(type));
}

const NUMBER =
  /^(?:U?(?:TINYINT|SMALLINT|INTEGER|BIGINT|HUGEINT)|FLOAT|DOUBLE|BIGNUM|DECIMAL\(.*\))$/;
