import { existsSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeDirectory, PUBLISHED } from '../../cache/atomic-write.js';
import { UNASSOCIATED, UNDETERMINED } from '../../cache/datasets/joined-key.js';
import type { Engine } from '../../cache/engine.js';
import { S3LogExtractionError } from '../../cache/error.js';
import type { CachePaths } from '../../cache/paths.js';
import { PublishedBatch, syncFileSystem } from '../../cache/published-batch.js';
import { PublishedChecksWriter } from '../../cache/published-checks.js';
import { removePublished, removePublishedFile } from '../../cache/published-folder.js';
import type { PublishedState } from '../../cache/published-state.js';
import { type RollupManifest, requesterNumbers } from '../../cache/rollup-manifest.js';
import { threadsFor } from '../../cache/rollup-run.js';
import { type BlockPlace, blockPlaces } from '../../cache/rollups/dataset-blocks.js';
import { TaskPool } from '../../cache/rollups/task-pool.js';
import { discardRollups, type UpdateRollupsOptions, updateRollups } from '../../cache/rollups.js';
import { readSettings } from '../../cache/settings.js';
import { chosenDatasets, type DatasetChoice, isPartial } from './dataset-choice.js';
import { datasetFolders } from './dataset-folder.js';
import { SumsByNumber } from './figures.js';
import { bytesOf, planTables } from './plan-tables.js';
import type { PrivacyRules } from './privacy.js';
import { readRegionNumbers } from './region-numbers.js';
import { staleFolders } from './stale-folders.js';
import {
  type DatasetFigures,
  startTableTasks,
  type TableReply,
  type TableSetup,
  type TableTask,
  totalFigures,
} from './table-tasks.js';
import { TableWriter } from './table-writer.js';
import {
  ARCHIVE_FILES,
  ARCHIVE_TABLES,
  DATASET_FILES,
  DATASET_TABLES,
  tablePieces,
  WEEK_TABLES,
} from './tables.js';
import { archiveTotals, datasetTotals } from './totals.js';
import { TypeWeeks } from './week-tables.js';

/** What may be published. */
export const OUTPUTS = [
  'datasetTables',
  'archiveTables',
  'datasetTotals',
  'archiveTotals',
] as const;
export type OutputKind = (typeof OUTPUTS)[number];

export interface PublishOptions extends DatasetChoice, Omit<UpdateRollupsOptions, 'onProgress'> {
  readonly rules: PrivacyRules;
  /** What was published last: tables that must be the same are not made again. */
  readonly since?: PublishedState | undefined;
  readonly onProgress?: ((progress: PublishProgress) => void) | undefined;
}

export interface PublishProgress {
  readonly filesWritten: number;
  readonly filesUnchanged: number;
}

/** What became of the files of one kind. */
export interface Published extends PublishProgress {
  readonly filesRemoved: number;
}

/** Bytes sent of what has no dataset of its own, and of all. */
export interface UnlinkedBytes {
  readonly unassociated: bigint;
  readonly undetermined: bigint;
  readonly total: bigint;
}

export interface Publication {
  /** Datasets that have figures now, among those chosen. */
  readonly datasets: number;
  readonly outputs: ReadonlyMap<OutputKind, Published>;
  /** Where datasets are not the first components of keys, and all of them were looked at. */
  readonly unlinked?: UnlinkedBytes | undefined;
  /** Stopped on request: what is written is whole, what is stale is still there. */
  readonly stopped: boolean;
}

/**
 * Bring what is published up to the commits there are, in one pass over the sums of all datasets.
 * A file whose bytes would not change is left untouched.
 *
 * @throws {UnknownDatasetError}
 * @throws {DamagedCacheError} before anything is published
 * @throws {EngineError} @throws {CacheWriteError} @throws {PublishedFolderError}
 */
export async function publishSummaries(
  paths: CachePaths,
  engine: Engine,
  outputs: readonly OutputKind[],
  options: PublishOptions,
): Promise<Publication> {
  const { onProgress: _, ...rollupOptions } = options;
  for (let attempt = 1; ; attempt++) {
    const { manifest, stopped } = await updateRollups(paths, engine, rollupOptions);
    const run = new PublishRun(paths, outputs, options);
    if (stopped) return run.publication(true);
    try {
      return await run.publish(engine, manifest);
    } catch (error) {
      const isDamaged = error instanceof S3LogExtractionError && error.code === 'ROLLUPS_DAMAGED';
      if (!isDamaged || attempt > 1) throw error;
      // Derived: made anew from the records, whose SHA-256 is compared then.
      discardRollups(paths, options.assertHeld);
    }
  }
}

/** Holds the tables over all datasets; no dataset has this folder. */
export const ARCHIVE_FOLDER = 'archive';
export const TOTALS_FILES = {
  datasetTotals: 'totals.json',
  archiveTotals: 'archive_totals.json',
} as const;

/** Bounds the space on disk for files that wait for their names. */
const PENDING_FILES = 100_000;
const PENDING_BYTES = 1 << 30;
/** Less than this is done sooner than a thread has started. */
const BYTES_WORTH_A_THREAD = 1 << 22;

class PublishRun {
  readonly #paths: CachePaths;
  readonly #outputs: ReadonlySet<OutputKind>;
  readonly #options: PublishOptions;
  readonly #counts = new Map<OutputKind, { -readonly [K in keyof Published]: Published[K] }>();
  readonly #figures: DatasetFigures[] = [];
  /** Files of the archive; those of datasets are with the threads that made them. */
  readonly #batch = new PublishedBatch();
  readonly #checks: PublishedChecksWriter;
  #pending = { files: 0, bytes: 0 };

  constructor(paths: CachePaths, outputs: readonly OutputKind[], options: PublishOptions) {
    this.#paths = paths;
    this.#outputs = new Set(outputs);
    this.#options = options;
    const { threshold, modulus } = options.rules;
    this.#checks = new PublishedChecksWriter(paths, {
      threshold: `${threshold}`,
      modulus: `${modulus}`,
      robots: readSettings(paths).robots ?? 'include',
    });
    for (const output of outputs) {
      this.#counts.set(output, { filesWritten: 0, filesUnchanged: 0, filesRemoved: 0 });
    }
  }

  publication(stopped: boolean, unlinked?: UnlinkedBytes): Publication {
    return { datasets: this.#figures.length, outputs: this.#counts, unlinked, stopped };
  }

  #unlinked({ grouping }: RollupManifest): UnlinkedBytes | undefined {
    if (grouping === undefined || isPartial(this.#options)) return undefined;
    const bytesOfDataset = (name: string): bigint =>
      this.#figures.find(({ dataset }) => dataset === name)?.bytes ?? 0n;
    return {
      unassociated: bytesOfDataset(UNASSOCIATED),
      undetermined: bytesOfDataset(UNDETERMINED),
      total: this.#figures.reduce((sum, { bytes }) => sum + bytes, 0n),
    };
  }

  async publish(engine: Engine, manifest: RollupManifest): Promise<Publication> {
    const { shouldStop = () => false, rules } = this.#options;
    const places = blockPlaces(this.#paths.rollups, manifest.runs);
    const tasks = this.#plan(places, manifest);
    const regions = await readRegionNumbers(this.#paths, engine, manifest.runs);
    makeDirectory(this.#paths.summaries, PUBLISHED);
    const bytes = [...places.values()].reduce((sum, own) => sum + bytesOf(own), 0);
    const setup: TableSetup = {
      rollups: this.#paths.rollups,
      summaries: this.#paths.summaries,
      requesters: requesterNumbers(manifest.runs),
      regions,
      rules,
      hasWeeks: manifest.hasWeeks === true,
    };
    const pool = new TaskPool<TableTask, TableReply>(
      new URL('./table-thread.js', import.meta.url),
      () => setup,
      threadsFor(this.#options.threads, bytes / BYTES_WORTH_A_THREAD),
      startTableTasks,
    );
    try {
      await this.#work(pool, tasks, shouldStop);
      if (shouldStop()) {
        await this.#flush(pool);
        this.#checks.end();
        return this.publication(true);
      }
      const shares = await pool.everywhere(() => ({ kind: 'archive' }));
      const days = new SumsByNumber();
      const types = new TypeWeeks();
      const all = { days, regions: new SumsByNumber(), requesters: setup.requesters - 1 };
      for (const share of shares) {
        all.days.addEntries(share.days ?? []);
        all.regions.addEntries(share.regions ?? []);
        types.addEntries(share.types ?? []);
      }
      this.#figures.sort((a, b) => Buffer.compare(Buffer.from(a.dataset), Buffer.from(b.dataset)));
      if (this.#outputs.has('archiveTables') && places.size > 0) {
        for (const table of ARCHIVE_TABLES) {
          const pieces = tablePieces(table, all, regions, new TableWriter(rules));
          this.#prepare('archiveTables', join(ARCHIVE_FOLDER, table), pieces);
        }
        if (setup.hasWeeks) {
          const pieces = types.table(new TableWriter(rules));
          this.#prepare(
            'archiveTables',
            join(ARCHIVE_FOLDER, 'by_asset_type_per_week.tsv'),
            pieces,
          );
        }
      }
      if (places.size > 0) {
        const { names } = regions;
        this.#prepareTotals('datasetTotals', datasetTotals(this.#figures, names, rules));
        this.#prepareTotals('archiveTotals', [archiveTotals(totalFigures(all), names, rules)]);
      }
      await this.#flush(pool);
      if (isPartial(this.#options)) this.#checks.end();
      else this.#removeStale(places.size > 0, setup.hasWeeks);
      return this.publication(false, this.#unlinked(manifest));
    } catch (error) {
      this.#batch.discard();
      // A thread that is gone cannot: then the next writer removes its files.
      await pool.everywhere(() => ({ kind: 'discard' })).catch(() => {});
      throw error;
    } finally {
      await pool.close();
    }
  }

  async #work(
    pool: TaskPool<TableTask, TableReply>,
    tasks: readonly TableTask[],
    shouldStop: () => boolean,
  ): Promise<void> {
    for (let next = 0; next < tasks.length && !shouldStop(); ) {
      const rest = tasks.slice(next);
      await pool.runAll(
        rest,
        (reply) => {
          next++;
          this.#take(reply);
        },
        () =>
          !shouldStop() &&
          this.#pending.files < PENDING_FILES &&
          this.#pending.bytes < PENDING_BYTES,
      );
      if (next < tasks.length) await this.#flush(pool);
    }
  }

  #plan(places: ReadonlyMap<string, readonly BlockPlace[]>, manifest: RollupManifest): TableTask[] {
    const chosen = chosenDatasets(places.keys(), this.#options);
    const needsAll = this.#outputs.size > 1 || !this.#outputs.has('datasetTables');
    const own = manifest.hasWeeks ? [...DATASET_TABLES, ...WEEK_TABLES] : DATASET_TABLES;
    const tables = this.#outputs.has('datasetTables') ? own : [];
    const folderOf = datasetFolders(places.keys());
    const isNeeded = this.#options.since?.neededTables(manifest, places, folderOf);
    return planTables(
      [...places].filter(([dataset]) => needsAll || chosen.has(dataset)),
      folderOf,
      (dataset) => tables.filter((table) => isNeeded?.(dataset, table) ?? true),
    );
  }

  #prepareTotals(output: keyof typeof TOTALS_FILES, pieces: Iterable<string>): void {
    if (this.#outputs.has(output)) this.#prepare(output, TOTALS_FILES[output], inPieces(pieces));
  }

  #prepare(output: OutputKind, name: string, pieces: Iterable<Uint8Array>): void {
    const isChanged = this.#batch.prepare(join(this.#paths.summaries, name), pieces);
    this.#note(this.#batch.takeChecks(this.#paths.summaries));
    this.#count(output, isChanged ? 1 : 0, isChanged ? 0 : 1);
  }

  #note(checks: Iterable<readonly [name: string, check: string]>): void {
    for (const [name, check] of checks) this.#checks.add(name, check);
  }

  #take(reply: TableReply): void {
    this.#note(reply.checks ?? []);
    const { datasets = [], filesWritten = 0, bytesWritten = 0, filesUnchanged = 0 } = reply;
    for (const dataset of datasets) this.#figures.push(dataset);
    this.#pending.files += filesWritten;
    this.#pending.bytes += bytesWritten;
    this.#count('datasetTables', filesWritten, filesUnchanged);
  }

  #count(output: OutputKind, filesWritten: number, filesUnchanged: number): void {
    const counts = this.#counts.get(output);
    if (counts === undefined) return;
    counts.filesWritten += filesWritten;
    counts.filesUnchanged += filesUnchanged;
    if (output === 'datasetTables') this.#options.onProgress?.({ ...counts });
  }

  /** Give all files that are written their names. */
  async #flush(pool: TaskPool<TableTask, TableReply>): Promise<void> {
    const files = this.#pending.files + this.#batch.files;
    if (files === 0) return;
    if (!syncFileSystem(this.#paths.summaries, files)) {
      this.#batch.sync();
      await pool.everywhere(() => ({ kind: 'sync' }));
    }
    this.#options.assertHeld?.();
    this.#checks.begin();
    await pool.everywhere(() => ({ kind: 'rename' }));
    this.#batch.rename();
    this.#pending = { files: 0, bytes: 0 };
  }

  /** Whether a file, by its name below `summaries/`, is about to be removed. */
  #isStale(name: string, { current, hasRecords, hadWeeks }: WhatIsCurrent): boolean {
    const folder = dirname(name);
    if (hadWeeks && WEEK_TABLES.some((table) => table === basename(name))) return true;
    if (folder === ARCHIVE_FOLDER) return !hasRecords && this.#outputs.has('archiveTables');
    if (folder !== '.') return !current.has(folder) && this.#outputs.has('datasetTables');
    return (
      !hasRecords &&
      (['datasetTotals', 'archiveTotals'] as const).some(
        (output) => this.#outputs.has(output) && name === TOTALS_FILES[output],
      )
    );
  }

  /** Remove what exists no longer, among what these outputs write. */
  #removeStale(hasRecords: boolean, hasWeeks: boolean): void {
    this.#options.assertHeld?.();
    const { summaries } = this.#paths;
    const removed = (output: OutputKind, files: number): void => {
      const counts = this.#counts.get(output);
      if (counts !== undefined) counts.filesRemoved += files;
    };
    // Datasets were once those of a mapping of content.
    const archiveWeeks = join(summaries, ARCHIVE_FOLDER, 'by_asset_type_per_week.tsv');
    const hadWeeks = !hasWeeks && existsSync(archiveWeeks);
    const current = new Set(this.#figures.map(({ folder }) => folder));
    this.#checks.drop((name) => this.#isStale(name, { current, hasRecords, hadWeeks }));
    this.#checks.end(this.#outputs.size === OUTPUTS.length);
    if (hadWeeks) {
      for (const { folder } of this.#figures) {
        const files = WEEK_TABLES.map((table) => join(summaries, folder, table));
        removed('datasetTables', files.filter((file) => removePublishedFile(file)).length);
      }
      // It tells that there are others, so it goes last.
      if (removePublishedFile(archiveWeeks)) removed('archiveTables', 1);
    }
    if (this.#outputs.has('datasetTables')) {
      for (const folder of staleFolders(summaries, current)) {
        if (folder === ARCHIVE_FOLDER) continue;
        removed('datasetTables', removePublished(join(summaries, folder), DATASET_FILES));
      }
    }
    if (hasRecords) return;
    if (this.#outputs.has('archiveTables')) {
      const folder = join(summaries, ARCHIVE_FOLDER);
      removed('archiveTables', removePublished(folder, ARCHIVE_FILES));
    }
    for (const output of ['datasetTotals', 'archiveTotals'] as const) {
      if (!this.#outputs.has(output)) continue;
      if (removePublishedFile(join(summaries, TOTALS_FILES[output]))) removed(output, 1);
    }
  }
}

interface WhatIsCurrent {
  /** Folders of datasets. */
  readonly current: ReadonlySet<string>;
  readonly hasRecords: boolean;
  readonly hadWeeks: boolean;
}

/** Texts as bytes, in pieces that are worth a write. */
function* inPieces(texts: Iterable<string>): Generator<Uint8Array> {
  let piece = '';
  for (const text of texts) {
    piece += text;
    if (piece.length < TEXT_PIECE) continue;
    yield Buffer.from(piece, 'utf8');
    piece = '';
  }
  yield Buffer.from(piece, 'utf8');
}

const TEXT_PIECE = 1 << 20;
