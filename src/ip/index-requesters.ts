import type { Engine } from '../../cache/engine.js';
import { addIndexesInMemory, fitInMemory } from '../../cache/index-memory.js';
import { type AddIndexesOptions, addIndexes } from '../../cache/index-table.js';
import type { CachePaths } from '../../cache/paths.js';
import { NO_REQUESTER, requestersRelation } from '../../cache/rollup-manifest.js';
import { type UpdateRollupsOptions, updateRollups } from '../../cache/rollups.js';

export type IndexRequestersOptions = AddIndexesOptions & UpdateRollupsOptions;

export interface IndexRequestersResult {
  /** Requesters that got an index now. */
  readonly added: number;
  /** Stopped on request; what was rolled up by then is kept. */
  readonly stopped: boolean;
}

/**
 * Give each requester in the records a stable random index (FORMAT.md section 8), in place of its
 * address. Rolls up new commits first. Run again, it only adds; with nothing new it writes nothing.
 *
 * @throws {DamagedCacheError} @throws {EngineError} @throws {CacheWriteError}
 */
export async function indexRequesters(
  paths: CachePaths,
  engine: Engine,
  options: IndexRequestersOptions = {},
): Promise<IndexRequestersResult> {
  const { manifest, stopped } = await updateRollups(paths, engine, options);
  if (stopped || options.shouldStop?.()) return { added: 0, stopped: true };
  if (fitInMemory(paths, manifest.runs)) {
    return { added: addIndexesInMemory(paths, manifest.runs, options), stopped: false };
  }
  const requesters = requestersRelation(paths, manifest.runs);
  const known = `(SELECT requester FROM ${requesters} WHERE requester <> ${NO_REQUESTER})`;
  return { added: await addIndexes(paths, engine, known, options), stopped: false };
}
