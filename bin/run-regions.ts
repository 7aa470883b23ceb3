import { S3LogExtractionError } from '../cache/error.js';
import {
  openCacheForReading,
  openCacheForWriting,
  type WritableCache,
} from '../cache/open-cache.js';
import { type RangeTable, withStop } from '../src/ip/check-regions.js';
import type { RegionLookup } from '../src/ip/lookup/region-lookup.js';
import { loadServiceRanges } from '../src/ip/ranges/load-service-ranges.js';
import { refreshRegions } from '../src/ip/refresh-regions.js';
import type { RegionRunOptions } from '../src/ip/region-run.js';
import { updateRegions } from '../src/ip/update-regions.js';
import type { CommandContext } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatCount, plural } from './format.js';
import { type StageContext, type StageResult, withStages } from './stages.js';

/** What to look addresses up with. */
export interface LookupOptions {
  /** A database file in place of the service. */
  readonly database?: string | undefined;
  /** Neither: ranges and bogons alone, and no download. */
  readonly offline?: boolean | undefined;
  readonly batchLimit?: number | undefined;
  /** For one answer of the service. */
  readonly timeoutMs?: number | undefined;
}

/** A stage that opens addresses. */
export interface KeyedStageContext extends StageContext {
  readonly cache: WritableCache;
  readonly env: NodeJS.ProcessEnv;
}

export interface RegionStageResult extends StageResult {
  readonly quotaReached: boolean;
  /** Lists of service ranges that could not be had. */
  readonly missingLists: readonly string[];
}

type RegionStage = (
  stage: KeyedStageContext,
  lookup: RegionLookup | undefined,
  options: LookupOptions,
) => Promise<RegionStageResult>;

/** There is nothing to look addresses up with. */
export class NoLookupError extends S3LogExtractionError {
  constructor() {
    super(
      'NO_LOOKUP',
      'There is nothing to look up regions with.',
      {
        hint: 'Set IPINFO_API_KEY to a token of ipinfo.io, or name a city or country database with --database FILE.mmdb. With --offline only bogons and the ranges of services get their region.',
      },
      EXIT_STATUS.usage.status,
    );
  }
}

/**
 * Open what the options and the environment name: a database, ipinfo, or nothing when offline.
 *
 * @throws {NoLookupError} @throws {InvalidDatabaseError} @throws {InvalidIpinfoKeyError}
 */
export async function openLookup(
  { database, offline, timeoutMs }: LookupOptions,
  env: NodeJS.ProcessEnv,
): Promise<RegionLookup | undefined> {
  if (database !== undefined) {
    const { openMmdbLookup } = await import('../src/ip/lookup/mmdb-lookup.js');
    return openMmdbLookup(database);
  }
  if (offline) return undefined;
  const token = env.IPINFO_API_KEY?.trim();
  if (token === undefined || token === '') throw new NoLookupError();
  const { createIpinfoLookup } = await import('../src/ip/lookup/ipinfo-lookup.js');
  return createIpinfoLookup({ token, url: env.IPINFO_API_URL || undefined, timeoutMs });
}

/** Give requesters without a region one. @throws what ended the lookup, after saying what is done */
export const runRegions: RegionStage = async (stage, lookup, options) => {
  const { output } = stage;
  const ranges = await loadRanges(stage, options);
  if (ranges === undefined) return STOPPED;
  const result = await updateRegions(
    runOptions(stage, ranges, lookup, options, ({ done, total }) =>
      output.progress(`Regions: ${formatCount(done)} of ${plural(total, 'requester')}`),
    ),
  );
  const { services, bogons, lookedUp, unknown, remaining, corrected, failure } = result;
  output.print(
    result.toDo === 0
      ? 'Regions: nothing new.'
      : `Regions of ${plural(result.toDo, 'requester')}: ${formatCount(services)} in services, ${formatCount(bogons)} bogons, ${formatCount(lookedUp)} looked up, ${formatCount(unknown)} unknown; ${formatCount(remaining)} still to do.`,
  );
  if (corrected > 0) {
    output.print(`  ${plural(corrected, 'requester')} turned out to be in a service.`);
  }
  return finish(stage, { ...result, missingLists: ranges.missingLists }, remaining, failure);
};

/** Look up the share of the day again. @throws what ended the lookup, after saying what is done */
export const runRefresh: RegionStage = async (stage, lookup, options) => {
  const { output } = stage;
  const ranges = await loadRanges(stage, options);
  if (ranges === undefined) return STOPPED;
  const result = await refreshRegions(
    runOptions(stage, ranges, lookup, options, ({ done, total }) =>
      output.progress(`Refresh: ${formatCount(done)} of ${plural(total, 'requester')}`),
    ),
  );
  const { due, checked, changed, remaining, failure } = result;
  output.print(
    due === 0
      ? 'Refresh: nothing is due today.'
      : `Refresh: ${formatCount(checked)} of ${plural(due, 'requester')} looked up again, ${formatCount(changed)} changed; ${formatCount(remaining)} still due.`,
  );
  return finish(stage, { ...result, missingLists: ranges.missingLists }, remaining, failure);
};

/** Open the cache, which must be there, and its key; run one of the stages. @returns the exit status */
export async function runRegionStage(
  command: string,
  options: LookupOptions,
  { cacheDirectory, output, env }: CommandContext,
  run: RegionStage,
): Promise<number> {
  openCacheForReading(cacheDirectory);
  const lookup = await openLookup(options, env);
  const cache = await openCacheForWriting(cacheDirectory, { command, env });
  try {
    const result = await withStages(cache, output, (stage) =>
      run({ ...stage, cache, env }, lookup, options),
    );
    output.json(result);
    return (result.quotaReached ? EXIT_STATUS.quota : EXIT_STATUS.done).status;
  } finally {
    cache.close();
    lookup?.close();
  }
}

const STOPPED: RegionStageResult = { stopped: true, quotaReached: false, missingLists: [] };

/** @returns undefined when it was stopped on request meanwhile */
async function loadRanges(
  { cache, env, output, shouldStop }: KeyedStageContext,
  { offline }: LookupOptions,
) {
  try {
    return await withStop(shouldStop, (signal) =>
      loadServiceRanges({
        paths: cache.paths,
        env,
        signal,
        onWarning: (message) => output.warn(message),
        // Offline the copies count, however old they are.
        ...(offline ? { fetch: refuse, freshMs: Number.POSITIVE_INFINITY } : {}),
      }),
    );
  } catch (error) {
    if (shouldStop()) return undefined;
    throw error;
  }
}

async function refuse(): Promise<never> {
  throw new Error('offline');
}

function runOptions(
  { cache, engine, shouldStop }: KeyedStageContext,
  ranges: RangeTable,
  lookup: RegionLookup | undefined,
  { batchLimit }: LookupOptions,
  onProgress: RegionRunOptions['onProgress'],
): RegionRunOptions {
  const assertHeld = (): void => cache.lock.assertHeld();
  return { cache, engine, ranges, lookup, batchLimit, onProgress, shouldStop, assertHeld };
}

/** The quota is no failure: the rest waits for the next run. Other failures end the command. */
function finish<T extends { readonly stopped: boolean; readonly missingLists: readonly string[] }>(
  { output }: KeyedStageContext,
  result: T,
  remaining: number,
  failure: S3LogExtractionError | undefined,
): T & RegionStageResult {
  const quotaReached = failure?.exitCode === EXIT_STATUS.quota.status;
  if (failure !== undefined && !quotaReached) throw failure;
  if (failure !== undefined) {
    output.warn(
      `${failure.message} ${plural(remaining, 'requester')} still to do. ${failure.hint}`,
    );
  }
  return { ...result, failure: undefined, quotaReached };
}
