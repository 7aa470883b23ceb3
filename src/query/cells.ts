import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampValue,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api';

/** A value as text: integers and decimals digit for digit, times in UTC, bytes as DuckDB shows them. */
export function cellText(value: Exclude<DuckDBValue, null>): string {
  if (typeof value === 'string') return value;
  if (value instanceof DuckDBTimestampValue) return timestampText(value);
  return String(value);
}

/**
 * A value as JSON. Integers and decimals of any size are numbers with all their digits; what JSON has no numbers for (`NaN`) is text; bytes are
 * hexadecimal; a map is a list of `{"key", "value"}`.
 */
export function cellJson(value: DuckDBValue): string {
  if (value === null) return 'null';
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value);
    case 'bigint':
    case 'boolean':
      return String(value);
    case 'number':
      return Number.isFinite(value) ? String(value) : JSON.stringify(String(value));
    default:
      return objectJson(value);
  }
}

function objectJson(
  value: Exclude<DuckDBValue, null | string | bigint | boolean | number>,
): string {
  if (value instanceof DuckDBDecimalValue) return value.toString();
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    return `[${value.items.map(cellJson).join(',')}]`;
  }
  if (value instanceof DuckDBStructValue) {
    const members = Object.entries(value.entries).map(
      ([name, member]) => `${JSON.stringify(name)}:${cellJson(member)}`,
    );
    return `{${members.join(',')}}`;
  }
  if (value instanceof DuckDBMapValue) {
    const entries = value.entries.map(
      (entry) => `{"key":${cellJson(entry.key)},"value":${cellJson(entry.value)}}`,
    );
    return `[${entries.join(',')}]`;
  }
  if (value instanceof DuckDBUnionValue) return cellJson(value.value);
  if (value instanceof DuckDBBlobValue) return `"${Buffer.from(value.bytes).toString('hex')}"`;
  return JSON.stringify(cellText(value));
}

const DAY_SECONDS = 86_400;
/** Up to here microseconds are exact as numbers: the year 2255. */
const LATEST = 2 ** 53;

/** The day of the last time, in days since 1970: most come day by day. */
let lastDay = 0;
let lastDate = '1970-01-01';

/** As DuckDB shows it, and several times as fast for whole seconds, which is what records have. */
function timestampText(value: DuckDBTimestampValue): string {
  const seconds = Number(value.micros) / 1e6;
  if (!Number.isInteger(seconds) || seconds < 0 || seconds * 1e6 > LATEST) return value.toString();
  const day = Math.floor(seconds / DAY_SECONDS);
  if (day !== lastDay) {
    lastDay = day;
    lastDate = new Date(day * DAY_SECONDS * 1000).toISOString().slice(0, 10);
  }
  const rest = seconds - day * DAY_SECONDS;
  return `${lastDate} ${two(Math.floor(rest / 3600))}:${two(Math.floor(rest / 60) % 60)}:${two(rest % 60)}`;
}

function two(number: number): string {
  return number < 10 ? `0${number}` : String(number);
}
