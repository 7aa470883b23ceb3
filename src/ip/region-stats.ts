import type { Engine, EngineRow } from '../../cache/engine.js';
import { EngineError } from '../../cache/engine-error.js';
import type { CachePaths } from '../../cache/paths.js';
import { regionRelation } from '../../cache/region-table.js';
import {
  EMPTY_MANIFEST,
  NO_REQUESTER,
  readManifest,
  requestersRelation,
} from '../../cache/rollup-manifest.js';

/** How many requesters are in each; every one is in just one of them. */
export interface RegionStats {
  readonly requesters: number;
  /** In a country, with or without a region of it. */
  readonly determined: number;
  readonly missing: number;
  readonly unknown: number;
  readonly undetermined: number;
  readonly bogon: number;
  readonly vpn: number;
  /** AWS, GCP and Azure. */
  readonly cloud: number;
  readonly github: number;
}

/** A run that goes on meanwhile replaces files: then they are listed again. */
const ATTEMPTS = 3;

/**
 * Count the requesters in the rollups by what is known of them. Reads only, takes no lock.
 *
 * @throws {EngineError}
 */
export async function readRegionStats(paths: CachePaths, engine: Engine): Promise<RegionStats> {
  for (let attempt = 1; ; attempt++) {
    try {
      const counts = new Map((await countGroups(paths, engine)).map(([group, n]) => [group, n]));
      const of = (group: string): number => Number(counts.get(group) ?? 0n);
      const stats = {
        determined: of('determined'),
        missing: of('missing'),
        unknown: of('unknown'),
        undetermined: of('undetermined'),
        bogon: of('bogon'),
        vpn: of('VPN'),
        cloud: of('cloud'),
        github: of('GitHub'),
      };
      const requesters = Object.values(stats).reduce((sum, n) => sum + n, 0);
      return { requesters, ...stats };
    } catch (error) {
      if (!(error instanceof EngineError) || attempt === ATTEMPTS) throw error;
    }
  }
}

function countGroups(paths: CachePaths, engine: Engine): Promise<EngineRow[]> {
  const { runs } = readManifest(paths) ?? EMPTY_MANIFEST;
  const all = requestersRelation(paths, runs);
  const service = "split_part(region, '/', 1)";
  return engine.run(
    'count requesters by region',
    `SELECT CASE
       WHEN region IS NULL THEN 'missing'
       WHEN region IN ('unknown', 'undetermined', 'bogon') THEN region
       WHEN ${service} IN ('AWS', 'GCP', 'Azure') THEN 'cloud'
       WHEN ${service} IN ('VPN', 'GitHub') THEN ${service}
       ELSE 'determined' END AS kind, count(*)
     FROM (SELECT DISTINCT requester FROM ${all} WHERE requester <> ${NO_REQUESTER}) AS requesters
     LEFT JOIN ${regionRelation(paths)} AS regions USING (requester) GROUP BY kind`,
  );
}
