import { S3LogExtractionError } from '../cache/error.js';
import {
  type KeylessCache,
  openCacheForReading,
  openCacheForWriting,
  type WritableCache,
} from '../cache/open-cache.js';
import { PublishedState } from '../cache/published-state.js';
import type { GivenNames } from '../src/datasets/names-file.js';
import type { ExtractionReport } from '../src/extract/report.js';
import type { RegionLookup } from '../src/ip/lookup/region-lookup.js';
import type { PipelineDefinition } from '../src/pipeline/pipeline-file.js';
import type { BucketOptions } from '../src/source/bucket/bucket-options.js';
import { requireSource } from '../src/source/require-source.js';
import { privacyRules } from '../src/summarize/privacy.js';
import type { CommandContext } from './command.js';
import { settleDatasets } from './dataset-rule.js';
import { EXIT_STATUS } from './exit-status.js';
import type { Output } from './output.js';
import { updateRegionCoordinates } from './run-coordinates.js';
import { extractionStatus, runExtraction } from './run-extraction.js';
import { type KeyedStageContext, openLookup, runRefresh, runRegions } from './run-regions.js';
import {
  type PublishOptions,
  runIndexes,
  runPublication,
  type StageContext,
  type StageResult,
  withStages,
} from './stages.js';
import { watchStopSignals } from './stop-signals.js';

export interface UpdateOptions extends Pick<PublishOptions, 'threshold' | 'modulus'> {
  /** Folder of logs to extract first, if any. */
  readonly source: string | undefined;
  /** Of a bucket. */
  readonly bucket: BucketOptions | undefined;
  readonly workers: number;
  /** Handlers that records go through. */
  readonly pipeline: PipelineDefinition | undefined;
  /** Database (.mmdb) to look regions up in; without it ipinfo, when IPINFO_API_KEY is set. */
  readonly database: string | undefined;
  /** Of datasets, from now on. */
  readonly names: GivenNames | undefined;
}

/** How regions are found: bogons and service ranges always, the rest by a lookup if there is one. */
interface Locator {
  readonly lookup: RegionLookup | undefined;
}

/** What regions and coordinates came to. */
interface Located {
  /** 0 unless something could not be done. */
  readonly status: number;
  /** What went wrong and did not keep the other stages from what they have. */
  readonly failures: readonly Pick<S3LogExtractionError, 'code' | 'message' | 'hint'>[];
}

/** What the stages after extraction came to. */
interface Published extends Located {
  readonly stopped: boolean;
}

const ALL_LOCATED: Located = { status: EXIT_STATUS.done.status, failures: [] };

/**
 * Every stage in order under one lock. Regions are looked up when there is something to look them up
 * with; a lookup that fails does not keep the other stages from what they have. No key is needed
 * when addresses are neither sealed nor opened.
 *
 * @returns the exit status
 */
export async function updateEverything(
  options: UpdateOptions,
  context: CommandContext,
): Promise<number> {
  const { source, bucket, workers, pipeline } = options;
  const { output } = context;
  // Wrong options and a wrong source end it before anything is made or extracted.
  privacyRules(options);
  if (bucket !== undefined && source !== undefined) {
    const { requireBucket } = await import('../src/extract/bucket-source.js');
    await requireBucket(source, bucket);
  } else if (source !== undefined) requireSource(source);
  const { env } = context;
  const locator = await configuredLookup(options, env);
  const open = { command: 'update', env };
  try {
    if (source === undefined && locator === undefined) {
      const cache = await openCacheForWriting(context.cacheDirectory, { ...open, needsKey: false });
      try {
        const { stopped } = await withStages(cache, output, async (stage) => {
          await settleDatasets(stage, { mode: undefined, names: options.names });
          return publish(stage, options);
        });
        output.json({ extraction: null, stopped, failures: [] });
        return EXIT_STATUS.done.status;
      } finally {
        cache.close();
      }
    }
    if (source === undefined) openCacheForReading(context.cacheDirectory);
    const cache = await openCacheForWriting(context.cacheDirectory, open);
    try {
      const extraction =
        source === undefined
          ? null
          : await extract(cache, { source, bucket, workers, pipeline }, output, env);
      if (extraction?.stopped) {
        output.json({ extraction: extraction.report, stopped: true, failures: [] });
        return extractionStatus(extraction.report);
      }
      const published = await publishAll(cache, locator, options, output, env);
      const { stopped, status, failures } = published;
      output.json({ extraction: extraction?.report ?? null, stopped, failures });
      const extracted = extraction === null ? 0 : extractionStatus(extraction.report);
      return status === EXIT_STATUS.failed.status ? status : extracted || status;
    } finally {
      cache.close();
    }
  } finally {
    locator?.lookup?.close();
  }
}

/** @returns what to look regions up with; undefined when no region is wanted */
async function configuredLookup(
  { database }: UpdateOptions,
  env: NodeJS.ProcessEnv,
): Promise<Locator | undefined> {
  if (database !== undefined || (env.IPINFO_API_KEY ?? '').trim() !== '') {
    return { lookup: await openLookup({ database }, env) };
  }
  // Lists that somebody put there are meant to be used, and cost no request.
  return env.SERVICE_RANGES_DIRECTORY ? { lookup: undefined } : undefined;
}

async function extract(
  cache: WritableCache,
  from: Pick<UpdateOptions, 'bucket' | 'workers' | 'pipeline'> & { readonly source: string },
  output: Output,
  env: NodeJS.ProcessEnv,
): Promise<{ readonly report: ExtractionReport; readonly stopped: boolean }> {
  const signals = watchStopSignals(cache.paths, cache.lock.token, () =>
    output.note('Stopping: the files in hand are finished first. Signal again to leave at once.'),
  );
  try {
    const { shouldStop } = signals;
    const options = { ...from, limit: undefined, env, shouldStop };
    const report = await runExtraction(cache, options, output);
    // A signal that came when the last file was done stops what is to follow.
    return { report, stopped: report.stopped || shouldStop() };
  } finally {
    signals.close();
  }
}

/** The stages after extraction, without an engine when nothing is new. */
async function publishAll(
  cache: WritableCache,
  locator: Locator | undefined,
  options: UpdateOptions,
  output: Output,
  env: NodeJS.ProcessEnv,
): Promise<Published> {
  await settleDatasets({ cache, output }, { mode: undefined, names: options.names });
  if (locator === undefined && isUpToDate(cache, options, output)) {
    return { stopped: false, ...ALL_LOCATED };
  }
  return withStages(cache, output, async (stage) => {
    const located =
      locator === undefined
        ? ALL_LOCATED
        : await locate({ ...stage, cache, env }, locator, options);
    if (stage.shouldStop()) return { stopped: true, ...located };
    return { ...(await publish(stage, options)), ...located };
  });
}

/** Regions, their refresh, and coordinates. */
async function locate(
  stage: KeyedStageContext,
  { lookup }: Locator,
  { database }: UpdateOptions,
): Promise<Located> {
  const failures: Located['failures'][number][] = [];
  let status: number = EXIT_STATUS.done.status;
  // Regions without a place on the map are no reason to write to somebody every night.
  const calm = { ...stage, output: { ...stage.output, warn: stage.output.note } };
  const ranges = { offline: lookup === undefined };
  const steps: (() => Promise<boolean>)[] = [
    async () => (await runRegions(stage, lookup, ranges)).quotaReached,
    async () => (await runRefresh(stage, lookup, ranges)).quotaReached,
    async () => (await updateRegionCoordinates(calm, { env: stage.env, database })).quota,
  ];
  for (const step of steps) {
    if (stage.shouldStop()) break;
    try {
      if (await step()) status ||= EXIT_STATUS.quota.status;
    } catch (error) {
      if (!(error instanceof S3LogExtractionError) || error.code.startsWith('CACHE_')) throw error;
      // What is known already can be published all the same; the next run tries again.
      const { code, message, hint } = error;
      stage.output.warn(`${message} ${hint ?? ''}\n[${code}]`);
      failures.push({ code, message, hint });
      status = EXIT_STATUS.failed.status;
    }
  }
  return { status, failures };
}

function isUpToDate({ paths }: KeylessCache, options: UpdateOptions, output: Output): boolean {
  if (!new PublishedState(paths, rulesOf(options)).isCurrent()) return false;
  output.print('Nothing new: indexes, summaries and totals are up to date.');
  return true;
}

/** Indexes, summaries and totals, unless nothing is new. */
async function publish(stage: StageContext, options: UpdateOptions): Promise<StageResult> {
  if (isUpToDate(stage.cache, options, stage.output)) return { stopped: false };
  const since = new PublishedState(stage.cache.paths, rulesOf(options));
  const steps: (() => Promise<StageResult>)[] = [
    () => runIndexes(stage),
    () => runPublication(stage, options, since),
  ];
  for (const step of steps) {
    if ((await step()).stopped || stage.shouldStop()) return { stopped: true };
  }
  since.note();
  return { stopped: false };
}

/** What published bytes depend on besides the cache. */
function rulesOf({ threshold, modulus }: UpdateOptions): readonly unknown[] {
  return [threshold ?? null, modulus ?? null];
}

/** Open the cache, run one stage, print its result. @returns the exit status */
export async function runStage(
  command: string,
  { cacheDirectory, output, env }: CommandContext,
  run: (stage: StageContext) => Promise<StageResult>,
): Promise<number> {
  const cache = await openCacheForWriting(cacheDirectory, { command, env, needsKey: false });
  try {
    const result = await withStages(cache, output, run);
    output.json(result);
    return EXIT_STATUS.done.status;
  } finally {
    cache.close();
  }
}
