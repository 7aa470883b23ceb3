import { join } from 'node:path';
import pLimit from 'p-limit';
import type { Engine, EngineRow } from '../../cache/engine.js';
import type { CachePaths } from '../../cache/paths.js';
import { PublishedFile } from '../../cache/published-file.js';
import { makePublishedFolder } from '../../cache/published-folder.js';
import type { Grouping } from './grouping.js';
import type { PrivacyRules } from './privacy.js';
import type { Table } from './tables.js';

export interface PublishTablesOptions {
  readonly rules: PrivacyRules;
  /** SQL of (requester, region). */
  readonly regions: string;
  /** Files in the making at a time. */
  readonly workers: number;
  /** Folder name of a dataset below `summaries/`. */
  readonly folderOf: (dataset: string) => string;
  readonly assertHeld: () => void;
  readonly shouldStop: () => boolean;
  /** A file has been written, or found to be the same. */
  readonly onFile: (folder: string, changed: boolean) => void;
}

/**
 * Write one table of every dataset: one query, its rows streamed into one file after another.
 *
 * @returns false when stopped on request
 * @throws {EngineError} @throws {CacheWriteError} @throws {PublishedFolderError}
 */
export async function publishTable(
  paths: CachePaths,
  engine: Engine,
  grouping: Grouping,
  table: Table,
  options: PublishTablesOptions,
): Promise<boolean> {
  const queue = new PublishQueue(options.workers);
  const rows = engine.stream(
    `compute ${table.file}`,
    table.query(grouping, options.regions),
    grouping.parameters,
  );
  let file: PublishedFile | undefined;
  try {
    for await (const part of byDataset(rows, table.compare)) {
      if (file === undefined) {
        if (options.shouldStop()) return false;
        file = new PublishedFile(
          paths,
          join(paths.summaries, options.folderOf(part.dataset), table.file),
        );
        file.write(table.header);
      }
      file.write(table.text(part.rows, options.rules));
      if (!part.isLast) continue;
      const done = file;
      file = undefined;
      await queue.add(async () => {
        const folder = options.folderOf(part.dataset);
        makePublishedFolder(join(paths.summaries, folder));
        options.onFile(folder, await done.publish(options.assertHeld));
      });
    }
    return true;
  } finally {
    file?.discard();
    await queue.finished();
  }
}

interface DatasetRows {
  readonly dataset: string;
  readonly rows: readonly EngineRow[];
  /** No more rows of this dataset follow. */
  readonly isLast: boolean;
}

/** Rows that are printed at once. */
const PART_ROWS = 4096;

/** Cut a stream of rows, ordered by their first column, where that changes or a part is full. */
async function* byDataset(
  batches: AsyncGenerator<EngineRow[]>,
  compare: Table['compare'],
): AsyncGenerator<DatasetRows> {
  let rows: EngineRow[] = [];
  const part = (isLast: boolean): DatasetRows => {
    const dataset = rows[0]?.[0] as string;
    return { dataset, rows: compare ? rows.sort(compare) : rows, isLast };
  };
  for await (const batch of batches) {
    for (const row of batch) {
      const isNext = rows.length > 0 && rows[0]?.[0] !== row[0];
      if (isNext || (rows.length >= PART_ROWS && compare === undefined)) {
        yield part(isNext);
        rows = [];
      }
      rows.push(row);
    }
  }
  if (rows.length > 0) yield part(true);
}

/** At most `workers` at work and as many waiting; the first failure ends it. */
class PublishQueue {
  readonly #limit;
  readonly #pending = new Set<Promise<void>>();
  readonly #most: number;
  #failure: { readonly error: unknown } | undefined;

  constructor(workers: number) {
    this.#limit = pLimit(workers);
    this.#most = 2 * workers;
  }

  async add(job: () => Promise<void>): Promise<void> {
    const pending = this.#limit(async () => {
      if (this.#failure === undefined) await job();
    })
      .catch((error: unknown) => {
        this.#failure ??= { error };
      })
      .finally(() => this.#pending.delete(pending));
    this.#pending.add(pending);
    if (this.#pending.size >= this.#most) await Promise.race(this.#pending);
    this.#rethrow();
  }

  async finished(): Promise<void> {
    await Promise.all(this.#pending);
    this.#rethrow();
  }

  #rethrow(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }
}
