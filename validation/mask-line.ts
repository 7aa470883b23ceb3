import { isIPv6 } from 'node:net';

const MASK = '[address]';

/** More of a line is not shown. */
const MOST_CHARACTERS = 4_000;

/** The word behind the time, whatever it is: where the address stands. */
const ADDRESS_FIELD = /^([^\]]*\] +)(?!- )\S+/;

/** Four numbers with dots, encoded or not, or dashes as in names of hosts. */
const V4 = /(?<!\d)\d{1,3}(?:-\d{1,3}){3}(?!\d)|\d{1,3}(?:(?:\.|%(?:25)?2e)\d{1,3}){3}/gi;

/** What may be or hold an address of version 6: hexadecimal digits and colons, encoded or not. */
const V6_LIKE = /(?:[0-9a-f.]|:|%(?:25)?3a){2,}/gi;
const COLON = /:|%(?:25)?3a/gi;

const GROUP = /[0-9a-f]+/gi;

/** No other notation has so many in a row. */
const V6_COLONS = 5;

/**
 * A line as it may be shown: its address masked, and whatever else looks like one, wherever it stands (in a query, a referer, a name of a
 * host). Rather too much than too little is masked. What clients encode in ways of their own cannot be seen.
 *
 * @param bytes a line without its line feed
 */
export function maskLine(bytes: Uint8Array): string {
  // One character a byte, so that no byte hides from the expressions.
  const masked = Buffer.from(bytes)
    .toString('latin1')
    .replace(ADDRESS_FIELD, `$1${MASK}`)
    .replace(V6_LIKE, maskV6)
    .replace(V4, MASK);
  const text = Buffer.from(masked, 'latin1').toString('utf8');
  const shown = text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  return shown.replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function maskV6(found: string, at: number, line: string): string {
  const plain = found.replace(COLON, ':');
  if ((plain.match(COLON)?.length ?? 0) >= V6_COLONS) return MASK;
  if (!plain.includes('::')) return found;
  // Two groups, whatever stands around them: `iam::cloudfront` has one on each side that is no group as a whole.
  if ((plain.match(GROUP)?.length ?? 0) >= 3) return MASK;
  if (/^\w/.test(line.slice(at + found.length))) return found;
  const trimmed = plain.replace(/^\.+|\.+$/g, '').replace(/^:(?!:)|(?<!:):$/g, '');
  return isIPv6(trimmed) ? MASK : found;
}
