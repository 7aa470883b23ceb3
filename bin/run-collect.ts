import { type CachePaths, cachePaths } from '../cache/paths.js';
import { type CollectReport, collectLogs } from '../src/database/collect-logs.js';
import { folderSource } from '../src/database/folder-source.js';
import type { LogSource } from '../src/database/log-source.js';
import { databaseSettings } from '../src/database/settings.js';
import { openTelemetry } from '../src/telemetry/open-telemetry.js';
import type { CommandContext } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatBytes, formatCount, formatElapsed, plural } from './format.js';
import { extractionReporter } from './progress-reporter.js';
import { repeatEvery } from './repeat.js';
import { reportError } from './run-command.js';
import { bucketOptionsOf } from './source-kind.js';
import { watchSignals } from './stop-signals.js';

/** Collect with progress and warnings shown, once or again and again. @returns the exit status */
export async function runCollect(
  options: {
    readonly source: string;
    readonly workers: number;
    readonly limit: number | undefined;
    readonly deleteAfter: boolean;
    readonly endpoint: string | undefined;
    readonly region: string | undefined;
    readonly minAge: number | undefined;
    readonly holdDays: number | undefined;
    readonly every: number | undefined;
    readonly schema: string;
  },
  { cacheDirectory, output, env }: CommandContext,
): Promise<number> {
  const settings = databaseSettings(env, options.schema);
  const signals = watchSignals(() =>
    output.note('Stopping: what is in hand is committed first. Signal again to leave at once.'),
  );
  const source = await openSource(options, cachePaths(cacheDirectory), env);
  const telemetry = await openTelemetry(env, (message) => output.warn(message));
  const collect = (): Promise<CollectReport> =>
    telemetry.span('database.collect', async (attributes) => {
      const report = await collectLogs({
        settings,
        cacheDirectory,
        env,
        source,
        workers: options.workers,
        limit: options.limit,
        deleteAfter: options.deleteAfter,
        shouldStop: signals.shouldStop,
        onWarning: (message) => output.warn(message),
        onProgress: extractionReporter(output, 'Collecting'),
        onTransaction: ({ startMs, endMs, attempts }, objects, rows) =>
          telemetry.ended('database.collect.transaction', startMs, endMs, {
            'collect.objects': objects,
            'collect.rows': rows,
            'collect.attempts': attempts,
          }),
      });
      const { objects } = report;
      attributes['collect.objects.found'] = objects.found;
      attributes['collect.objects.collected'] = objects.collected;
      attributes['collect.objects.failed'] = objects.failed;
      attributes['collect.objects.deleted'] = objects.deleted;
      attributes['collect.rows'] = report.rows;
      attributes['collect.rejected'] = report.rejected;
      attributes['collect.bytes'] = report.bytes;
      return report;
    });
  try {
    const once = async (): Promise<number> => {
      const report = await collect();
      output.print(describeCollection(report));
      output.json(report);
      return report.objects.failed > 0 ? EXIT_STATUS.partial.status : EXIT_STATUS.done.status;
    };
    const fail = (error: unknown): number => reportError(error, output, 'collecting logs');
    return await repeatEvery(options.every, signals.shouldStop, once, fail);
  } finally {
    source.close();
    signals.close();
    await telemetry.close();
  }
}

/** What that group has for buckets stands in for the usual variables of AWS tools, where these are not set. */
const QUOTA_VARIABLES = {
  S3_QUOTA_ACCESSKEY: 'AWS_ACCESS_KEY_ID',
  S3_QUOTA_SECRETKEY: 'AWS_SECRET_ACCESS_KEY',
} as const;

async function openSource(
  options: {
    readonly source: string;
    readonly endpoint: string | undefined;
    readonly region: string | undefined;
    readonly minAge: number | undefined;
    readonly holdDays: number | undefined;
  },
  paths: CachePaths,
  env: NodeJS.ProcessEnv,
): Promise<LogSource> {
  const { source, endpoint, region, minAge, holdDays } = options;
  const bucket = bucketOptionsOf(source, { endpoint, region, minAge, holdDays });
  if (bucket === undefined) return folderSource(source, paths);
  const isUsual = env.AWS_ACCESS_KEY_ID !== undefined || env.AWS_PROFILE !== undefined;
  for (const [given, usual] of Object.entries(QUOTA_VARIABLES)) {
    // Where the SDK looks for them.
    if (!isUsual && env[given] !== undefined) process.env[usual] = env[given];
  }
  const { bucketSource } = await import('../src/database/bucket-source.js');
  return bucketSource(source, {
    ...bucket,
    // Who watches quotas wants to see today.
    holdDays: holdDays ?? 0,
    endpoint:
      bucket.endpoint ?? (env.AWS_ENDPOINT_URL ? undefined : env.S3_QUOTA_ENDPOINT || undefined),
    region: bucket.region ?? (env.AWS_REGION ? undefined : env.S3_QUOTA_REGION || undefined),
  });
}

function describeCollection(report: CollectReport): string {
  const { objects, lines, rows, rejected, bytes, elapsedMs, stopped } = report;
  const rate =
    elapsedMs > 0 ? `, ${formatCount(Math.round((rows / elapsedMs) * 1000))} rows/s` : '';
  const text = [
    `Collected ${plural(objects.collected, 'log object')} (${formatBytes(bytes)}) in ${formatElapsed(elapsedMs)}${rate}.`,
    `  objects: ${formatCount(objects.found)} found, ${formatCount(objects.known)} known already, ${formatCount(objects.failed)} failed`,
    `  lines: ${formatCount(lines)} = ${formatCount(rows)} rows + ${formatCount(rejected)} rejected`,
  ];
  if (objects.deleted > 0 || objects.kept > 0) {
    text.push(
      `  deleted: ${plural(objects.deleted, 'log object')}; ${formatCount(objects.kept)} kept, as lines of them were rejected`,
    );
  }
  if (stopped) text.push('Stopped as asked; the next run goes on from here.');
  return text.join('\n');
}
