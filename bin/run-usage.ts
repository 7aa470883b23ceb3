import { S3LogExtractionError } from '../cache/error.js';
import { type QuotaState, readQuotas } from '../src/database/quotas.js';
import { reportUsage, type UsageReport } from '../src/database/report-usage.js';
import { databaseSettings } from '../src/database/settings.js';
import { DIMENSIONS, type Dimension, type UsageSums } from '../src/database/usage.js';
import { openTelemetry } from '../src/telemetry/open-telemetry.js';
import type { CommandContext } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatBytes, formatCount, formatTable } from './format.js';

/** `--from` or `--to` is no day, or they are in the wrong order. */
export class PeriodError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_PERIOD',
      '--from and --to must be days that exist, as YYYY-MM-DD, the first not after the last.',
      {},
      2,
    );
  }
}

/** `--by` names something else. */
export class DimensionError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_BY',
      `--by must be one or more of ${DIMENSIONS.join(', ')}, with commas between them.`,
      {},
      2,
    );
  }
}

/** Show usage and quotas. @returns the exit status: an alarm when a quota is exceeded or near */
export async function runUsage(
  options: {
    readonly from: string | undefined;
    readonly to: string | undefined;
    readonly by: string | undefined;
    readonly bucket: string | undefined;
    readonly quotas: string | undefined;
    readonly schema: string;
  },
  { output, env }: CommandContext,
): Promise<number> {
  const settings = databaseSettings(env, options.schema);
  const period = periodOf(options.from, options.to);
  const by = dimensionsOf(options.by);
  const quotas = options.quotas === undefined ? [] : readQuotas(options.quotas);
  const telemetry = await openTelemetry(env, (message) => output.warn(message));
  try {
    const { bucket } = options;
    const report = await telemetry.span('database.usage', async (attributes) => {
      const found = await reportUsage({ settings, ...period, bucket, by, quotas });
      attributes['usage.alarms'] = found.quotas.filter(({ state }) => state !== 'ok').length;
      return found;
    });
    output.print(describeUsage(report));
    output.json(jsonOf(report));
    return statusOf(report.quotas);
  } finally {
    await telemetry.close();
  }
}

function statusOf(quotas: readonly QuotaState[]): number {
  if (quotas.some(({ state }) => state === 'exceeded')) return EXIT_STATUS.exceeded.status;
  const isNear = quotas.some(({ state }) => state === 'warning');
  return isNear ? EXIT_STATUS.nearQuota.status : EXIT_STATUS.done.status;
}

/** @throws {PeriodError} */
function periodOf(from: string | undefined, to: string | undefined): { from: string; to: string } {
  const last = to ?? new Date().toISOString().slice(0, 10);
  const first = from ?? `${last.slice(0, 7)}-01`;
  if (!isDay(first) || !isDay(last) || first > last) throw new PeriodError();
  return { from: first, to: last };
}

function isDay(text: string): boolean {
  const time = /^\d{4}-\d{2}-\d{2}$/.test(text) ? Date.parse(`${text}T00:00:00Z`) : Number.NaN;
  // A 31 February would be taken for a day of March.
  return !Number.isNaN(time) && new Date(time).toISOString().startsWith(text);
}

/** @throws {DimensionError} */
function dimensionsOf(by: string | undefined): (readonly Dimension[])[] {
  if (by === undefined) return DIMENSIONS.map((dimension) => [dimension]);
  const names = by.split(',');
  const isKnown = names.every((name) => (DIMENSIONS as readonly string[]).includes(name));
  if (!isKnown || new Set(names).size !== names.length) throw new DimensionError();
  return [names as Dimension[]];
}

const SUMS = ['requests', 'bytes out', 'bytes in', 'requesters', 'addresses', 'errors'];

function cellsOf(sums: UsageSums): string[] {
  return [
    formatCount(Number(sums.requests)),
    formatBytes(Number(sums.bytesOut)),
    formatBytes(Number(sums.bytesIn)),
    formatCount(Number(sums.requesters)),
    formatCount(Number(sums.addresses)),
    formatCount(Number(sums.errors)),
  ];
}

function describeCollected({ collected }: UsageReport): string {
  return collected === null
    ? 'No lines of this time: none have been collected yet.'
    : `No lines of this time: those collected are of ${collected.from} to ${collected.to}. Choose days with --from and --to.`;
}

function describeUsage(report: UsageReport): string {
  const { from, to, total, tables, quotas } = report;
  const text = [`Usage from ${from} to ${to}`];
  // Who collects old logs sees nothing of them in this month.
  if (total.requests === 0n) text.push(describeCollected(report));
  text.push(
    '',
    formatTable([
      ['total', ...SUMS],
      ['', ...cellsOf(total)],
    ]),
  );
  for (const { by, rows } of tables) {
    const cells = rows.map(({ of, ...sums }) => [
      by.map((dimension) => of[dimension] ?? '-').join('  '),
      ...cellsOf(sums),
    ]);
    text.push('', formatTable([[by.join('  '), ...SUMS], ...cells]));
  }
  if (quotas.length > 0) {
    const cells = quotas.map(({ quota, of, period, limit, used, allowed, percent, state }) => [
      of === null ? quota : `${quota}: ${of}`,
      period,
      limit,
      String(used),
      String(allowed),
      `${percent} %`,
      state,
    ]);
    text.push(
      '',
      formatTable([['quota', 'period', 'limit', 'used', 'allowed', '', 'state'], ...cells]),
    );
  }
  return text.join('\n');
}

/** Numbers are exact as long as a program reads them as such; those of 2^53 and more are texts. */
function jsonOf(report: UsageReport): unknown {
  return JSON.parse(
    JSON.stringify(report, (_name, value) => {
      if (typeof value !== 'bigint') return value;
      return value <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(value) : String(value);
    }),
  );
}
