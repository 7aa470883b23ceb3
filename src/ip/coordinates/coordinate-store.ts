import {
  type CoordinateTable,
  type KnownCoordinates,
  readCoordinateTable,
  writeCoordinateTable,
} from '../../../cache/coordinate-table.js';
import type { CachePaths } from '../../../cache/paths.js';
import type { Point } from './point.js';

/** Maps change: a source that did not know a code is asked again after this long. */
const ASK_AGAIN_MS = 30 * 86_400_000;

/** What sources answered, now and in earlier runs; kept in `ips/coordinates.json`. */
export class CoordinateStore {
  readonly #paths: CachePaths;
  readonly #table: CoordinateTable;
  readonly #assertHeld: () => void;
  readonly #now: () => number;

  /** @throws {CoordinateTableError} */
  constructor(paths: CachePaths, assertHeld: () => void, now: () => number) {
    this.#paths = paths;
    this.#table = readCoordinateTable(paths);
    this.#assertHeld = assertHeld;
    this.#now = now;
  }

  known(code: string): KnownCoordinates | undefined {
    const entry = this.#table.get(code);
    return entry === undefined || 'tried' in entry ? undefined : entry;
  }

  /** Whether to ask the source: the code has no coordinates, and that source was not asked lately. */
  isDue(code: string, source: string): boolean {
    const entry = this.#table.get(code);
    if (entry === undefined) return true;
    const at = 'tried' in entry ? entry.tried[source] : this.#now();
    const age = at === undefined ? undefined : this.#now() - new Date(at).getTime();
    // A time that is none, or lies ahead, must not keep a code from being asked for ever.
    return age === undefined || !(age >= 0 && age < ASK_AGAIN_MS);
  }

  /**
   * Keep answers of a source, durably.
   *
   * @param answers a point, or undefined where the source knows none
   * @param source published as the origin of the points
   * @param edition what is remembered as tried; its older editions are forgotten
   * @throws {CacheWriteError}
   */
  keep(
    answers: Iterable<readonly [code: string, point: Point | undefined]>,
    source: string,
    edition = source,
  ): void {
    for (const [code, point] of answers) {
      const entry = this.#table.get(code);
      const tried = Object.entries(entry !== undefined && 'tried' in entry ? entry.tried : {});
      const others = tried.filter(([name]) => name !== source && !name.startsWith(`${source} `));
      const at = new Date(this.#now()).toISOString();
      this.#table.set(
        code,
        point === undefined
          ? { tried: { ...Object.fromEntries(others), [edition]: at } }
          : { latitude: point[0], longitude: point[1], source },
      );
    }
    this.#assertHeld();
    writeCoordinateTable(this.#paths, this.#table);
  }
}
