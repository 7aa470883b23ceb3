import { S3LogExtractionError, systemErrorCode } from '../cache/error.js';
import { GivenFileError, readGivenFile } from '../cache/given-file.js';
import { openCacheForReading } from '../cache/open-cache.js';
import type { Query } from '../src/query/open-query.js';
import { EXAMPLES, VIEWS } from '../src/query/views.js';
import type { CommandContext } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { plural } from './format.js';
import type { Output } from './output.js';

export interface QueryLine {
  readonly sql: string | undefined;
  readonly file: string | undefined;
  readonly csv: boolean;
  readonly json: boolean;
  readonly limit: number | undefined;
  readonly schema: boolean;
}

/** The options of `query` do not go together. */
export class QueryLineError extends S3LogExtractionError {
  constructor(what: string, hint: string) {
    super('INVALID_QUERY_LINE', what, { hint }, EXIT_STATUS.usage.status);
  }
}

/** The statement could not be read. */
export class QueryTextError extends S3LogExtractionError {
  constructor(from: string, why: string) {
    super('QUERY_UNREADABLE', `Could not read a statement from ${from}: ${why}.`, {
      hint: 'It is to be a text file with one statement of SQL.',
    });
  }
}

/** A person reads no more; who wants more gets it with --limit, or as CSV or JSON. */
const ROWS_FOR_PEOPLE = 1000;
const LARGEST_TEXT = 1 << 20;

/** The command `query`. @returns the exit status */
export async function runQuery(line: QueryLine, context: CommandContext): Promise<number> {
  const { output, cacheDirectory } = context;
  requireSense(line);
  if (line.schema || (line.sql === undefined && line.file === undefined)) {
    printSchema(output);
    return EXIT_STATUS.done.status;
  }
  const sql = await textOf(line);
  const { paths } = openCacheForReading(cacheDirectory);
  const { openQuery } = await import('../src/query/open-query.js');
  const { QueryGuard } = await import('./query-guard.js');
  const guard = new QueryGuard(paths, output);
  let query: Query | undefined;
  try {
    query = await openQuery(paths, sql, { signal: guard.signal });
    await printRows(query, line, output);
    return EXIT_STATUS.done.status;
  } catch (error) {
    if (guard.tooLarge !== undefined) throw guard.tooLarge;
    if (guard.signal.aborted) return EXIT_STATUS.interrupted.status;
    throw error;
  } finally {
    query?.close();
    guard.close();
  }
}

function requireSense({ sql, file, csv, json, limit, schema }: QueryLine): void {
  if (csv && json) throw new QueryLineError('--csv and --json were both given.', 'Choose one.');
  if (sql !== undefined && file !== undefined) {
    throw new QueryLineError('A statement and --file were both given.', 'Give one of them.');
  }
  if (schema && (sql !== undefined || file !== undefined)) {
    throw new QueryLineError('--schema was given with a statement.', 'Give one of them.');
  }
  if (limit !== undefined && !(Number.isSafeInteger(limit) && limit >= 0)) {
    throw new QueryLineError(
      '--limit must be a whole number of at least 0.',
      'Such as --limit 20.',
    );
  }
}

async function textOf({ sql, file }: QueryLine): Promise<string> {
  if (file !== undefined) {
    try {
      return readGivenFile(file, LARGEST_TEXT).toString('utf8');
    } catch (error) {
      const why = error instanceof GivenFileError ? error.message : systemErrorCode(error);
      throw new QueryTextError(file, why ?? 'it cannot be read');
    }
  }
  if (sql !== '-') return sql as string;
  let text = '';
  process.stdin.setEncoding('utf8');
  for await (const piece of process.stdin) {
    text += piece;
    if (text.length > LARGEST_TEXT) throw new QueryTextError('stdin', 'it goes on and on');
  }
  return text;
}

async function printRows(query: Query, line: QueryLine, output: Output): Promise<void> {
  if (!line.csv && !line.json) return printTable(query, line, output);
  const { csvFormat, jsonFormat } = await import('./query-formats.js');
  const { writeResult } = await import('./result-stream.js');
  const format = line.csv ? csvFormat(query.columns) : jsonFormat(query.columns);
  const most = line.limit ?? Number.POSITIVE_INFINITY;
  let count = 0;
  let isCut = false;
  if (!(await writeResult(format.begin()))) return;
  try {
    for await (const batch of query.batches()) {
      const rows = count + batch.length > most ? batch.slice(0, most - count) : batch;
      count += rows.length;
      if (!(await writeResult(format.rows(rows)))) return;
      isCut = rows.length < batch.length;
      if (isCut) break;
    }
  } catch (error) {
    // The line of JSON that tells of it is the last one, and one by itself.
    await writeResult('\n');
    throw error;
  }
  await writeResult(format.end(count, isCut));
  if (isCut) output.note(`Only the first ${plural(count, 'row')}: there are more.`);
}

async function printTable(query: Query, line: QueryLine, output: Output): Promise<void> {
  const { tableLines } = await import('./query-table.js');
  const { cellText } = await import('../src/query/cells.js');
  const { isNumberColumn } = await import('./query-formats.js');
  const most = line.limit ?? ROWS_FOR_PEOPLE;
  const rows: (string | null)[][] = [];
  let isCut = false;
  for await (const batch of query.batches()) {
    for (const row of batch) {
      isCut = rows.length === most;
      if (isCut) break;
      rows.push(row.map((value) => (value === null ? null : cellText(value))));
    }
    if (isCut) break;
  }
  if (query.isPlan) {
    output.print(rows.map((row) => row.at(-1) ?? '').join('\n'));
    return;
  }
  const columns = query.columns.map((column) => ({
    name: column.name,
    isNumber: isNumberColumn(column),
  }));
  const width = process.stdout.isTTY ? process.stdout.columns : undefined;
  output.print(tableLines(columns, rows, width).join('\n'));
  output.note(
    isCut
      ? `The first ${plural(rows.length, 'row')}: there are more (--limit, or --csv and --json for all).`
      : `${plural(rows.length, 'row')}.`,
  );
}

function printSchema(output: Output): void {
  const text: string[] = [];
  for (const { name, meaning, columns } of VIEWS) {
    text.push(`${name}: ${meaning}`);
    const widths = [0, 1].map((i) => Math.max(...columns.map((c) => [c.name, c.type][i].length)));
    for (const column of columns) {
      const [columnName, type] = [column.name.padEnd(widths[0]), column.type.padEnd(widths[1])];
      text.push(`  ${columnName}  ${type}  ${column.meaning}`);
    }
    text.push('');
  }
  text.push('Examples:');
  for (const [what, sql] of EXAMPLES) text.push(`  ${what}:`, `    ${sql}`);
  output.print(text.join('\n'));
  output.json({ views: VIEWS, examples: EXAMPLES.map(([what, sql]) => ({ what, sql })) });
}
