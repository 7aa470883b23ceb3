import { S3LogExtractionError } from '../cache/error.js';
import type { CachePaths } from '../cache/paths.js';
import { removeOwnScratch } from '../cache/reader-scratch.js';
import type { Output } from './output.js';
import { reportError } from './run-command.js';

/** A query takes memory that DuckDB does not count, and is ended before the machine has none. */
export class QueryMemoryError extends S3LogExtractionError {
  constructor(bytes: number) {
    super(
      'QUERY_TOO_LARGE',
      `The query was ended: it took ${Math.round(bytes / 1e9)} GB of memory, with a limit of ${MOST_BYTES / 1e9} GB.`,
      {
        hint: 'Functions that make one long list or text of many rows, such as list() or repeat(), must have it in memory at once: group by more, or take a part of the days.',
      },
    );
  }
}

/** The limit of DuckDB (500 MB) and of all that it does not count. */
const MOST_BYTES = 3e9;
const LOOK_MS = 200;
/** So long DuckDB has to heed that a query was interrupted; it does so between pieces of work, and some are not in pieces. */
const PATIENCE_MS = 1000;
/** One Ctrl-C may arrive twice, from the terminal and from npm. */
const SAME_SIGNAL_MS = 300;

/** Ends a query on SIGINT and SIGTERM, and when it takes too much memory: at first by asking, then, since threads of DuckDB keep a process from ending, by a signal that none can refuse. */
export class QueryGuard {
  readonly #interrupt = new AbortController();
  readonly #timer: NodeJS.Timeout;
  #tooLarge: { readonly error: QueryMemoryError; readonly at: number } | undefined;
  #signalledAt: number | undefined;

  constructor(
    private readonly paths: CachePaths,
    private readonly output: Output,
  ) {
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onSignal);
    this.#timer = setInterval(() => this.#look(), LOOK_MS);
    this.#timer.unref();
  }

  /** Given when the query is to end. */
  get signal(): AbortSignal {
    return this.#interrupt.signal;
  }

  /** What to tell of a query that was ended for its memory; undefined: it was not. */
  get tooLarge(): QueryMemoryError | undefined {
    return this.#tooLarge?.error;
  }

  close(): void {
    clearInterval(this.#timer);
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onSignal);
  }

  readonly #onSignal = (signal: NodeJS.Signals): void => {
    const now = performance.now();
    if (this.#signalledAt === undefined) {
      this.#signalledAt = now;
      this.#interrupt.abort();
    } else if (now - this.#signalledAt > SAME_SIGNAL_MS) {
      this.#die(signal);
    }
  };

  #look(): void {
    if (this.#tooLarge === undefined) {
      const bytes = process.memoryUsage.rss();
      if (bytes <= MOST_BYTES) return;
      this.#tooLarge = { error: new QueryMemoryError(bytes), at: performance.now() };
      this.#interrupt.abort();
    } else if (performance.now() - this.#tooLarge.at > PATIENCE_MS) {
      reportError(this.#tooLarge.error, this.output, 'running a query');
      this.#die('SIGKILL');
    }
  }

  /** `process.exit` would wait for threads of DuckDB. */
  #die(signal: NodeJS.Signals): void {
    this.close();
    removeOwnScratch(this.paths);
    process.kill(process.pid, signal);
  }
}
