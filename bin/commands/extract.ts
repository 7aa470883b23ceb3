import { realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { S3LogExtractionError } from '../../cache/error.js';
import { cachePaths } from '../../cache/paths.js';
import type { ExtractOptions, SourceInventory } from '../../src/extract/extract-logs.js';
import { BUCKET_OPTIONS } from '../bucket-options.js';
import { type CommandContext, defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EVERY_OPTION, requireEvery } from '../every-option.js';
import { EXIT_STATUS } from '../exit-status.js';
import { PIPELINE_OPTION, pipelineOf, WORKERS_OPTION, workerCount } from '../extraction-options.js';
import { formatBytes, formatCount, plural } from '../format.js';
import { INVENTORY_OPTIONS, requireInventory } from '../inventory-options.js';
import { SHARD_OPTION, shardOfRun } from '../shard-option.js';

/** Neither the command line nor the configuration names a source. */
export class NoSourceError extends S3LogExtractionError {
  constructor() {
    super(
      'NO_SOURCE',
      'No folder of logs was given.',
      { hint: 'Name it, or save it once with "s3logextraction config source set FOLDER".' },
      EXIT_STATUS.usage.status,
    );
  }
}

/** `--limit` is no number of files. */
export class LimitError extends S3LogExtractionError {
  constructor() {
    super('INVALID_LIMIT', '--limit must be a whole number of files, 0 or more.', {}, 2);
  }
}

export const extractCommand = defineCommand({
  name: 'extract',
  describe: DESCRIPTIONS.extract,
  positionals: {
    source: {
      required: false,
      describe:
        'Folder of logs, read recursively, or s3://bucket/folder; .gz and .zst too (default: the saved one)',
    },
  },
  options: {
    mode: {
      choices: ['generic', 'dandi', 'buckets', 'remote'],
      describe:
        'Which keys are kept: generic keeps all, dandi content only, buckets all with the bucket before each; remote is an older word for s3:// sources (default: as before, else generic)',
    },
    pipeline: PIPELINE_OPTION,
    workers: WORKERS_OPTION,
    limit: { type: 'number', describe: 'Extract at most this many new files in this run' },
    ...INVENTORY_OPTIONS,
    ...BUCKET_OPTIONS,
    shard: SHARD_OPTION,
    every: EVERY_OPTION,
    'dry-run': {
      type: 'boolean',
      default: false,
      describe: 'Only tell what would be extracted',
    },
  },
  examples: [
    ['$0 extract /data/logs', 'Extract what is new below /data/logs'],
    ['$0 extract /data/logs --dry-run', 'See what that would read'],
    ['$0 extract s3://bucket/logs --endpoint https://s3.example.org', 'Extract from a bucket'],
    ['$0 extract s3://bucket/logs --every 15', 'Again and again, until it is stopped'],
    ['$0 extract /data/logs --inventory /data/inventory', 'Extract what an inventory lists'],
    ['$0 extract /data/logs --mode dandi', 'Keep blobs and Zarr stores of a DANDI archive'],
    ['$0 extract /data/logs --pipeline pipeline.yaml', 'Filter or tag records on the way'],
    ['$0 extract /data/logs --shard 2/7', 'The second of seven parts, beside the other six'],
    ['$0 extract /data/logs --mode buckets', 'Keep the requests of several buckets apart'],
  ],
  async run(options, context) {
    const { BucketOptionError, bucketOptionsOf, FOLDER_HINT } = await import('../source-kind.js');
    const source = await sourceOf(options.source, context);
    const { limit } = options;
    requireInventory(options);
    requireEvery(options.every);
    if (limit !== undefined && (!Number.isInteger(limit) || limit < 0)) throw new LimitError();
    const found = shardOfRun(options.shard, context.env);
    // All of it is no part: whoever wants that writes alone.
    const shard = found?.shard.count === 1 ? undefined : found?.shard;
    if (found?.from !== undefined) {
      const { index, count } = found.shard;
      context.output.note(`Shard ${index} of ${count}, as ${found.from} numbers this task.`);
    }
    const inventory = await inventoryOf(options.inventory, options.inventoryPrefix, context);
    const bucket = bucketOptionsOf(source, options);
    if (options.mode === 'remote' && bucket === undefined) {
      throw new BucketOptionError(
        '--mode remote is for buckets, and the source is a folder',
        FOLDER_HINT,
      );
    }
    if (options.dryRun) return dryRun({ source, limit, inventory, bucket, shard }, context);
    const workers = workerCount(options.workers);
    const { requireSource } = await import('../../src/source/require-source.js');
    const { WorkerThreads } = await import('../../src/extract/worker-threads.js');
    // Before a cache and a key are made for it.
    if (bucket === undefined) requireSource(source);
    else {
      const { requireBucket } = await import('../../src/extract/bucket-source.js');
      await requireBucket(source, bucket);
    }
    const mode = options.mode === 'remote' ? undefined : options.mode;
    const pipeline = await pipelineOf(options.pipeline, context.env);
    const once = async (): Promise<Ended> => {
      // They load while the cache is opened here.
      const threads = new WorkerThreads(Math.min(workers, availableParallelism()));
      try {
        return await extract(
          { source, workers, threads, limit, mode, inventory, bucket, pipeline, shard },
          context,
        );
      } finally {
        await threads.close();
      }
    };
    if (options.every === undefined) return (await once()).status;
    return again(options.every, once, context);
  },
});

/** How an extraction ended. */
interface Ended {
  readonly status: number;
  /** Whether it was asked to. */
  readonly isStopped: boolean;
}

/** Extract every so many minutes. The cache is open, and locked, only meanwhile. */
async function again(
  minutes: number,
  once: () => Promise<Ended>,
  { output }: CommandContext,
): Promise<number> {
  const { repeatEvery } = await import('../repeat.js');
  const { reportError } = await import('../run-command.js');
  const { watchSignals } = await import('../stop-signals.js');
  const signals = watchSignals(() => {});
  let isStopped = false;
  const work = async (): Promise<number> => {
    const ended = await once();
    isStopped ||= ended.isStopped;
    return ended.status;
  };
  try {
    const shouldStop = (): boolean => isStopped || signals.shouldStop();
    const fail = (error: unknown): number => reportError(error, output, 'extracting logs');
    return await repeatEvery(minutes, shouldStop, work, fail);
  } finally {
    signals.close();
  }
}

async function extract(
  options: Pick<
    ExtractOptions,
    'source' | 'workers' | 'threads' | 'mode' | 'inventory' | 'bucket' | 'pipeline' | 'shard'
  > & {
    readonly limit: number | undefined;
  },
  { cacheDirectory, output, env }: CommandContext,
): Promise<Ended> {
  const { openCacheForWriting } = await import('../../cache/open-cache.js');
  const { openCacheForShard } = await import('../../cache/shards/open-shard.js');
  const { isStopRequested } = await import('../../cache/stop-request.js');
  const { openTelemetry } = await import('../../src/telemetry/open-telemetry.js');
  const { extractionStatus, runExtraction } = await import('../run-extraction.js');
  const { watchStopSignals } = await import('../stop-signals.js');
  const { shard } = options;
  const how = { command: 'extract', env };
  const cache =
    shard === undefined
      ? await openCacheForWriting(cacheDirectory, how)
      : await openCacheForShard(cacheDirectory, shard, { ...how, source: placeOf(options) });
  const telemetry = await openTelemetry(env, (message) => output.warn(message));
  const signals = watchStopSignals(cache.paths, cache.lock.token, () =>
    output.note('Stopping: the files in hand are finished first. Signal again to leave at once.'),
  );
  try {
    const { shouldStop } = signals;
    const report = await telemetry.span('extract', async (attributes) => {
      const extracted = await runExtraction(cache, { ...options, env, shouldStop }, output);
      const { files, bytes, lines } = extracted;
      attributes['extract.files.found'] = files.found;
      attributes['extract.files.extracted'] = files.extracted;
      attributes['extract.files.failed'] = files.failed;
      attributes['extract.bytes'] = bytes;
      attributes['extract.lines'] = lines.total;
      attributes['extract.records'] = lines.kept;
      return extracted;
    });
    output.json(report);
    // One that came at the very end has not been seen by then.
    const isStopped = shouldStop() || isStopRequested(cache.paths, cache.lock.token);
    return { status: extractionStatus(report), isStopped };
  } finally {
    signals.close();
    cache.close();
    await telemetry.close();
  }
}

/** What shards must have in common, however it was written. */
function placeOf({ source, bucket }: Pick<ExtractOptions, 'source' | 'bucket'>): string {
  return bucket === undefined ? realpathSync(source) : source;
}

/** @throws {NoSourceError} @throws {SourceKindError} */
export async function sourceOf(
  source: string | undefined,
  { env }: CommandContext,
): Promise<string> {
  const { readConfiguration } = await import('../../cache/configuration.js');
  const { requireReadableSource } = await import('../source-kind.js');
  const found = source ?? readConfiguration(env).source;
  if (found === undefined || found === '') throw new NoSourceError();
  requireReadableSource(found);
  return found;
}

async function inventoryOf(
  directory: string | undefined,
  prefix: string | undefined,
  { output }: CommandContext,
): Promise<SourceInventory | undefined> {
  if (directory === undefined) return undefined;
  const { openInventory } = await import('../../src/source/inventory/open-inventory.js');
  const warn = (message: string): void => output.warn(message);
  return { inventory: await openInventory(resolve(directory), warn), prefix };
}

async function dryRun(
  {
    source,
    limit,
    inventory,
    bucket,
    shard,
  }: Pick<ExtractOptions, 'source' | 'inventory' | 'bucket' | 'shard'> & {
    readonly limit: number | undefined;
  },
  { cacheDirectory, output }: CommandContext,
): Promise<number> {
  const { planExtraction } = await import('../../src/extract/extract-logs.js');
  const plan = await planExtraction(cachePaths(cacheDirectory), {
    source,
    inventory,
    bucket,
    shard,
    ...(limit === undefined ? {} : { limit }),
    onWarning: (message) => output.warn(message),
  });
  const { files, bytes, listed, held } = plan;
  output.print(
    `Would extract ${formatCount(files.new)} of ${plural(files.found, 'file')} (${formatBytes(bytes)}); ${formatCount(files.known)} are known already, ${formatCount(files.failed)} cannot be extracted.`,
  );
  const { describeListed, extractionStatus } = await import('../run-extraction.js');
  if (listed !== undefined) output.print(describeListed(listed));
  if (held !== undefined) output.print(`  ${plural(held, 'object')} left for later: too new.`);
  output.json({ dryRun: true, ...plan });
  return extractionStatus(plan);
}
