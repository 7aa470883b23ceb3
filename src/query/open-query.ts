import type { DuckDBResult, DuckDBType, DuckDBValue } from '@duckdb/node-api';
import { DamagedCacheError } from '../../cache/commit-record.js';
import { EngineError } from '../../cache/engine-error.js';
import { S3LogExtractionError } from '../../cache/error.js';
import { emptyView, LockedEngine, type LockedEngineOptions } from '../../cache/locked-engine.js';
import type { CachePaths } from '../../cache/paths.js';
import { openPublished, type PublishedArchive } from '../share/published/published-archive.js';
import { type SummaryRow, summaryRows, type TotalsRow, totalsRows } from './published-rows.js';
import { QueryFailedError, QueryInterruptedError, QueryRefusedError } from './query-error.js';
import { readStatement, type Statement } from './read-statement.js';
import { type FilledView, SegmentGoneError, SegmentViews } from './segment-views.js';
import { VIEWS, type View, type ViewName, viewsInOneLine } from './views.js';

export interface QueryOptions extends LockedEngineOptions {
  /** Ends the query, whatever it is doing. */
  readonly signal?: AbortSignal | undefined;
}

export interface QueryColumn {
  readonly name: string;
  readonly type: DuckDBType;
}

/** The result of a query, as far as it is asked for. */
export interface Query {
  readonly columns: readonly QueryColumn[];
  /** It is one text that shows a plan. */
  readonly isPlan: boolean;
  /**
   * Rows in batches of some thousand, none of them kept.
   *
   * @throws {QueryFailedError} @throws {QueryInterruptedError}
   */
  batches(): AsyncGenerator<readonly (readonly DuckDBValue[])[], void, void>;
  /** Let go of memory and temporary files. Safe to call twice. */
  close(): void;
}

/** A run that goes on meanwhile removes and replaces files: then they are listed again. */
const ATTEMPTS = 3;

/**
 * Run one statement of SQL that only reads, over the views of a cache (see {@link VIEWS}). Takes no lock and needs no key; sees what the last
 * commits left. The statement can read nothing else, whoever wrote it.
 *
 * @throws {QueryRefusedError} it is none that may be run
 * @throws {QueryFailedError} DuckDB does not understand it, or could not do it
 * @throws {QueryInterruptedError} the signal was given
 * @throws {DamagedCacheError} what commits name is not as they say
 * @throws {NothingPublishedError} and others of `openPublished`, where summaries or totals are read
 */
export async function openQuery(
  paths: CachePaths,
  sql: string,
  options: QueryOptions = {},
): Promise<Query> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await openOnce(paths, sql, options);
    } catch (error) {
      const isGone = error instanceof SegmentGoneError || isMissingFile(error);
      if (isGone && attempt < ATTEMPTS) continue;
      if (error instanceof SegmentGoneError) {
        throw new DamagedCacheError(error.path, 'a commit names it, and it is missing');
      }
      throw asQueryError(error, options.signal);
    }
  }
}

async function openOnce(paths: CachePaths, sql: string, options: QueryOptions): Promise<Query> {
  const { signal } = options;
  const engine = await LockedEngine.open(paths, options);
  const onAbort = (): void => engine.interrupt();
  signal?.addEventListener('abort', onAbort);
  const close = (): void => {
    signal?.removeEventListener('abort', onAbort);
    engine.close();
  };
  try {
    const statement = await readStatement(sql, (text) => engine.parse(text));
    await defineViews(paths, engine, statement);
    if (signal?.aborted === true) throw new QueryInterruptedError();
    const result = await engine.stream(sql, MAY_RUN, statement.isPlan);
    if (result === undefined) throw new QueryRefusedError('it does more than read', 'Use SELECT.');
    // Files are opened here: what fails now may be tried again, since nobody has seen a row.
    const first = await result.fetchChunk();
    return {
      columns: result
        .deduplicatedColumnNames()
        .map((name, i) => ({ name, type: result.columnType(i) })),
      isPlan: statement.isPlan,
      batches: () => rowsOf(result, first, signal),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The second lock: what the parser's view of the statement has let through is one of these to the planner, too. */
const MAY_RUN = new Set(['SELECT', 'EXPLAIN']);

type Chunk = Awaited<ReturnType<DuckDBResult['fetchChunk']>>;

async function* rowsOf(
  result: DuckDBResult,
  first: Chunk,
  signal: AbortSignal | undefined,
): AsyncGenerator<readonly (readonly DuckDBValue[])[], void, void> {
  try {
    for (let chunk = first; chunk !== null && chunk.rowCount > 0; ) {
      if (signal?.aborted === true) throw new QueryInterruptedError();
      yield chunk.getRows();
      chunk = await result.fetchChunk();
    }
  } catch (error) {
    throw asQueryError(error, signal);
  }
}

/** All views, those that the statement does not read without rows: then nothing is read for them. */
async function defineViews(
  paths: CachePaths,
  engine: LockedEngine,
  { tables }: Statement,
): Promise<void> {
  const segments = new SegmentViews(paths);
  const files: string[] = [];
  let archive: PublishedArchive | undefined;
  for (const view of VIEWS) {
    const rowsOf = PUBLISHED_ROWS[view.name];
    if (rowsOf !== undefined && tables.has(view.name)) {
      archive ??= openPublished(paths);
      await engine.fill(view.name, view.columns, rowsOf(archive));
      continue;
    }
    const filled = tables.has(view.name) ? segments.of(view.name) : undefined;
    if (filled?.functions !== undefined) engine.addFunctions(filled.functions);
    await engine.define(`make the view ${view.name}`, viewSql(view, filled));
    for (const file of filled?.files ?? []) files.push(file);
  }
  await engine.lock(files);
}

const PUBLISHED_ROWS: Partial<
  Record<ViewName, (archive: PublishedArchive) => Iterable<SummaryRow | TotalsRow>>
> = { summaries: summaryRows, totals: totalsRows };

function viewSql({ name, columns }: View, filled: FilledView | undefined): string {
  if (filled === undefined) return emptyView(name, columns);
  return `CREATE VIEW "${name}" AS ${filled.select}`;
}

function isMissingFile(error: unknown): boolean {
  return (
    error instanceof Error && /IO Error: (?:No files found|Cannot open file)/.test(error.message)
  );
}

/** DuckDB's own words: the SQL is the user's, and so is what it looks at. */
function asQueryError(error: unknown, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted === true) return new QueryInterruptedError();
  if (error instanceof S3LogExtractionError && !(error instanceof EngineError)) return error;
  const message = error instanceof Error ? error.message : String(error);
  const paragraph = (message.split('\n\n', 1)[0] as string).replace(/\s+/g, ' ').trim();
  const why = /[.!?]$/.test(paragraph) ? paragraph : `${paragraph}.`;
  return new QueryFailedError(why, hintFor(message));
}

function hintFor(message: string): string {
  if (/^(?:Binder|Catalog|Parser) Error/.test(message)) return `There are ${viewsInOneLine()}.`;
  if (message.startsWith('Out of Memory')) {
    return 'Group by fewer things, take fewer columns, or a part of the days; what is sorted and grouped may spill to the disk of the cache, but not everything can.';
  }
  return 'Check the query; "query --schema" lists the views. A damaged file is found by "s3logextraction validate cache".';
}
