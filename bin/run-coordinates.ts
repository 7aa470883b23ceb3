import { S3LogExtractionError } from '../cache/error.js';
import { openCacheForWriting } from '../cache/open-cache.js';
import { regionsInUse } from '../src/ip/coordinates/regions-in-use.js';
import {
  type CoordinatesUpdate,
  updateCoordinates,
} from '../src/ip/coordinates/update-coordinates.js';
import type { CommandContext } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatCount, plural } from './format.js';
import { type StageContext, withStages } from './stages.js';

/** `--requests-per-second` is no pace. */
export class PaceError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_REQUESTS_PER_SECOND',
      '--requests-per-second must be more than 0 and at most 100.',
      { hint: 'Use what your OpenCage plan allows: 1 for the free tier (the default).' },
      EXIT_STATUS.usage.status,
    );
  }
}

export interface CoordinatesStageOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly database?: string | undefined;
  /** What the plan at OpenCage allows. Default 1. */
  readonly requestsPerSecond?: number | undefined;
}

/** `update ip coordinates` as a whole. @returns the exit status */
export async function runCoordinates(
  options: Omit<CoordinatesStageOptions, 'env'>,
  { cacheDirectory, output, env }: CommandContext,
): Promise<number> {
  const { requestsPerSecond: pace = 1 } = options;
  if (!(pace > 0 && pace <= 100)) throw new PaceError();
  const command = 'update ip coordinates';
  const cache = await openCacheForWriting(cacheDirectory, { command, env, needsKey: false });
  try {
    const result = await withStages(cache, output, (stage) =>
      updateRegionCoordinates(stage, { ...options, env }),
    );
    output.json(result);
    return result.quota ? EXIT_STATUS.quota.status : EXIT_STATUS.done.status;
  } finally {
    cache.close();
  }
}

/** Stopped before anything was known. */
const STOPPED: CoordinatesUpdate = {
  codes: 0,
  sources: {},
  answered: 0,
  unresolved: [],
  pending: [],
  quota: false,
  stopped: true,
  file: 'unchanged',
};

/** Codes named in a message; the rest is counted. */
const MOST_CODES = 20;

/** The stage `update ip coordinates`: place all regions in use, and say which have no place. */
export async function updateRegionCoordinates(
  { cache, engine, output, shouldStop }: StageContext,
  { env, database, requestsPerSecond = 1 }: CoordinatesStageOptions,
): Promise<CoordinatesUpdate> {
  const assertHeld = () => cache.lock.assertHeld();
  const regions = await regionsInUse(cache.paths, engine, { assertHeld, shouldStop });
  if (regions === undefined) return STOPPED;
  const result = await updateCoordinates({
    paths: cache.paths,
    env,
    regions,
    // Answers take less than a second: so many keep up with the pace.
    opencage: { requestsPerSecond, concurrency: Math.ceil(requestsPerSecond) },
    database,
    shouldStop,
    assertHeld,
    onWarning: (text) => output.warn(text),
    onProgress: ({ answered, toAsk }) =>
      output.progress(`Coordinates: OpenCage answered ${answered} of ${toAsk}`),
  });
  const { codes, sources, unresolved, pending, quota, file } = result;
  const placed = Object.values(sources).reduce((sum, count) => sum + count, 0);
  output.print(
    `Coordinates: ${formatCount(placed)} of ${plural(codes, 'region')} known; file ${file}.`,
  );
  if (quota) output.warn("OpenCage's quota is used up: run the same command again tomorrow.");
  if (pending.length > 0) output.print(`  still to ask: ${listed(pending)}`);
  if (unresolved.length > 0) output.print(`  known to no source: ${listed(unresolved)}`);
  return result;
}

function listed(codes: readonly string[]): string {
  const named = codes.slice(0, MOST_CODES).map((code) => code.replace(/\p{Cc}/gu, '?'));
  const more = codes.length - named.length;
  return `${named.join(', ')}${more > 0 ? ` and ${formatCount(more)} more` : ''}`;
}
