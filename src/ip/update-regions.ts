import type { S3LogExtractionError } from '../../cache/error.js';
import { IS_DETERMINED, regionStateRelation } from '../../cache/region-table.js';
import { checkRegions } from './check-regions.js';
import { recheckProvisional } from './recheck-provisional.js';
import { withCandidates } from './region-candidates.js';
import { type RegionRun, type RegionRunOptions, startRegionRun } from './region-run.js';

export interface UpdateRegionsResult {
  /** Requesters that had no region, and whose time it was to be looked up. */
  readonly toDo: number;
  readonly bogons: number;
  /** In the ranges of a cloud, a VPN or GitHub. */
  readonly services: number;
  /** That the lookup gave a region for. */
  readonly lookedUp: number;
  /** That the lookup knows nothing of; tried again after 30 days. */
  readonly unknown: number;
  /** Still without a region: for the next run. */
  readonly remaining: number;
  /** Looked up earlier, while a list of ranges was missing, and in a service after all. */
  readonly corrected: number;
  readonly stopped: boolean;
  /** Why the lookup gave no more answers; what was found before is saved. */
  readonly failure: S3LogExtractionError | undefined;
}

/** How long an address that the lookup knows nothing of is left alone. */
const UNKNOWN_MS = 30 * 86_400_000;

/**
 * Find a region for each requester in the records that has none, or only `unknown` for 30 days
 * (FORMAT.md section 13): bogons first, then ranges of services, then the lookup. Rolls up new
 * commits first. Each batch is saved before the next is asked for, so an interruption loses one
 * at most.
 *
 * What the lookup says while a list of ranges is missing is saved as provisional, and looked at
 * again in the ranges by the next run.
 *
 * @throws {DamagedCacheError} @throws {EngineError} @throws {CacheWriteError}
 */
export async function updateRegions(options: RegionRunOptions): Promise<UpdateRegionsResult> {
  const run = await startRegionRun(options);
  if (run === undefined) return { ...NOTHING, stopped: true };
  const corrected = await recheckProvisional(run, options);
  if (options.shouldStop?.()) return { ...NOTHING, corrected, stopped: true };
  return { ...(await lookUpNew(run, options)), corrected };
}

const NOTHING: UpdateRegionsResult = {
  toDo: 0,
  bogons: 0,
  services: 0,
  lookedUp: 0,
  unknown: 0,
  remaining: 0,
  corrected: 0,
  stopped: false,
  failure: undefined,
};

async function lookUpNew(
  run: RegionRun,
  options: RegionRunOptions,
): Promise<Omit<UpdateRegionsResult, 'corrected'>> {
  const { cache, engine, ranges, lookup, batchLimit, shouldStop, onProgress } = options;
  const now = options.now ?? Date.now;
  const query = `
    SELECT requester, '' AS region, 0::BIGINT AS checked, false AS provisional
    FROM ${run.requesters} AS requesters
    ANTI JOIN (
      SELECT requester FROM ${regionStateRelation(cache.paths)}
      WHERE ${IS_DETERMINED} OR (region = 'unknown' AND checked > ${now() - UNKNOWN_MS})
    ) AS known USING (requester)`;
  return withCandidates(engine, query, async ({ count, stream }) => {
    const counts = { bogons: 0, services: 0, lookedUp: 0, unknown: 0 };
    const done = () => counts.bogons + counts.services + counts.lookedUp + counts.unknown;
    const outcome = await checkRegions(stream(), {
      sealer: run.sealer,
      ranges,
      lookup,
      batchLimit,
      shouldStop,
      async save(found) {
        const checked = now();
        await run.keep(
          found.map(({ candidate: { requester }, region, provisional }) => {
            return { requester, region, checked, provisional };
          }),
        );
        for (const { region, source } of found) {
          if (region === 'bogon') counts.bogons++;
          else if (source === 'ranges') counts.services++;
          else if (region === 'unknown') counts.unknown++;
          else if (region !== 'undetermined') counts.lookedUp++;
        }
        onProgress?.({ done: done(), total: count });
      },
    });
    const { stopped, failure } = outcome;
    return { toDo: count, ...counts, remaining: count - done(), stopped, failure };
  });
}
