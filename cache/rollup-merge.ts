import type { CachePaths } from './paths.js';
import type { RollupRun } from './rollup-manifest.js';
import { blockPlaces, DatasetReader } from './rollups/dataset-blocks.js';
import { readRequesters, writeRequesters } from './rollups/requester-file.js';
import { SumsFileWriter } from './rollups/sums-file.js';

/** More runs than this are merged. */
export const MOST_RUNS = 8;

/**
 * Write several runs as one, dataset by dataset. The runs given stay.
 *
 * @param requesters numbers of requesters are below it
 * @param hasWeeks whether assets have sums by week
 * @throws {RollupsDamagedError} @throws {CacheWriteError}
 */
export function mergeRuns(
  paths: CachePaths,
  runs: readonly RollupRun[],
  requesters: number,
  hasWeeks = false,
): RollupRun {
  const places = blockPlaces(paths.rollups, runs);
  const reader = new DatasetReader(paths.rollups, requesters, hasWeeks);
  const writer = new SumsFileWriter(paths.rollups, hasWeeks);
  try {
    for (const [dataset, own] of places) writer.add(dataset, reader.sums(own), reader.assets(own));
  } catch (error) {
    writer.discard();
    throw error;
  } finally {
    reader.close();
  }
  const sums = writer.finish();
  return {
    commits: runs.flatMap(({ commits }) => commits),
    sums: sums === undefined ? [] : [sums],
    requesters: mergeRequesters(paths, runs),
  };
}

function mergeRequesters(paths: CachePaths, runs: readonly RollupRun[]): RollupRun['requesters'] {
  const files = runs.flatMap((run) => run.requesters);
  if (files.length <= 1) return files;
  const rows = files.reduce((sum, file) => sum + file.rows, 0);
  const numbers = new Float64Array(rows);
  const addresses = new Uint32Array(rows * 4);
  let at = 0;
  for (const file of files) {
    const own = readRequesters(paths.rollups, file);
    numbers.set(own.numbers, at);
    addresses.set(own.addresses, at * 4);
    at += file.rows;
  }
  return [writeRequesters(paths.rollups, numbers, addresses)];
}

/**
 * Which runs to merge: none up to {@link MOST_RUNS}; else the two smallest, and each next one that
 * is no larger than all taken so far. So a row is written again only when what it is merged with
 * has grown as large as its own run: a few times in its life, not on every update.
 */
export function chooseRunsToMerge(runs: readonly RollupRun[]): RollupRun[] {
  if (runs.length <= MOST_RUNS) return [];
  const sizeOf = ({ sums }: RollupRun) => sums.reduce((all, { rows }) => all + rows, 0);
  const bySize = [...runs].sort((a, b) => sizeOf(a) - sizeOf(b));
  const chosen: RollupRun[] = [];
  let rows = 0;
  for (const run of bySize) {
    if (chosen.length >= 2 && sizeOf(run) > rows) break;
    chosen.push(run);
    rows += sizeOf(run);
  }
  return chosen;
}
