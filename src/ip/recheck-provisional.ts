import { IS_DETERMINED, type RegionRow, regionStateRelation } from '../../cache/region-table.js';
import { withCandidates } from './region-candidates.js';
import type { RegionRun, RegionRunOptions } from './region-run.js';

const SAVED_AT_ONCE = 20_000;

/**
 * Look again at requesters whose region was looked up while a list of ranges was missing: those in
 * ranges that are there by now get their service; when all lists are there the others keep
 * their region for good. Costs no request.
 *
 * @returns how many turned out to be in a service
 */
export async function recheckProvisional(
  run: RegionRun,
  options: RegionRunOptions,
): Promise<number> {
  const { cache, engine, ranges, shouldStop } = options;
  const isComplete = ranges.missingLists.length === 0;
  const now = options.now ?? Date.now;
  const state = regionStateRelation(cache.paths);
  const query = `SELECT * FROM ${state} WHERE provisional AND ${IS_DETERMINED}`;
  return withCandidates(engine, query, async ({ stream }) => {
    let corrected = 0;
    const rows: RegionRow[] = [];
    for await (const batch of stream()) {
      if (shouldStop?.()) break;
      for (const candidate of batch) {
        const region = ranges.find(run.sealer.open(candidate.requester).reveal());
        if (region !== undefined) {
          rows.push({ requester: candidate.requester, region, checked: now(), provisional: false });
          corrected++;
        } else if (isComplete) {
          rows.push({ ...candidate, provisional: false });
        }
      }
      if (rows.length >= SAVED_AT_ONCE) await run.keep(rows.splice(0));
    }
    await run.keep(rows);
    return corrected;
  });
}
