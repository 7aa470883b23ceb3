import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { GivenFileError, readGivenFile } from '../../cache/given-file.js';
import { type Fail, parseGivenYaml, requireMapping } from '../../cache/given-yaml.js';
import type { Connection } from './connection.js';
import { type UsageSums, usageBy } from './usage.js';

/** What can be limited. */
export const LIMITS = [
  'requests',
  'bytesOut',
  'bytesIn',
  'requesters',
  'addresses',
  'errors',
] as const;
export type Limit = (typeof LIMITS)[number];

const EACH = ['bucket', 'requester', 'operation'] as const;
type Each = (typeof EACH)[number];

/** A quota as its file says. */
export interface Quota {
  readonly name: string;
  readonly bucket: string | undefined;
  readonly requester: string | undefined;
  readonly operation: string | undefined;
  /** It applies to each of these by itself; undefined: to all together. */
  readonly each: Each | undefined;
  readonly period: 'day' | 'month';
  /** In per cent of a limit. */
  readonly warnAt: number;
  readonly limits: Readonly<Partial<Record<Limit, bigint>>>;
}

/** How much of a limit is used. */
export interface QuotaState {
  readonly quota: string;
  /** With `each`: which one. */
  readonly of: string | null;
  readonly period: string;
  readonly limit: Limit;
  readonly used: bigint;
  readonly allowed: bigint;
  /** Per cent, rounded down to a tenth. */
  readonly percent: number;
  readonly state: 'ok' | 'warning' | 'exceeded';
}

/** The file of quotas cannot be used. */
export class QuotaFileError extends S3LogExtractionError {
  constructor(path: string, why: string) {
    super(
      'INVALID_QUOTAS',
      `Could not use the quotas in ${path}: ${why}.`,
      { hint: 'The README, "Usage and quotas", shows what such a file looks like.' },
      2,
    );
  }
}

/** The reader of YAML takes time that grows with the square of some files. */
const MOST_BYTES = 256 << 10;
const MOST_QUOTAS = 1000;
const DEFAULT_WARN_AT = 80;

/** In the file; bytes may have a unit. */
const LIMIT_NAMES: Readonly<Record<string, Limit>> = {
  requests: 'requests',
  bytes_out: 'bytesOut',
  bytes_in: 'bytesIn',
  requesters: 'requesters',
  addresses: 'addresses',
  errors: 'errors',
};
const MEMBERS = ['name', 'bucket', 'requester', 'operation', 'each', 'period', 'warn_at'];
const UNITS: Readonly<Record<string, bigint>> = {
  B: 1n,
  kB: 10n ** 3n,
  MB: 10n ** 6n,
  GB: 10n ** 9n,
  TB: 10n ** 12n,
  PB: 10n ** 15n,
  KiB: 1n << 10n,
  MiB: 1n << 20n,
  GiB: 1n << 30n,
  TiB: 1n << 40n,
  PiB: 1n << 50n,
};

/** @throws {QuotaFileError} */
export function readQuotas(path: string): Quota[] {
  let text: string;
  try {
    text = readGivenFile(path, MOST_BYTES).toString();
  } catch (error) {
    const why = error instanceof GivenFileError ? error.message : systemErrorCode(error);
    throw new QuotaFileError(path, why ?? 'it cannot be read');
  }
  return parseQuotas(text, path);
}

/**
 * @param path for messages
 * @throws {QuotaFileError}
 */
export function parseQuotas(text: string, path: string): Quota[] {
  const fail = (why: string): never => {
    throw new QuotaFileError(path, why);
  };
  if (text.length > MOST_BYTES) fail('it is larger than 256 KiB');
  const file = requireMapping(parseGivenYaml(text, fail), 'the file', fail);
  for (const name of Object.keys(file)) {
    if (name !== 'quotas' && name !== 'warn_at') fail(`it has an unknown member "${name}"`);
  }
  const warnAt = percentOf(file.warn_at, DEFAULT_WARN_AT, 'warn_at', fail);
  const { quotas } = file;
  if (!Array.isArray(quotas) || quotas.length > MOST_QUOTAS) {
    return fail('"quotas" is not a list, or too long a one');
  }
  return quotas.map((value, i) =>
    quotaOf(requireMapping(value, `quota ${i + 1}`, fail), i, warnAt, fail),
  );
}

function quotaOf(
  value: Readonly<Record<string, unknown>>,
  index: number,
  warnAt: number,
  fail: Fail,
): Quota {
  const what = `quota ${index + 1}`;
  const limits: Partial<Record<Limit, bigint>> = {};
  for (const [name, member] of Object.entries(value)) {
    const limit = Object.hasOwn(LIMIT_NAMES, name) ? LIMIT_NAMES[name] : undefined;
    if (limit !== undefined) limits[limit] = amountOf(member, limit, `${name} of ${what}`, fail);
    else if (!MEMBERS.includes(name)) fail(`${what} has an unknown member "${name}"`);
  }
  if (Object.keys(limits).length === 0) fail(`${what} limits nothing`);
  const text = (name: string): string | undefined => {
    const member = value[name];
    if (member === undefined) return undefined;
    return typeof member === 'string' ? member : fail(`${name} of ${what} is not a text`);
  };
  const each = text('each');
  if (each !== undefined && !EACH.includes(each as Each)) {
    fail(`each of ${what} is none of ${EACH.join(', ')}`);
  }
  const period = text('period') ?? 'month';
  if (period !== 'day' && period !== 'month')
    return fail(`period of ${what} is neither day nor month`);
  return {
    name: text('name') ?? what,
    bucket: text('bucket'),
    requester: text('requester'),
    operation: text('operation'),
    each: each as Each | undefined,
    period,
    warnAt: percentOf(value.warn_at, warnAt, `warn_at of ${what}`, fail),
    limits,
  };
}

function percentOf(value: unknown, otherwise: number, what: string, fail: Fail): number {
  if (value === undefined) return otherwise;
  if (typeof value === 'number' && value > 0 && value <= 100) return value;
  return fail(`${what} is no number above 0 and up to 100`);
}

/** `1000`, or of bytes `2 TB`, `1.5 GiB`. */
function amountOf(value: unknown, limit: Limit, what: string, fail: Fail): bigint {
  const [, whole, fraction = '', unit] =
    /^(\d{1,18})(?:\.(\d{1,6}))?(?: ?([kKMGTP]?i?B))?$/.exec(String(value)) ?? [];
  const isBytes = limit === 'bytesIn' || limit === 'bytesOut';
  const factor = unit === undefined ? 1n : UNITS[unit];
  if (whole === undefined || factor === undefined || (unit !== undefined && !isBytes)) {
    return fail(
      `${what} is no whole number${isBytes ? ', nor one with a unit such as "2 TB"' : ''}`,
    );
  }
  const scale = 10n ** BigInt(fraction.length);
  return (BigInt(whole + fraction) * factor) / scale;
}

/**
 * How much of each quota is used in the day or month of `today`.
 *
 * @param today `YYYY-MM-DD`
 * @returns all limits; of quotas with `each` only those that are not far from it, or beyond
 */
export async function checkQuotas(
  client: Connection,
  quotas: readonly Quota[],
  today: string,
): Promise<QuotaState[]> {
  const states: QuotaState[] = [];
  for (const quota of quotas) {
    const { bucket, requester, operation, each } = quota;
    const from = quota.period === 'day' ? today : `${today.slice(0, 7)}-01`;
    const filter = { from, to: today, bucket, requester, operation };
    const rows = await usageBy(client, each === undefined ? [] : [each], filter);
    for (const row of rows) {
      for (const state of statesOf(
        quota,
        row,
        from,
        each === undefined ? null : (row.of[each] ?? '-'),
      )) {
        if (each === undefined || state.state !== 'ok') states.push(state);
      }
    }
  }
  return states;
}

function statesOf(quota: Quota, sums: UsageSums, from: string, of: string | null): QuotaState[] {
  return LIMITS.flatMap((limit) => {
    const allowed = quota.limits[limit];
    if (allowed === undefined) return [];
    const used = sums[limit];
    // In whole numbers: a limit that is just reached is not exceeded.
    const tenths = allowed === 0n ? (used > 0n ? 10_000n : 0n) : (used * 1000n) / allowed;
    const isNear = used * 1_000_000n >= allowed * BigInt(Math.round(quota.warnAt * 10_000));
    const state = used > allowed ? 'exceeded' : isNear && used > 0n ? 'warning' : 'ok';
    const period = quota.period === 'day' ? from : from.slice(0, 7);
    return [
      { quota: quota.name, of, period, limit, used, allowed, percent: Number(tenths) / 10, state },
    ];
  });
}
