import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import type { DuckDBConnection, DuckDBValue } from '@duckdb/node-api';
import { makeDirectory } from './atomic-write.js';
import { EngineError } from './engine-error.js';
import type { CachePaths } from './paths.js';
import { literalPattern, sqlList } from './sql.js';

/** What may be bound to `$1`, `$2`...; a list of strings becomes `VARCHAR[]`. */
export type EngineParameter = string | bigint | readonly string[];

/**
 * A value of a result. BIGINT, HUGEINT and DECIMAL(n,0) are bigint and never pass through a
 * number; INTEGER is a number; BLOB is bytes; a list is an array.
 */
export type EngineValue = string | bigint | number | boolean | Uint8Array | null | EngineValue[];

export type EngineRow = EngineValue[];

/** An in-process DuckDB over the files of one cache. */
export interface Engine {
  /** What it may hold in memory; the process as a whole takes about 450 MB more. */
  readonly memoryLimitBytes: number;
  /** Run one statement and return all its rows: for small results. */
  run(what: string, sql: string, parameters?: readonly EngineParameter[]): Promise<EngineRow[]>;
  /** Run one query and yield its rows in batches of a few thousand, none of them kept. */
  stream(
    what: string,
    sql: string,
    parameters?: readonly EngineParameter[],
  ): AsyncGenerator<EngineRow[], void, void>;
  /** Append rows of BIGINTs to a table. */
  appendBigints(what: string, table: string, rows: Iterable<readonly bigint[]>): Promise<void>;
  /** Let go of all memory, threads and temporary files. Safe to call twice. */
  close(): void;
}

export interface EngineOptions {
  /** What the engine may hold in memory before it spills to `<cache>/tmp`. Default 500 MB. */
  readonly memoryLimitBytes?: number;
  /** Default: all cores, but at least 128 MB of memory for each; never less than 2. */
  readonly threads?: number;
}

/** Measured: with it, the whole process stays below 1 GiB (invariant I7); with 700 MB it does not. */
const DEFAULT_MEMORY_BYTES = 500_000_000;
const MEMORY_PER_THREAD_BYTES = 128_000_000;

/**
 * Open an engine that reads and writes below the cache directory and nowhere else, loads no
 * extension, and spills into `<cache>/tmp`. DuckDB itself is loaded here, not before.
 *
 * @throws {EngineError} on opening, and from every method: `what` says what was being done
 */
export async function openEngine(paths: CachePaths, options: EngineOptions = {}): Promise<Engine> {
  const memoryBytes = options.memoryLimitBytes ?? DEFAULT_MEMORY_BYTES;
  const affordable = Math.min(availableParallelism(), memoryBytes / MEMORY_PER_THREAD_BYTES);
  // A single thread does not partition what it aggregates, and so cannot spill it.
  const threads = Math.max(2, options.threads ?? Math.floor(affordable));
  const scratch = join(paths.tmp, `engine-${randomBytes(6).toString('hex')}`);
  makeDirectory(paths.tmp);
  makeDirectory(scratch);
  const opened: { close(): void }[] = [{ close: () => removeScratch(scratch) }];
  const close = () => {
    for (let next = opened.pop(); next !== undefined; next = opened.pop()) next.close();
  };
  const start = async () => {
    const duckdb = await import('@duckdb/node-api');
    const instance = await duckdb.DuckDBInstance.create(':memory:', {
      memory_limit: `${Math.ceil(memoryBytes / 1e6)}MB`,
      threads: String(threads),
      temp_directory: scratch,
      preserve_insertion_order: 'false',
      autoinstall_known_extensions: 'false',
      autoload_known_extensions: 'false',
    });
    opened.push({ close: () => instance.closeSync() });
    const main = await instance.connect();
    opened.push({ close: () => main.closeSync() });
    const allowed = sqlList([paths.root, literalPattern(paths.root)]);
    await main.run(`SET allowed_directories = ${allowed}`);
    await main.run('SET enable_external_access = false');
    await main.run('SET lock_configuration = true');
    return { duckdb, instance, main };
  };
  const { duckdb, instance, main } = await attempt('start the engine', start).catch(
    (error: unknown) => {
      close();
      throw error;
    },
  );

  return {
    memoryLimitBytes: memoryBytes,
    run: (what, sql, parameters) =>
      attempt(what, async () => {
        const reader = await main.runAndReadAll(sql, ...bind(duckdb, parameters));
        return reader.getRows().map(plainRow);
      }),
    async *stream(what, sql, parameters) {
      // A connection of its own: a second statement on one connection ends the first one's rows.
      const connection = await instance.connect();
      try {
        const result = await attempt(what, () =>
          connection.stream(sql, ...bind(duckdb, parameters)),
        );
        for (;;) {
          const chunk = await attempt(what, () => result.fetchChunk());
          if (chunk === null || chunk.rowCount === 0) return;
          yield chunk.getRows().map(plainRow);
        }
      } finally {
        connection.closeSync();
      }
    },
    appendBigints: (what, table, rows) => attempt(what, () => append(main, table, rows)),
    close,
  };
}

/**
 * An engine that is opened when it is first asked for something. Most nights it is not: loading DuckDB takes longer than
 * what there is to do.
 *
 * @throws {EngineError} from every method
 */
export function engineOnDemand(paths: CachePaths, options: EngineOptions = {}): Engine {
  let opening: Promise<Engine> | undefined;
  let opened: Engine | undefined;
  const open = (): Promise<Engine> => {
    opening ??= openEngine(paths, options).then((engine) => {
      opened = engine;
      return engine;
    });
    return opening;
  };
  return {
    memoryLimitBytes: options.memoryLimitBytes ?? DEFAULT_MEMORY_BYTES,
    run: async (...statement) => (await open()).run(...statement),
    async *stream(...query) {
      yield* (await open()).stream(...query);
    },
    appendBigints: async (...rows) => (await open()).appendBigints(...rows),
    close: () => opened?.close(),
  };
}

async function append(
  connection: DuckDBConnection,
  table: string,
  rows: Iterable<readonly bigint[]>,
): Promise<void> {
  const appender = await connection.createAppender(table);
  for (const row of rows) {
    for (const value of row) appender.appendBigInt(value);
    appender.endRow();
  }
  appender.closeSync();
}

async function attempt<T>(what: string, action: () => Promise<T>): Promise<T> {
  try {
    return await action();
  } catch (error) {
    throw new EngineError(what, error);
  }
}

type DuckDB = typeof import('@duckdb/node-api');

function bind(
  duckdb: DuckDB,
  parameters: readonly EngineParameter[] = [],
): [DuckDBValue[], import('@duckdb/node-api').DuckDBType[]] {
  const values = parameters.map((value) =>
    typeof value === 'object' ? duckdb.listValue([...value]) : value,
  );
  const types = parameters.map((value) => {
    if (typeof value === 'string') return duckdb.VARCHAR;
    return typeof value === 'bigint' ? duckdb.BIGINT : duckdb.LIST(duckdb.VARCHAR);
  });
  return [values, types];
}

function plainRow(row: readonly DuckDBValue[]): EngineRow {
  return row.map(plainValue);
}

function plainValue(value: DuckDBValue): EngineValue {
  if (typeof value !== 'object' || value === null) return value;
  if ('scale' in value && value.scale === 0) return value.value;
  if ('items' in value) return value.items.map((item) => plainValue(item as DuckDBValue));
  if ('bytes' in value) return value.bytes;
  throw new TypeError(`a query returned a ${value.constructor.name}: cast it in SQL`);
}

/** What cannot be removed is left to the next writer (FORMAT.md W3), and hides no other failure. */
function removeScratch(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true });
  } catch {}
}
