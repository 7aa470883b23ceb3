import { isListOf, isObject } from '../../cache/sealed-json.js';
import { QueryFailedError, QueryRefusedError } from './query-error.js';

/** SQL that may be run: one statement that only reads. */
export interface Statement {
  readonly sql: string;
  /** Names of tables that it reads, in lower case: ours, and others. */
  readonly tables: ReadonlySet<string>;
  /** It shows a plan, made to be read as it is. */
  readonly isPlan: boolean;
}

/** Longer ones are no statements that somebody typed. */
const LONGEST_SQL = 1 << 20;

/**
 * Functions in FROM that make rows of nothing but their arguments and what is in memory. There are others that read files, run SQL
 * that is in a text, take addresses of memory, or change how DuckDB logs, however locked it is.
 */
const TABLE_FUNCTIONS = new Set([
  ...['range', 'generate_series', 'unnest', 'repeat', 'json_each', 'json_tree', 'summary'],
  ...['duckdb_columns', 'duckdb_tables', 'duckdb_views', 'duckdb_functions', 'duckdb_types'],
  ...['duckdb_keywords', 'duckdb_schemas', 'pragma_version', 'pg_timezone_names'],
  ...['histogram', 'histogram_values', 'icu_calendar_names'],
]);

/** `EXPLAIN` has no form in JSON: what follows it has. */
const EXPLAIN = /^\s*EXPLAIN(?:\s+ANALYZE)?(?=[\s(])/i;

const ONE_STATEMENT =
  'Give one statement that begins with SELECT, WITH, FROM, VALUES, TABLE, DESCRIBE, SHOW, SUMMARIZE, or EXPLAIN [ANALYZE] and one of these.';

/**
 * Look at SQL before anything is done with it, through the eyes of DuckDB's own parser.
 *
 * @param parse see `LockedEngine.parse`
 * @throws {QueryRefusedError} it is no single statement that only reads
 * @throws {QueryFailedError} it is no SQL
 */
export async function readStatement(
  sql: string,
  parse: (sql: string) => Promise<string>,
): Promise<Statement> {
  if (sql.length > LONGEST_SQL) {
    throw new QueryRefusedError('it has more than a million characters', ONE_STATEMENT);
  }
  const explain = EXPLAIN.exec(sql)?.[0] ?? '';
  const parsed: unknown = JSON.parse(await parse(sql.slice(explain.length)));
  if (!isObject(parsed)) throw new QueryRefusedError('it could not be read', ONE_STATEMENT);
  if (parsed.error !== false) throw parseError(parsed, explain !== '');
  const { statements } = parsed;
  if (!isListOf(statements, isObject) || statements.length === 0) {
    throw new QueryRefusedError('there is no statement in it', ONE_STATEMENT);
  }
  if (statements.length > 1) {
    throw new QueryRefusedError(`it is ${statements.length} statements`, ONE_STATEMENT);
  }
  const found = { tables: new Set<string>(), functions: new Set<string>() };
  collect(statements, found);
  for (const name of found.functions) {
    if (TABLE_FUNCTIONS.has(name)) continue;
    const why = `the function ${name}() in FROM may do more than read what the views have`;
    throw new QueryRefusedError(why, 'Query the views; "query --schema" lists them.');
  }
  return { sql, tables: found.tables, isPlan: explain !== '' };
}

/** Nothing is deeper than what the parser takes, which is some thousand levels. */
function collect(node: unknown, found: { tables: Set<string>; functions: Set<string> }): void {
  const todo = [node];
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    if (Array.isArray(next)) {
      for (const item of next) todo.push(item);
    } else if (isObject(next)) {
      if (next.type === 'BASE_TABLE') found.tables.add(String(next.table_name).toLowerCase());
      if (next.type === 'TABLE_FUNCTION') found.functions.add(functionName(next));
      for (const value of Object.values(next)) {
        if (typeof value === 'object' && value !== null) todo.push(value);
      }
    }
  }
}

function functionName(node: Readonly<Record<string, unknown>>): string {
  const call = node.function;
  return isObject(call) ? String(call.function_name).toLowerCase() : 'unknown';
}

/** A name of this kind tells a statement that is none of SELECT. */
const NOT_SERIALIZED = 'not implemented';

function parseError(parsed: Readonly<Record<string, unknown>>, isPlan: boolean): Error {
  const { error_type: type, error_message: message } = parsed;
  if (type === NOT_SERIALIZED) {
    const why = isPlan ? 'what is to be explained does more than read' : 'it does more than read';
    return new QueryRefusedError(
      why,
      `${ONE_STATEMENT} PIVOT needs its values: PIVOT ... ON column IN (...).`,
    );
  }
  return new QueryFailedError(`${String(message)}.`, ONE_STATEMENT);
}
