import type { CachePaths } from './paths.js';
import { type RollupManifest, requesterNumbers } from './rollup-manifest.js';
import { blockPlaces, DatasetReader } from './rollups/dataset-blocks.js';
import { bytesSentOf, type Sums } from './rollups/sums.js';

/** What all sums of one kind come to. */
export interface RollupTotals {
  readonly bytesSent: bigint;
  readonly requests: bigint;
  readonly downloads: bigint;
}

/**
 * Add up everything in the rollups, by each of the three ways in which they hold it: all must come
 * to the same.
 *
 * @throws {RollupsDamagedError}
 */
export function readRollupTotals(
  paths: CachePaths,
  { runs, hasWeeks }: RollupManifest,
): Readonly<Record<'days' | 'assets' | 'requesters', RollupTotals>> {
  const totals = { days: new Adder(), assets: new Adder(), requesters: new Adder() };
  const reader = new DatasetReader(paths.rollups, requesterNumbers(runs), hasWeeks);
  try {
    for (const places of blockPlaces(paths.rollups, runs).values()) {
      const { byDay, byRequester } = reader.sums(places);
      totals.days.addAll(byDay);
      totals.requesters.addAll(byRequester);
      const assets = reader.assets(places);
      while (assets.next()) {
        totals.assets.add(assets.low, assets.high, assets.requests, assets.downloads);
      }
    }
  } finally {
    reader.close();
  }
  return totals;
}

class Adder implements RollupTotals {
  bytesSent = 0n;
  requests = 0n;
  downloads = 0n;

  add(low: number, high: number, requests: number, downloads: number): void {
    this.bytesSent += bytesSentOf(low, high);
    this.requests += BigInt(requests);
    this.downloads += BigInt(downloads);
  }

  addAll(sums: Sums): void {
    for (let slot = 0; slot < sums.count; slot++) {
      this.bytesSent += sums.bytesSent(slot);
      this.requests += BigInt(sums.requests(slot));
      this.downloads += BigInt(sums.downloads(slot));
    }
  }
}
