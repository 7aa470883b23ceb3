import { DASH } from './bytes.js';
import { describeTail } from './describe-tail.js';
import { decodeOnce } from './key-target.js';
import { FIELD, KIND, Line } from './line.js';
import { parseLine } from './parse-line.js';
import { NOTES, type Note, REASONS, type Reason } from './reasons.js';

/** Every field of an accepted line. `null` stands for `-`. */
export interface DescribedLine {
  readonly bucketOwner: string;
  readonly bucket: string;
  /** ISO 8601, UTC, to the second. */
  readonly time: string;
  /** Text form as logged. Never write this anywhere. */
  readonly remoteIp: string | null;
  readonly requester: string | null;
  readonly requestId: string;
  readonly operation: string;
  /** As logged. */
  readonly key: string | null;
  readonly keyDecoded: string | null;
  readonly requestUri: string | null;
  readonly status: number | null;
  readonly errorCode: string | null;
  readonly bytesSent: bigint | null;
  readonly objectSize: bigint | null;
  readonly totalTimeMs: bigint | null;
  readonly turnAroundTimeMs: bigint | null;
  readonly referer: string | null;
  readonly userAgent: string | null;
  /** The words after the user agent, as they stand. */
  readonly tail: readonly string[];
  /** Whether it makes a record (`REST.GET.OBJECT`, status 2xx). */
  readonly isKept: boolean;
  /** Whether it counts as a download (status exactly 200). */
  readonly isDownload: boolean;
  readonly notes: readonly Note[];
}

/** Operations whose keys are encoded once instead of twice. */
const ENCODED_ONCE = new Set(['BATCH.DELETE.OBJECT', 'S3.EXPIRE.OBJECT']);

const line = new Line();

/**
 * Parse a line into an object of all its fields: for validation, tests and people. Extraction uses
 * {@link parseLine}, which this calls, so that both say the same.
 *
 * @param bytes one line without its line feed
 */
export function describeLine(bytes: Uint8Array): DescribedLine | { readonly reason: Reason } {
  const code = parseLine(bytes, 0, bytes.length, line);
  if (code !== 0) return { reason: REASONS[code] };
  const tail = describeTail(bytes, line);
  const text = (field: number): string =>
    decode(bytes, line.bounds[2 * field], line.bounds[2 * field + 1]);
  const optional = (field: number): string | null => {
    const start = line.bounds[2 * field];
    const isDash = line.bounds[2 * field + 1] - start === 1 && bytes[start] === DASH;
    return isDash ? null : text(field);
  };
  const count = (field: number): bigint | null => {
    const digits = optional(field);
    return digits === null ? null : BigInt(digits);
  };
  const key = line.kind === KIND.skipped ? optional(FIELD.key) : text(FIELD.key);
  const operation = text(FIELD.operation);
  return {
    bucketOwner: text(FIELD.bucketOwner),
    bucket: text(FIELD.bucket),
    time: `${new Date(line.timeSeconds * 1000).toISOString().slice(0, 19)}Z`,
    remoteIp: optional(FIELD.remoteIp),
    requester: optional(FIELD.requester),
    requestId: text(FIELD.requestId),
    operation,
    key,
    keyDecoded:
      key === null
        ? null
        : decodeKey(key, operation, isOvh(text(FIELD.requester), text(FIELD.requestId))),
    requestUri: optional(FIELD.requestUri),
    status: line.status === 0 ? null : line.status,
    errorCode: optional(FIELD.errorCode),
    bytesSent: count(FIELD.bytesSent),
    objectSize: count(FIELD.objectSize),
    totalTimeMs: count(FIELD.totalTime),
    turnAroundTimeMs: count(FIELD.turnAroundTime),
    referer: optional(FIELD.referer),
    userAgent: optional(FIELD.userAgent),
    tail,
    isKept: line.kind !== KIND.skipped,
    isDownload: line.kind === KIND.download,
    notes: NOTES.filter((_, bit) => (line.notes & (1 << bit)) !== 0),
  };
}

/**
 * The object's own name from the key field: `form(form(key))`; AWS encodes once only for some operations, OVHcloud never
 * does.
 */
function decodeKey(key: string, operation: string, ovh: boolean): string {
  const once = decodeOnce(Buffer.from(key, 'utf8'), true);
  const name = !ovh && ENCODED_ONCE.has(operation) ? once : decodeOnce(once, true);
  return Buffer.from(name).toString('utf8');
}

/** OVHcloud's own requester, or its form of request ids. */
function isOvh(requester: string, requestId: string): boolean {
  return requester === 'OVHcloudS3' || /^tx[0-9a-f]{21}-[0-9a-f]{10}$/.test(requestId);
}

function decode(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('utf8');
}
