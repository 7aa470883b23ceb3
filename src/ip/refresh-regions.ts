import type { S3LogExtractionError } from '../../cache/error.js';
import { addRegionChanges, type RegionChange } from '../../cache/region-changes.js';
import { IS_DETERMINED, type RegionRow, regionStateRelation } from '../../cache/region-table.js';
import { type Checked, checkRegions } from './check-regions.js';
import { type RegionCandidate, withCandidates } from './region-candidates.js';
import { type RegionRunOptions, startRegionRun } from './region-run.js';

export interface RefreshRegionsResult {
  /** Requesters whose turn it was. */
  readonly due: number;
  /** Looked at again, whatever came out. */
  readonly checked: number;
  /** That have another region now. */
  readonly changed: number;
  /** Whose turn it still is: for the next run. */
  readonly remaining: number;
  readonly stopped: boolean;
  /** Why the lookup gave no more answers; what was found before is saved. */
  readonly failure: S3LogExtractionError | undefined;
}

/** Every region is looked up again within this many days. */
export const REFRESH_DAYS = 90;

const DAY_MS = 86_400_000;

/**
 * Look up the regions of known requesters again: each day those whose share of the 90 days it is,
 * and any that were missed for longer than 90 days, the oldest first. Changes are counted in
 * `ips/changes/<day>.tsv`. An answer of `unknown` or `undetermined` replaces no region.
 *
 * While a list of ranges is missing, a requester known to be in that service is left as it is.
 *
 * @throws {DamagedCacheError} @throws {EngineError} @throws {CacheWriteError}
 */
export async function refreshRegions(options: RegionRunOptions): Promise<RefreshRegionsResult> {
  const { cache, engine, ranges, lookup, batchLimit, shouldStop, onProgress } = options;
  const now = options.now ?? Date.now;
  const run = await startRegionRun(options);
  if (run === undefined) {
    return { due: 0, checked: 0, changed: 0, remaining: 0, stopped: true, failure: undefined };
  }
  const today = Math.floor(now() / DAY_MS);
  const query = `
    SELECT state.* FROM ${regionStateRelation(cache.paths)} AS state
    SEMI JOIN ${run.requesters} AS requesters USING (requester)
    WHERE ${IS_DETERMINED} AND ${isDue(today)} ORDER BY checked`;
  return withCandidates(engine, query, async ({ count, stream }) => {
    const missing = new Set(ranges.missingLists);
    let checked = 0;
    let changed = 0;
    const outcome = await checkRegions(stream(), {
      sealer: run.sealer,
      ranges,
      lookup,
      batchLimit,
      shouldStop,
      mayAsk: ({ region }) => !missing.has(serviceOf(region)),
      async save(found) {
        const answered = found.filter(({ region }) => region !== 'undetermined');
        const rows = answered.map((one) => rowOf(one, now()));
        const changes = answered.flatMap((one, i) => changeOf(one.candidate, rows[i]));
        await run.keep(rows);
        addRegionChanges(cache.paths, isoDay(now()), changes);
        checked += rows.length;
        changed += changes.length;
        onProgress?.({ done: checked, total: count });
      },
    });
    const { stopped, failure } = outcome;
    return { due: count, checked, changed, remaining: count - checked, stopped, failure };
  });
}

/**
 * SQL condition: it is a requester's turn. Which of the 90 days is its own follows from the first
 * four bytes of the sealed address, which is as good as random.
 */
function isDue(today: number): string {
  const slot = `('0x' || left(hex(requester::BLOB), 8))::UBIGINT % ${REFRESH_DAYS}`;
  const isToday = `(${slot} = ${today % REFRESH_DAYS} AND checked < ${today * DAY_MS})`;
  return `(${isToday} OR checked < ${(today - REFRESH_DAYS) * DAY_MS})`;
}

function rowOf(
  { candidate, region, provisional }: Checked<RegionCandidate>,
  now: number,
): RegionRow {
  return region === 'unknown'
    ? { ...candidate, checked: now }
    : { requester: candidate.requester, region, checked: now, provisional };
}

function changeOf(before: RegionCandidate, after: RegionRow): RegionChange[] {
  return before.region === after.region ? [] : [{ from: before.region, to: after.region }];
}

/** `AWS` of `AWS/us-east-2`: also the name of the list that it comes from. */
function serviceOf(region: string): string {
  return region.split('/', 1)[0] as string;
}

function isoDay(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
