import type { Engine } from '../../../cache/engine.js';
import type { CachePaths } from '../../../cache/paths.js';
import { regionRelation } from '../../../cache/region-table.js';
import { NO_REQUESTER, requestersRelation } from '../../../cache/rollup-manifest.js';
import { type UpdateRollupsOptions, updateRollups } from '../../../cache/rollups.js';

/**
 * The region codes that stand in summaries by region: those of requesters in the records, and
 * `missing` when some have none. Rolls up new commits first.
 *
 * @returns undefined when stopped on request, so that half of them are not taken for all
 * @throws {DamagedCacheError} @throws {EngineError} @throws {CacheWriteError}
 */
export async function regionsInUse(
  paths: CachePaths,
  engine: Engine,
  options: UpdateRollupsOptions = {},
): Promise<string[] | undefined> {
  const { manifest, stopped } = await updateRollups(paths, engine, options);
  if (stopped || options.shouldStop?.()) return undefined;
  const requesters = requestersRelation(paths, manifest.runs);
  const regions = `(SELECT * FROM ${regionRelation(paths)} WHERE requester <> ${NO_REQUESTER})`;
  const rows = await engine.run(
    'list the regions in use',
    `SELECT DISTINCT coalesce(region, 'missing') AS region
     FROM (SELECT DISTINCT requester FROM ${requesters}) LEFT JOIN ${regions} USING (requester)
     ORDER BY region`,
  );
  return rows.map(([region]) => region as string);
}
