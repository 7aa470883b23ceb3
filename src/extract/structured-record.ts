import { REASON } from './reasons.js';

/** Versions of the schema that are known; newer ones of the same first number only add fields. */
const VERSION = /^V_1_\d{1,6}$/;

type FieldType = 'text' | 'text or null' | 'number or null';

/** Fields of version V_1_0 that say what a record counts as, and what stands in them. Others are not looked at. */
const SCHEMA: Readonly<Record<string, FieldType>> = {
  schema_version_id: 'text',
  bucket_name: 'text',
  request_time: 'text',
  remote_ip: 'text or null',
  operation: 'text or null',
  key_name: 'text or null',
  http_status: 'number or null',
  bytes_sent_size: 'number or null',
};

type Fields = Readonly<Record<keyof typeof SCHEMA, string | number | null>>;

/**
 * A structured record of AWS (JSON, as delivered to CloudWatch Logs) as the line that S3 would have written of it, so that one grammar
 * judges both. What counts for nothing is left out (`-`); the request line is made of the key, since nothing has to be told apart by it here.
 *
 * @param value parsed JSON
 * @returns the line, without a line feed, or the code of the reason for which there is none
 */
export function structuredLine(value: unknown): string | number {
  if (typeof value !== 'object' || value === null) return REASON.structured_not_json;
  const fields = value as Fields;
  const { schema_version_id: version } = fields;
  if (typeof version !== 'string' || !VERSION.test(version)) {
    return REASON.structured_unknown_version;
  }
  for (const [name, type] of Object.entries(SCHEMA)) {
    // An own one: not what all objects have.
    if (!Object.hasOwn(fields, name) || !isOfType(fields[name], type)) {
      return REASON.structured_invalid_field;
    }
  }
  const time = lineTime(String(fields.request_time));
  if (time === undefined) return REASON.invalid_time;
  if (!isToken(fields.remote_ip)) return REASON.invalid_remote_ip;
  if (!isToken(fields.operation)) return REASON.invalid_operation;
  if (!isCount(fields.http_status)) return REASON.invalid_http_status;
  if (!isCount(fields.bytes_sent_size)) return REASON.invalid_bytes_sent;
  const key = fields.key_name === null ? '-' : loggedKey(String(fields.key_name));
  if (key === undefined) return REASON.invalid_key;
  const { remote_ip: address, operation, http_status: status, bytes_sent_size: bytes } = fields;
  // The target has the key encoded once, and a space as `%20`.
  const once = key.replace(/%2B/g, '%20').replace(/%25/g, '%');
  const target = fields.key_name === null ? '"-"' : `"GET /${once} HTTP/1.1"`;
  return `- ${bucketToken(String(fields.bucket_name))} [${time} +0000] ${address ?? '-'} - - ${operation ?? '-'} ${key} ${target} ${status ?? '-'} - ${bytes ?? '-'} - - - "-" "-" -`;
}

function isOfType(value: unknown, type: FieldType): boolean {
  if (value === null) return type !== 'text';
  return typeof value === (type === 'number or null' ? 'number' : 'string');
}

/** What may stand between two spaces of a line. */
function isToken(value: string | number | null): boolean {
  return value === null || /^[\x21-\x7e]+$/.test(String(value));
}

/** More than any store takes. */
const LONGEST_BUCKET = 255;

/** Only what becomes of keys may depend on it, so whatever it is, the record counts. */
function bucketToken(bucket: string): string {
  return bucket.length <= LONGEST_BUCKET && isToken(bucket) ? bucket : '-';
}

function isCount(value: string | number | null): boolean {
  return value === null || (Number.isSafeInteger(value) && (value as number) >= 0);
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d:\d\d:\d\d)(?:\.\d{1,9})?Z$/;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** `2026-11-01T10:00:00.123Z` -> `01/Nov/2026:10:00:00`; whether there is such a day is for the grammar to say. */
function lineTime(text: string): string | undefined {
  const [, year, month, day, time] = TIME.exec(text) ?? [];
  const name = MONTHS[Number(month) - 1];
  return name === undefined ? undefined : `${day}/${name}/${year}:${time}`;
}

/** Bytes of keys that S3 takes, at most. */
const LONGEST_KEY = 1024;

/** A key as S3 writes it in lines: nothing in it but these, and `%` and `+` encoded themselves. */
const LOGGED = /^(?:[A-Za-z0-9*\-._/]|%25[0-9A-Fa-f]{2}|%2B)+$/;

/** @returns the key as S3 writes it in lines, encoded twice, so that one object has one key, whichever form its records came in */
function loggedKey(key: string): string | undefined {
  if (LOGGED.test(key)) return key.length <= 5 * LONGEST_KEY ? key : undefined;
  if (key === '' || Buffer.byteLength(key) > LONGEST_KEY) return undefined;
  try {
    return encodeForm(encodeForm(key));
  } catch {
    // Half of a character.
    return undefined;
  }
}

function encodeForm(text: string): string {
  return encodeURIComponent(text)
    .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+')
    .replace(/%2F/g, '/');
}
