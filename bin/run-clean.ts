import { S3LogExtractionError } from '../cache/error.js';
import { type CleanReport, cleanLogs } from '../src/database/clean-logs.js';
import { databaseSettings } from '../src/database/settings.js';
import { openTelemetry } from '../src/telemetry/open-telemetry.js';
import type { CommandContext } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatBytes, formatCount, plural } from './format.js';
import { repeatEvery } from './repeat.js';
import { reportError } from './run-command.js';
import { watchSignals } from './stop-signals.js';

/** `--retention-days` is missing, or no number of days. */
export class RetentionError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_RETENTION',
      '--retention-days must be given: a whole number of days, 1 to 36500.',
      { hint: 'Try it with --dry-run first.' },
      2,
    );
  }
}

/** @throws {RetentionError} */
export function requireRetention(days: number | undefined): number {
  if (days === undefined || !Number.isInteger(days) || days < 1 || days > 36_500) {
    throw new RetentionError();
  }
  return days;
}

/** Remove what is too old, once or again and again. @returns the exit status */
export async function runClean(
  options: {
    readonly retentionDays: number;
    readonly dryRun: boolean;
    readonly every: number | undefined;
    readonly schema: string;
  },
  { output, env }: CommandContext,
): Promise<number> {
  const settings = databaseSettings(env, options.schema);
  const signals = watchSignals(() =>
    output.note('Stopping: what is in hand is done first. Signal again to leave at once.'),
  );
  const telemetry = await openTelemetry(env, (message) => output.warn(message));
  const once = async (): Promise<number> => {
    let rows = 0;
    const report = await telemetry.span('database.clean', async (attributes) => {
      const cleaned = await cleanLogs({
        settings,
        retentionDays: options.retentionDays,
        dryRun: options.dryRun,
        shouldStop: signals.shouldStop,
        onProgress: (more) => {
          rows += more;
          output.progress(`Removing: ${formatCount(rows)} rows`);
        },
      });
      attributes['clean.dry_run'] = cleaned.dryRun;
      attributes['clean.partitions'] = cleaned.partitions.length;
      attributes['clean.rows'] = totalRows(cleaned);
      return cleaned;
    });
    output.print(describeCleaning(report));
    output.json({ ...report, totalRows: totalRows(report) });
    return EXIT_STATUS.done.status;
  };
  try {
    const fail = (error: unknown): number => reportError(error, output, 'removing old rows');
    return await repeatEvery(options.every, signals.shouldStop, once, fail);
  } finally {
    signals.close();
    await telemetry.close();
  }
}

function totalRows({ partitions, rows }: CleanReport): number {
  return partitions.reduce((sum, partition) => sum + partition.rows, rows);
}

function describeCleaning(report: CleanReport): string {
  const { dryRun, before, partitions, rows, rejects, objects, stopped } = report;
  const text = [
    `${dryRun ? 'Would remove' : 'Removed'} ${plural(totalRows(report), 'row')} of before ${before.slice(0, 10)}.`,
    ...partitions.map(
      ({ table, rows: count, bytes }) =>
        `  ${table}: the whole month, ${plural(count, 'row')}, ${formatBytes(bytes)}`,
    ),
    `  one by one: ${plural(rows, 'row')}, ${plural(rejects, 'rejected line')}, ${plural(objects, 'name')} of deleted log objects`,
  ];
  if (stopped) text.push('Stopped as asked; the next run goes on from here.');
  return text.join('\n');
}
