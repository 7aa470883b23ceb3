import { join } from 'node:path';
import { PublishedBatch } from '../../cache/published-batch.js';
import { type BlockPlace, DatasetReader } from '../../cache/rollups/dataset-blocks.js';
import { bytesSentOf } from '../../cache/rollups/sums.js';
import type { TaskHandler } from '../../cache/rollups/task-pool.js';
import {
  FigureReader,
  type Figures,
  type RegionNumbers,
  type SumEntry,
  SumsByNumber,
} from './figures.js';
import type { PrivacyRules } from './privacy.js';
import { TableWriter } from './table-writer.js';
import { assetPieces, isAssetTable, type TableName, tablePieces } from './tables.js';
import { type TypeWeekEntry, TypeWeeks, WeekFigures } from './week-tables.js';

export interface TableSetup {
  readonly rollups: string;
  readonly summaries: string;
  /** Numbers of requesters are below it. */
  readonly requesters: number;
  readonly regions: RegionNumbers;
  readonly rules: PrivacyRules;
  /** Whether assets have sums by week. */
  readonly hasWeeks: boolean;
}

/** A dataset whose figures are wanted, and those of its tables that are to be written. */
export interface DatasetTask {
  readonly dataset: string;
  /** Its folder below `summaries/`. */
  readonly folder: string;
  readonly places: readonly BlockPlace[];
  readonly tables: readonly TableName[];
}

export type TableTask =
  | { readonly kind: 'datasets'; readonly datasets: readonly DatasetTask[] }
  /** Of the files written since the last time: make them durable, give them their names, or neither. */
  | { readonly kind: 'sync' | 'rename' | 'discard' }
  /** What all datasets of this thread come to. */
  | { readonly kind: 'archive' };

/** The figures that totals hold of one dataset: exact. */
export interface DatasetFigures {
  readonly dataset: string;
  readonly folder: string;
  readonly requesters: number;
  /** Numbers of regions. */
  readonly regions: readonly number[];
  readonly bytes: bigint;
  readonly requests: bigint;
  readonly downloads: bigint;
}

export interface TableReply {
  readonly datasets?: readonly DatasetFigures[];
  readonly filesWritten?: number;
  readonly bytesWritten?: number;
  readonly filesUnchanged?: number;
  /** Names below `summaries/` of the files prepared, changed or not, and their checks. */
  readonly checks?: readonly (readonly [name: string, check: string])[];
  readonly days?: readonly SumEntry[];
  readonly regions?: readonly SumEntry[];
  readonly types?: readonly TypeWeekEntry[];
}

/** What a thread does that makes tables. */
export function startTableTasks(setup: unknown): TaskHandler<TableTask, TableReply> {
  const worker = new TableWorker(setup as TableSetup);
  return (task) => worker.run(task);
}

class TableWorker {
  readonly #setup: TableSetup;
  readonly #reader: DatasetReader;
  readonly #figures: FigureReader;
  readonly #batch = new PublishedBatch();
  readonly #writer: TableWriter;
  readonly #days = new SumsByNumber();
  readonly #regions = new SumsByNumber();
  readonly #types = new TypeWeeks();

  constructor(setup: TableSetup) {
    this.#setup = setup;
    this.#reader = new DatasetReader(setup.rollups, setup.requesters, setup.hasWeeks);
    this.#figures = new FigureReader(this.#reader, setup.regions);
    this.#writer = new TableWriter(setup.rules);
  }

  run(task: TableTask): TableReply {
    if (task.kind === 'datasets') return this.#make(task.datasets);
    if (task.kind === 'archive') {
      this.#reader.close();
      return {
        days: this.#days.entries(),
        regions: this.#regions.entries(),
        types: this.#types.entries(),
      };
    }
    this.#batch[task.kind]();
    return {};
  }

  #make(datasets: readonly DatasetTask[]): TableReply {
    const before = { files: this.#batch.files, bytes: this.#batch.bytes };
    const figures = datasets.map((dataset) => this.#makeOne(dataset));
    const tables = datasets.reduce((sum, dataset) => sum + dataset.tables.length, 0);
    const filesWritten = this.#batch.files - before.files;
    const bytesWritten = this.#batch.bytes - before.bytes;
    const checks = this.#batch.takeChecks(this.#setup.summaries);
    const filesUnchanged = tables - filesWritten;
    return { datasets: figures, filesWritten, bytesWritten, filesUnchanged, checks };
  }

  #makeOne({ dataset, folder, places, tables }: DatasetTask): DatasetFigures {
    const { regions, summaries } = this.#setup;
    const figures = this.#figures.read(places);
    this.#days.addAll(figures.days);
    this.#regions.addAll(figures.regions);
    for (const table of tables) {
      if (isAssetTable(table)) continue;
      const pieces = tablePieces(table, figures, regions, this.#writer);
      this.#batch.prepare(join(summaries, folder, table), pieces);
    }
    this.#makeAssetTables(join(summaries, folder), places, tables);
    return { dataset, folder, ...totalFigures(figures) };
  }

  /** Types of assets are wanted of every dataset, for the archive. */
  #makeAssetTables(
    folder: string,
    places: readonly BlockPlace[],
    tables: readonly TableName[],
  ): void {
    const { hasWeeks } = this.#setup;
    const writer = this.#writer;
    const isWanted = (table: TableName): boolean => tables.includes(table);
    const weeks = hasWeeks ? new WeekFigures(isWanted('by_asset_per_week.tsv')) : undefined;
    if (isWanted('by_asset.tsv')) {
      const pieces = assetPieces(this.#reader.assets(places), writer, weeks);
      this.#batch.prepare(join(folder, 'by_asset.tsv'), pieces);
    } else if (weeks !== undefined) {
      for (const assets = this.#reader.assets(places); assets.next(); ) weeks.add(assets);
    }
    if (weeks === undefined) return;
    this.#types.addAll(weeks.types);
    if (isWanted('by_asset_per_week.tsv')) {
      this.#batch.prepare(join(folder, 'by_asset_per_week.tsv'), weeks.byAsset(writer));
    }
    if (isWanted('by_asset_type_per_week.tsv')) {
      const pieces = weeks.types.table(writer);
      this.#batch.prepare(join(folder, 'by_asset_type_per_week.tsv'), pieces);
    }
  }
}

/** What totals say of some figures. */
export function totalFigures({
  regions,
  requesters,
}: Pick<Figures, 'regions' | 'requesters'>): Omit<DatasetFigures, 'dataset' | 'folder'> {
  let bytes = 0n;
  let requests = 0n;
  let downloads = 0n;
  for (const [, low, high, ownRequests, ownDownloads] of regions.entries()) {
    bytes += bytesSentOf(low, high);
    requests += BigInt(ownRequests);
    downloads += BigInt(ownDownloads);
  }
  return { requesters, regions: regions.numbers(), bytes, requests, downloads };
}
