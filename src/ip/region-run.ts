import type { Engine } from '../../cache/engine.js';
import type { WritableCache } from '../../cache/open-cache.js';
import {
  addRegions,
  mergeRegions,
  type RegionRow,
  removeUnfinishedRegions,
} from '../../cache/region-table.js';
import { NO_REQUESTER, requestersRelation } from '../../cache/rollup-manifest.js';
import { updateRollups } from '../../cache/rollups.js';
import { createSealer, type Sealer } from '../../cache/seal.js';
import type { RangeTable } from './check-regions.js';
import type { RegionLookup } from './lookup/region-lookup.js';

export interface RegionsProgress {
  readonly done: number;
  readonly total: number;
}

/** What looking up new requesters and looking up known ones again have in common. */
export interface RegionRunOptions {
  readonly cache: Pick<WritableCache, 'paths' | 'key'>;
  readonly engine: Engine;
  readonly ranges: RangeTable;
  /** Absent: only bogons and services get their region. */
  readonly lookup?: RegionLookup | undefined;
  /** Batches that the lookup is asked for at most. */
  readonly batchLimit?: number | undefined;
  readonly onProgress?: ((progress: RegionsProgress) => void) | undefined;
  readonly shouldStop?: (() => boolean) | undefined;
  /** Called before each file gets its name; throws when the lock is lost. */
  readonly assertHeld?: (() => void) | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

export interface RegionRun {
  readonly sealer: Sealer;
  /** SQL of (requester UUID): each requester in the records, once. */
  readonly requesters: string;
  /** Save rows durably; now and then files are merged. */
  keep(rows: readonly RegionRow[]): Promise<void>;
}

/**
 * Bring the rollups up to date and get ready to look up requesters.
 *
 * @returns undefined when it was stopped on request
 * @throws {DamagedCacheError} @throws {EngineError} @throws {CacheWriteError}
 */
export async function startRegionRun(options: RegionRunOptions): Promise<RegionRun | undefined> {
  const { cache, engine, shouldStop, assertHeld } = options;
  const { manifest, stopped } = await updateRollups(cache.paths, engine, {
    ...(assertHeld === undefined ? {} : { assertHeld }),
    ...(shouldStop === undefined ? {} : { shouldStop }),
  });
  if (stopped || shouldStop?.()) return undefined;
  removeUnfinishedRegions(cache.paths);
  const all = requestersRelation(cache.paths, manifest.runs);
  return {
    sealer: await createSealer(cache.key),
    requesters: `(SELECT DISTINCT requester FROM ${all} WHERE requester <> ${NO_REQUESTER})`,
    async keep(rows) {
      addRegions(cache.paths, rows, assertHeld);
      await mergeRegions(cache.paths, engine, assertHeld);
    },
  };
}
