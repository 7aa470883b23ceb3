import type { Connection } from './connection.js';

/** What usage is summed up by. */
export const DIMENSIONS = ['bucket', 'requester', 'operation', 'day'] as const;
export type Dimension = (typeof DIMENSIONS)[number];

/** Sums over some rows. Counts and bytes are exact; as text in JSON they would be numbers beyond 2^53. */
export interface UsageSums {
  readonly requests: bigint;
  /** Sent to clients. */
  readonly bytesOut: bigint;
  /** Of objects and parts of objects that clients have uploaded. */
  readonly bytesIn: bigint;
  /** Distinct accounts, as the store names them; anonymous is none. */
  readonly requesters: bigint;
  /** Distinct addresses. */
  readonly addresses: bigint;
  /** Answered with status 400 or more. */
  readonly errors: bigint;
}

/** Sums of the rows that have some values in common. */
export interface UsageRow extends UsageSums {
  /** By dimension; null where the log has none. Days as `YYYY-MM-DD`. */
  readonly of: Readonly<Partial<Record<Dimension, string | null>>>;
}

/** Which rows count: in a period, and of some bucket, requester or operation. */
export interface UsageFilter {
  /** Days in UTC, `YYYY-MM-DD`, both included. */
  readonly from: string;
  readonly to: string;
  readonly bucket?: string | undefined;
  readonly requester?: string | undefined;
  readonly operation?: string | undefined;
}

/** Operations with which clients send objects. Copies within the store and the end of an upload in parts send nothing more. */
const UPLOADS = ['REST.PUT.OBJECT', 'REST.PUT.PART', 'REST.POST.OBJECT'];

const EXPRESSIONS: Readonly<Record<Dimension, string>> = {
  bucket: 'bucket',
  requester: 'requester',
  operation: 'operation',
  day: `to_char(time, 'YYYY-MM-DD')`,
};

/**
 * Sums of requests by some dimensions, those with most bytes first, days in their order; without dimensions one row over all.
 */
export async function usageBy(
  client: Connection,
  dimensions: readonly Dimension[],
  { from, to, bucket, requester, operation }: UsageFilter,
): Promise<UsageRow[]> {
  const groups = dimensions.map((dimension) => `${EXPRESSIONS[dimension]} AS "${dimension}"`);
  const order = dimensions.includes('day') ? '"day", bytes DESC' : 'bytes DESC';
  const names = dimensions.map((dimension) => `"${dimension}"`).join(', ');
  const { rows } = await client.query<Record<string, string | null>>(
    `SELECT ${[...groups, SUMS].join(', ')}
     FROM s3_access_log
     WHERE time >= $1::date AND time < $2::date + 1
       AND ($3::text IS NULL OR bucket = $3) AND ($4::text IS NULL OR requester = $4) AND ($5::text IS NULL OR operation = $5)
     ${groups.length === 0 ? '' : `GROUP BY ${dimensions.map((_, i) => i + 1).join(', ')} ORDER BY ${order}, ${names}`}`,
    [from, to, bucket ?? null, requester ?? null, operation ?? null],
  );
  return rows.map((row) => ({
    of: Object.fromEntries(dimensions.map((dimension) => [dimension, row[dimension]])),
    requests: BigInt(row.requests ?? 0),
    bytesOut: BigInt(row.bytes_out ?? 0),
    bytesIn: BigInt(row.bytes_in ?? 0),
    requesters: BigInt(row.requesters ?? 0),
    addresses: BigInt(row.addresses ?? 0),
    errors: BigInt(row.errors ?? 0),
  }));
}

const BYTES_IN = `coalesce(sum(object_size) FILTER (WHERE operation IN (${UPLOADS.map((name) => `'${name}'`).join(', ')}) AND http_status BETWEEN 200 AND 299), 0)`;

const SUMS = `count(*) AS requests,
  coalesce(sum(bytes_sent), 0) AS bytes_out,
  ${BYTES_IN} AS bytes_in,
  count(DISTINCT requester) AS requesters,
  count(DISTINCT remote_ip) AS addresses,
  count(*) FILTER (WHERE http_status >= 400) AS errors,
  coalesce(sum(bytes_sent), 0) + ${BYTES_IN} AS bytes`;
