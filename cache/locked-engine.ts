import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import type {
  DuckDBAppender,
  DuckDBConnection,
  DuckDBDateValue,
  DuckDBInstance,
  DuckDBResult,
} from '@duckdb/node-api';
import { EngineError } from './engine-error.js';
import type { CachePaths } from './paths.js';
import { makeReaderScratch } from './reader-scratch.js';
import { literalPattern, sqlList } from './sql.js';

/** See {@link LockedEngine.addFunctions}. */
export type TextFunction = (text: string) => string | null;

/** A column of a view or table, with DuckDB's type. */
export interface EngineColumn {
  readonly name: string;
  readonly type: string;
}

export interface LockedEngineOptions {
  /** What it may hold in memory before it spills. Default 500 MB. */
  readonly memoryLimitBytes?: number | undefined;
  readonly threads?: number | undefined;
}

const DEFAULT_MEMORY_BYTES = 500_000_000;
const MEMORY_PER_THREAD_BYTES = 128_000_000;

/**
 * An in-process DuckDB for SQL that somebody types. What it may read is told file by file, then it is locked: it opens
 * nothing else, writes nothing but what it spills, loads no extension, and its configuration stays as it is.
 *
 * What is run before it is locked is ours; what is run afterwards may be anything.
 */
export class LockedEngine {
  readonly #instance: DuckDBInstance;
  readonly #connection: DuckDBConnection;
  readonly #scratch: string;
  readonly #duckdb: typeof import('@duckdb/node-api');
  #isClosed = false;

  private constructor(
    duckdb: typeof import('@duckdb/node-api'),
    instance: DuckDBInstance,
    connection: DuckDBConnection,
    scratch: string,
  ) {
    this.#duckdb = duckdb;
    this.#instance = instance;
    this.#connection = connection;
    this.#scratch = scratch;
  }

  /** @throws {EngineError} @throws {CacheWriteError} */
  static async open(paths: CachePaths, options: LockedEngineOptions = {}): Promise<LockedEngine> {
    const { memoryLimitBytes = DEFAULT_MEMORY_BYTES } = options;
    const affordable = Math.floor(memoryLimitBytes / MEMORY_PER_THREAD_BYTES);
    const threads = options.threads ?? Math.min(availableParallelism(), affordable);
    const scratch = makeReaderScratch(paths);
    try {
      const duckdb = await import('@duckdb/node-api');
      const instance = await duckdb.DuckDBInstance.create(':memory:', {
        memory_limit: `${Math.ceil(memoryLimitBytes / 1e6)}MB`,
        threads: String(Math.max(2, threads)),
        temp_directory: scratch,
        // Nothing is looked for in anybody's home.
        home_directory: scratch,
        extension_directory: scratch,
        secret_directory: scratch,
        preserve_insertion_order: 'false',
        autoinstall_known_extensions: 'false',
        autoload_known_extensions: 'false',
        allow_community_extensions: 'false',
        allow_persistent_secrets: 'false',
      });
      const connection = await instance.connect();
      await connection.run("SET TimeZone = 'UTC'");
      return new LockedEngine(duckdb, instance, connection, scratch);
    } catch (error) {
      removeFolder(scratch);
      throw new EngineError('start the engine', error);
    }
  }

  /**
   * What DuckDB's parser makes of some SQL, as JSON text; nothing is looked up or run.
   *
   * @returns `{"error": false, "statements": [...]}`, or an error; only statements of SELECT have a form in JSON
   */
  async parse(sql: string): Promise<string> {
    const reader = await this.#connection.runAndReadAll('SELECT json_serialize_sql($1::VARCHAR)', [
      sql,
    ]);
    return String(reader.getRows()[0]?.[0]);
  }

  /** Run a statement of our own. @throws {EngineError} */
  async define(what: string, sql: string): Promise<void> {
    try {
      await this.#connection.run(sql);
    } catch (error) {
      throw new EngineError(what, error);
    }
  }

  /**
   * Make a table of our own.
   *
   * @param rows in the order of columns; dates as texts
   * @throws {EngineError}
   */
  async fill(
    table: string,
    columns: readonly EngineColumn[],
    rows: Iterable<readonly (string | bigint | null)[]>,
  ): Promise<void> {
    const { DuckDBDateValue } = this.#duckdb;
    const list = columns.map(({ name, type }) => `"${name}" ${type}`).join(', ');
    await this.define(`make the table ${table}`, `CREATE TABLE "${table}" (${list})`);
    const appender = await this.#connection.createAppender(table);
    const append = columns.map(({ type }) => appendOf(appender, type, DuckDBDateValue));
    for (const row of rows) {
      for (const [i, value] of row.entries()) {
        if (value === null) appender.appendNull();
        else append[i]?.(value);
      }
      appender.endRow();
    }
    appender.closeSync();
  }

  /** Functions of a text that SQL may call. They run in this thread. */
  addFunctions(functions: Readonly<Record<string, TextFunction>>): void {
    const { DuckDBScalarFunction, VARCHAR } = this.#duckdb;
    for (const [name, call] of Object.entries(functions)) {
      this.#connection.registerScalarFunction(
        DuckDBScalarFunction.create({
          name,
          returnType: VARCHAR,
          parameterTypes: [VARCHAR],
          mainFunction(_info, input, output) {
            const texts = input.getColumnVector(0);
            for (let i = 0; i < input.rowCount; i++) {
              const text = texts.getItem(i);
              output.setItem(i, typeof text === 'string' ? call(text) : null);
            }
            output.flush();
          },
        }),
      );
    }
  }

  /**
   * From now on only these files can be read, and nothing can be changed.
   *
   * @param files absolute paths, taken as they are
   * @throws {EngineError}
   */
  async lock(files: readonly string[]): Promise<void> {
    // As patterns, too: that is how they are named to it.
    const allowed = new Set(files.flatMap((file) => [file, literalPattern(file)]));
    await this.define('lock the engine', `SET allowed_paths = ${sqlList([...allowed])}`);
    await this.define('lock the engine', 'SET enable_external_access = false');
    await this.define('lock the engine', 'SET lock_configuration = true');
  }

  /**
   * Run one statement whose rows are fetched as they are needed.
   *
   * @param kinds of statements that are run, in DuckDB's words
   * @param isWhole make all rows at once: a measured plan has none before it has been run
   * @returns undefined when it is not just one statement, or of another kind: then it was not run
   * @throws what DuckDB says
   */
  async stream(
    sql: string,
    kinds: ReadonlySet<string>,
    isWhole = false,
  ): Promise<DuckDBResult | undefined> {
    const { StatementType } = this.#duckdb;
    const statements = await this.#connection.extractStatements(sql);
    if (statements.count !== 1) return undefined;
    const statement = await statements.prepare(0);
    if (!kinds.has(StatementType[statement.statementType])) return undefined;
    return isWhole ? statement.run() : statement.stream();
  }

  /** End what is running: it fails. */
  interrupt(): void {
    if (!this.#isClosed) this.#connection.interrupt();
  }

  /** Let go of memory, threads and temporary files. Safe to call twice. */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#connection.closeSync();
    this.#instance.closeSync();
    this.removeScratch();
  }

  /** Only the temporary files: before the process ends while something still runs. */
  removeScratch(): void {
    removeFolder(this.#scratch);
  }
}

const DAY_MS = 86_400_000;

function appendOf(
  appender: DuckDBAppender,
  type: string,
  DateValue: typeof DuckDBDateValue,
): (value: string | bigint) => void {
  switch (type) {
    case 'BIGINT':
      return (value) => appender.appendBigInt(BigInt(value));
    case 'HUGEINT':
      return (value) => appender.appendHugeInt(BigInt(value));
    case 'DATE':
      return (value) => appender.appendDate(new DateValue(Date.parse(String(value)) / DAY_MS));
    default:
      return (value) => appender.appendVarchar(String(value));
  }
}

/** A view or table as it is before anything fills it. */
export function emptyView(name: string, columns: readonly EngineColumn[]): string {
  const nulls = columns.map((column) => `NULL::${column.type} AS "${column.name}"`);
  return `CREATE VIEW "${name}" AS SELECT ${nulls.join(', ')} WHERE false`;
}

function removeFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {
    // Left to the next writer (FORMAT.md W3).
  }
}
