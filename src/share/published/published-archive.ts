import { dirname, join } from 'node:path';
import { DamagedCacheError, readOwnFile } from '../../../cache/own-file.js';
import type { CachePaths } from '../../../cache/paths.js';
import { checkOf, checkOfPublished, readPublishedChecks } from '../../../cache/published-checks.js';
import type { RobotsChoice } from '../../../cache/settings.js';
import { COORDINATES_FILE } from '../../ip/coordinates/publish-coordinates.js';
import { datasetFolders } from '../../summarize/dataset-folder.js';
import { ARCHIVE_FOLDER, TOTALS_FILES } from '../../summarize/publish-summaries.js';
import { compareCodePoints } from '../../summarize/text-order.js';
import { type CoordinatesByRegion, parseCoordinates } from './parse-coordinates.js';
import { type PublishedTable, parseTable } from './parse-table.js';
import { type PublishedTotals, parseArchiveTotals, parseTotals } from './parse-totals.js';
import {
  NothingPublishedError,
  NotRoundedError,
  PublishedAnewError,
  PublishedHalfwayError,
} from './published-errors.js';

declare const PUBLISHED: unique symbol;

/** Bytes that the privacy rules have seen: only {@link PublishedArchive.bytes} gives them out. */
export type PublishedBytes = Buffer & { readonly [PUBLISHED]: true };

/** What counts were suppressed below, and rounded to multiples of (PRIVACY.md). */
export interface PublishedRules {
  readonly threshold: number;
  readonly modulus: number;
}

/** The tables of one dataset. */
export interface PublishedDataset {
  /** As in keys. Where no totals are published, as its folder. */
  readonly name: string;
  /** Below `summaries/`. */
  readonly folder: string;
  /** Names of its files: `by_day.tsv`. */
  readonly tables: readonly string[];
}

/**
 * Open what an archive has published, for whoever passes it on. Takes no lock: what is read is of one update, or an error is thrown.
 *
 * @throws {NothingPublishedError} @throws {PublishedHalfwayError} @throws {NotRoundedError}
 * @throws {DamagedCacheError}
 */
export function openPublished(paths: CachePaths): PublishedArchive {
  return new PublishedArchive(paths);
}

/** Published files, each compared with what it was published as. See {@link openPublished}. */
export class PublishedArchive {
  readonly rules: PublishedRules;
  readonly robots: RobotsChoice;
  /** When a published byte changed last, ISO 8601. */
  readonly changedAt: string;
  /** By name, in the order of code points. */
  readonly datasets: readonly PublishedDataset[];
  /** Names of the tables over all datasets: `by_day.tsv`. */
  readonly archiveTables: readonly string[];
  /** Names of all files, below `summaries/`: `totals.json`, `archive/by_day.tsv`. In the order of code points. */
  readonly files: readonly string[];
  readonly #paths: CachePaths;
  readonly #checks: ReadonlyMap<string, string>;

  /** See {@link openPublished}. */
  constructor(paths: CachePaths) {
    this.#paths = paths;
    const noted = readPublishedChecks(paths);
    const files = [...(noted?.files ?? [])].filter(
      ([, checks]) => !checks.every((c) => c === null),
    );
    if (noted === undefined || files.length === 0) throw new NothingPublishedError(paths.root);
    const [rule] = noted.rules;
    if (rule === undefined || noted.changedAt === undefined) {
      throw new NothingPublishedError(paths.root, 'by a version that did not note how');
    }
    const isSettled = files.every(([, checks]) => checks.length === 1);
    if (!isSettled || noted.rules.length > 1) throw new PublishedHalfwayError(paths.root);
    this.rules = { threshold: Number(rule.threshold), modulus: Number(rule.modulus) };
    if (this.rules.threshold < 2) throw new NotRoundedError(paths.root, this.rules.threshold);
    this.robots = rule.robots;
    this.changedAt = noted.changedAt;
    this.#checks = new Map(files.map(([name, checks]) => [name, checks[0] as string]));
    this.files = [...this.#checks.keys()].sort(compareCodePoints);
    this.archiveTables = this.#tablesIn(ARCHIVE_FOLDER);
    this.datasets = this.#findDatasets();
  }

  /**
   * All bytes of a file.
   *
   * @param name one of {@link files}
   * @throws {PublishedAnewError} an update has replaced it meanwhile
   * @throws {DamagedCacheError} it is not what was published
   */
  bytes(name: string): PublishedBytes {
    const check = this.#checks.get(name);
    if (check === undefined) throw new RangeError(`${name} is not among the published files.`);
    const path = join(this.#paths.summaries, name);
    const found = checkOfPublished(this.#paths, name);
    if (found === check) {
      const bytes = readOwnFile(path);
      if (checkOf(bytes) === check) return bytes as PublishedBytes;
    }
    const now = readPublishedChecks(this.#paths)?.files.get(name) ?? [];
    if (now.length !== 1 || now[0] !== check) throw new PublishedAnewError(this.#paths.root);
    throw new DamagedCacheError(path, 'it is not what was published');
  }

  /** A file of a table, taken apart; undefined: there is none. @throws as {@link bytes} */
  table(name: string): PublishedTable | undefined {
    if (!this.#checks.has(name)) return undefined;
    return parseTable(this.#text(name));
  }

  /** Distinct requesters of a dataset, by its folder: `<50` or `120`; undefined: not published. */
  requesterCount(folder: string): string | undefined {
    const name = `${folder}/requester_count.tsv`;
    return this.#checks.has(name) ? this.#text(name) : undefined;
  }

  /** Of each dataset; undefined: not published. @throws as {@link bytes} */
  totals(): ReadonlyMap<string, PublishedTotals> | undefined {
    const name = TOTALS_FILES.datasetTotals;
    return this.#checks.has(name) ? parseTotals(this.#text(name)) : undefined;
  }

  /** Of the archive; undefined: not published. @throws as {@link bytes} */
  archiveTotals(): PublishedTotals | undefined {
    const name = TOTALS_FILES.archiveTotals;
    return this.#checks.has(name) ? parseArchiveTotals(this.#text(name)) : undefined;
  }

  /** Where regions are; null: nowhere in particular. undefined: not published. @throws as {@link bytes} */
  coordinates(): CoordinatesByRegion | undefined {
    if (!this.#checks.has(COORDINATES_FILE)) return undefined;
    return parseCoordinates(this.#text(COORDINATES_FILE));
  }

  #text(name: string): string {
    return this.bytes(name).toString('utf8');
  }

  #tablesIn(folder: string): string[] {
    const start = `${folder}/`;
    return this.files
      .filter((name) => name.startsWith(start))
      .map((name) => name.slice(start.length));
  }

  #findDatasets(): PublishedDataset[] {
    const tables = new Map<string, string[]>();
    for (const name of this.files) {
      const folder = dirname(name);
      if (folder === '.' || folder === ARCHIVE_FOLDER) continue;
      const own = tables.get(folder);
      const table = name.slice(folder.length + 1);
      if (own === undefined) tables.set(folder, [table]);
      else own.push(table);
    }
    const names = [...(this.totals()?.keys() ?? [])];
    const folderOf = datasetFolders(names);
    const nameOf = new Map(names.map((name) => [folderOf(name), name]));
    return [...tables]
      .map(([folder, own]) => ({ name: nameOf.get(folder) ?? folder, folder, tables: own }))
      .sort((a, b) => compareCodePoints(a.name, b.name));
  }
}
