import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, type Stats } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-write.js';
import { listCommits } from './commit-record.js';
import { groupingId } from './datasets/grouping.js';
import { systemErrorCode } from './error.js';
import { readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';
import { knownChecks, type PublishedChecks } from './published-checks.js';
import type { RollupManifest } from './rollup-manifest.js';
import type { BlockPlace } from './rollups/dataset-blocks.js';
import { isListOf, isObject, isText } from './sealed-json.js';

/** Raise it when the same records would be published as other bytes. */
const PUBLICATION_VERSION = 3;

/** Size and modification time, milliseconds. */
type Stamp = readonly [number, number];

/** What `rollups/published.json` says. */
interface StateFile {
  /** Hash of the version, and of what published bytes depend on besides the cache. */
  readonly rules: string;
  /** Names of the files that regions came from. */
  readonly regions: readonly string[];
  readonly commits: readonly string[];
  readonly files: Readonly<Record<string, Stamp>>;
  /** 1 when the checks of these files were noted, too: an earlier version, which does not, leaves it out. */
  readonly checks?: 1;
}

/** What was published last: out of what, and which files with which size and modification time. */
export class PublishedState {
  readonly #paths: CachePaths;
  readonly #rules: string;
  readonly #state: StateFile | undefined;
  readonly #checks: PublishedChecks | undefined;

  /** @param options whatever else the published bytes depend on */
  constructor(paths: CachePaths, options: readonly unknown[]) {
    this.#paths = paths;
    this.#rules = hashOf([PUBLICATION_VERSION, groupingId(paths), options]);
    const state = readState(paths);
    const checks = state?.checks === 1 ? knownChecks(paths) : undefined;
    // What cannot be told to be whole is made anew, once.
    const isWhole = checks?.isComplete === true && checks.rules.length > 0;
    this.#checks = isWhole ? checks : undefined;
    const isKnown = state?.rules === this.#rules && this.#checks !== undefined;
    this.#state = isKnown ? state : undefined;
  }

  /**
   * Whether all that `update` publishes is there already, made out of just these commits and regions,
   * and untouched since. Any doubt means no: publishing again gives the same bytes.
   */
  isCurrent(): boolean {
    const state = this.#state;
    if (state === undefined || !this.#hasSameRegions(state)) return false;
    if (!isSame(state.commits, listCommits(this.#paths))) return false;
    const isSettled = [...(this.#checks?.files.values() ?? [])].every(({ length }) => length === 1);
    return isSettled && Object.keys(state.files).every((file) => this.#isUntouched(state, file));
  }

  /**
   * Which tables of datasets may differ from what is published.
   *
   * A table by region does when regions or its own records changed, the others only when these
   * did: records of commits published already are the same. A file that is not as it was left is
   * made again.
   *
   * @param folderOf folder of a dataset below `summaries/`
   * @returns undefined when nothing is known
   */
  neededTables(
    manifest: RollupManifest,
    places: ReadonlyMap<string, readonly BlockPlace[]>,
    folderOf: (dataset: string) => string,
  ): ((dataset: string, table: string) => boolean) | undefined {
    const state = this.#state;
    if (state === undefined) return undefined;
    const published = new Set(state.commits);
    const held = new Set(manifest.runs.flatMap(({ commits }) => commits));
    if (!state.commits.every((commit) => held.has(commit))) return undefined;
    const changed = new Set(
      manifest.runs
        .filter(({ commits }) => !commits.every((commit) => published.has(commit)))
        .flatMap(({ sums }) => sums.map(({ file }) => file)),
    );
    const sameRegions = this.#hasSameRegions(state);
    return (dataset, table) => {
      if (table === 'by_region.tsv' && !sameRegions) return true;
      if (places.get(dataset)?.some(({ file }) => changed.has(file)) ?? true) return true;
      const name = join(folderOf(dataset), table);
      if (this.#checks?.files.get(name)?.length !== 1) return true;
      return !this.#isUntouched(state, join('summaries', name));
    };
  }

  /**
   * Note that everything was published just now.
   *
   * @throws {CacheWriteError}
   */
  note(): void {
    const files: Record<string, Stamp> = {};
    for (const folder of ['summaries', join('ips', 'indexes')]) {
      for (const file of filesBelow(this.#paths.root, folder)) {
        const { size, mtimeMs } = lstatSync(join(this.#paths.root, file));
        files[file] = [size, mtimeMs];
      }
    }
    const state: StateFile = {
      rules: this.#rules,
      regions: regionFiles(this.#paths),
      commits: listCommits(this.#paths),
      files,
      checks: 1,
    };
    writeFileAtomic(stateFile(this.#paths), `${JSON.stringify(state)}\n`);
  }

  #hasSameRegions(state: StateFile): boolean {
    return isSame(state.regions, regionFiles(this.#paths));
  }

  #isUntouched(state: StateFile, file: string): boolean {
    const stamp = state.files[file];
    const stats = statsOf(join(this.#paths.root, file));
    return (
      stamp !== undefined &&
      stats?.isFile() === true &&
      stats.size === stamp[0] &&
      stats.mtimeMs === stamp[1]
    );
  }
}

/** Undefined for what is not there, and for what cannot be looked at: a damaged name, for one, is no name. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(path, { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

function readState(paths: CachePaths): StateFile | undefined {
  try {
    const state: unknown = JSON.parse(readOwnText(stateFile(paths)));
    return isState(state) ? state : undefined;
  } catch {
    return undefined;
  }
}

function isState(value: unknown): value is StateFile {
  return (
    isObject(value) &&
    isListOf(value.commits, isText) &&
    isListOf(value.regions, isText) &&
    isObject(value.files) &&
    Object.values(value.files).every((stamp) => isListOf(stamp, isNumber) && stamp.length === 2)
  );
}

function isNumber(value: unknown): value is number {
  return typeof value === 'number';
}

function regionFiles(paths: CachePaths): string[] {
  return namesIn(paths.root, join('ips', 'regions'))
    .map(({ name }) => name)
    .sort();
}

function isSame(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((name, i) => name === other[i]);
}

function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}

function filesBelow(root: string, folder: string): string[] {
  return namesIn(root, folder).flatMap(({ name, isFolder }) =>
    isFolder ? filesBelow(root, join(folder, name)) : [join(folder, name)],
  );
}

function namesIn(root: string, folder: string): { name: string; isFolder: boolean }[] {
  try {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function stateFile(paths: CachePaths): string {
  return join(paths.rollups, 'published.json');
}
