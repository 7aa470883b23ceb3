import { holdsAddress } from '../ip/holds-address.js';
import { type Extent, findAddresses } from './find-addresses.js';
import { beginsAsLine, findQueries, findQueryIn } from './find-queries.js';
import { ADDRESS_MASK, addressField, printableText } from './mask-line.js';
import { type Reading, readingsOf } from './readings.js';
import { replaceExtents } from './replace-extents.js';

export const QUERY_MASK = '[query]';

/** More of a line is not looked at, nor kept. */
export const MOST_EXCERPT_BYTES = 64 << 10;

/** Words behind times, where a line holds several records. */
const ADDRESS_FIELDS = /\[\d[^\]]{1,60}\] +(?!- )\S+/g;

/** Names of JSON whose values are addresses, or queries and what else is secret in requests, whatever stands there. */
const ADDRESS_NAME = /(?:^|_)ip(?:_|$)|ip$|address/i;
const QUERY_NAME = /quer|param|cookie|token|authorization|signature$|secret|password|credential/i;

/** Deeper JSON, more values than this and longer texts are no record. */
const DEEPEST = 16;
const MOST_VALUES = 1_000;

/**
 * A rejected line as it may be kept and sent: its address, whatever else looks like one, and whatever may be the value of a query masked.
 *
 * @param bytes a line without its line feed; more than {@link MOST_EXCERPT_BYTES} are not looked at
 * @returns undefined when it may hold an address all the same
 */
export function maskExcerpt(bytes: Uint8Array): string | undefined {
  const isCut = bytes.length > MOST_EXCERPT_BYTES;
  const whole = Buffer.from(bytes.subarray(0, MOST_EXCERPT_BYTES)).toString('latin1');
  const line = isCut ? withoutLastWord(whole) : whole;
  const value = isCut ? undefined : jsonOf(bytes);
  if (value !== undefined) return maskRecord(value);
  const readings = readingsOf(line);
  if (readings === undefined) return undefined;
  const fields = [...line.matchAll(ADDRESS_FIELDS)].map(({ index, 0: found }) => ({
    from: index + found.lastIndexOf(' ') + 1,
    to: index + found.length,
  }));
  const addresses = [
    ...addressField(line),
    ...fields,
    ...findAddresses(readings),
    ...cutAddresses(line),
  ];
  return shown(masked(line, addresses, findQueries(readings)), isCut);
}

/**
 * As {@link maskExcerpt}, of a structured record.
 *
 * @param record parsed JSON
 */
export function maskRecord(record: unknown): string | undefined {
  const left = { values: MOST_VALUES, characters: MOST_EXCERPT_BYTES };
  const value = maskValue(record, '', 0, left);
  if (isTooMuch(left)) return undefined;
  const text = JSON.stringify(value);
  return shown(Buffer.from(text, 'utf8').toString('latin1'), false);
}

/** What is left of a record's bounds. */
interface Left {
  values: number;
  characters: number;
}

function isTooMuch({ values, characters }: Left): boolean {
  return values < 0 || characters < 0;
}

function maskValue(value: unknown, name: string, depth: number, left: Left): unknown {
  left.values -= depth > DEEPEST ? MOST_VALUES + 1 : 1;
  if (isTooMuch(left) || value === null || typeof value === 'boolean') return value;
  if (ADDRESS_NAME.test(name)) return value === '' || value === '-' ? value : ADDRESS_MASK;
  if (QUERY_NAME.test(name)) return QUERY_MASK;
  if (typeof value === 'string') return maskField(value, left);
  if (Array.isArray(value)) return value.map((item) => maskValue(item, name, depth + 1, left));
  if (typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      maskField(key, left),
      maskValue(item, key, depth + 1, left),
    ]),
  );
}

function maskField(text: string, left: Left): string {
  left.characters -= text.length;
  if (isTooMuch(left)) return '';
  const written = Buffer.from(text, 'utf8').toString('latin1');
  const readings = readingsOf(written);
  if (readings === undefined) return QUERY_MASK;
  const bytes = masked(written, findAddresses(readings), findQueryIn(readings));
  return Buffer.from(bytes, 'latin1').toString('utf8');
}

function masked(text: string, addresses: readonly Extent[], queries: readonly Extent[]): string {
  const all = [
    ...addresses.map((extent) => ({ ...extent, mask: ADDRESS_MASK })),
    ...queries.map((extent) => ({ ...extent, mask: QUERY_MASK })),
  ];
  return replaceExtents(text, all, [QUERY_MASK, ADDRESS_MASK]);
}

/** What is masked as text, of bounded length, once it has been looked at again. */
function shown(text: string, isCut: boolean): string | undefined {
  const bytes = Buffer.from(printableText(Buffer.from(text, 'latin1').toString('utf8')));
  const isLong = isCut || bytes.length > MOST_EXCERPT_BYTES;
  const kept = bytes.subarray(0, MOST_EXCERPT_BYTES).toString('latin1');
  const readings = readingsOf(kept);
  if (readings === undefined || mayHoldAddress(readings)) return undefined;
  // A character that was cut ends in none.
  return `${Buffer.from(kept, 'latin1')
    .toString('utf8')
    .replace(/\ufffd+$/, '')}${isLong ? '…' : ''}`;
}

function mayHoldAddress(readings: readonly Reading[]): boolean {
  return findAddresses(readings).length > 0 || readings.some(({ text }) => holdsAddress(text));
}

const PART_OF_ADDRESS = /[0-9A-Fa-f.:]/;

/** What may be left of an address where a line was cut before it was delivered. */
function cutAddresses(line: string): Extent[] {
  const found: Extent[] = [];
  const add = (from: number, to: number): void => {
    if (/[.:]/.test(line.slice(from, to)) && /\d/.test(line.slice(from, to))) {
      found.push({ from, to });
    }
  };
  let to = 0;
  while (to < line.length && PART_OF_ADDRESS.test(line[to])) to++;
  if (!beginsAsLine(line)) add(0, to);
  let from = line.length;
  while (from > 0 && PART_OF_ADDRESS.test(line[from - 1])) from--;
  add(from, line.length);
  return found;
}

/** What a line is cut in may be an address, or what one is escaped with. */
function withoutLastWord(text: string): string {
  let end = text.length;
  while (end > 0 && text[end - 1] !== ' ') end--;
  return text.slice(0, end);
}

const FIRST = /^[ \t]*[[{,]/;

/** A line that is JSON, perhaps one of several lines of an array. */
function jsonOf(bytes: Uint8Array): unknown {
  const text = Buffer.from(bytes).toString('utf8');
  if (!FIRST.test(text)) return undefined;
  try {
    const value: unknown = JSON.parse(text.trim().replace(/^,/, '').replace(/,$/, ''));
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
