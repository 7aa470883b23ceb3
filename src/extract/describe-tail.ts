import { QUOTE, SPACE } from './bytes.js';
import { FIELD, type Line } from './line.js';
import { NOTE } from './reasons.js';

/** Fields 18 to 27 in their order: version id to source region. */
const TAIL_FIELDS: readonly RegExp[] = [
  /^[^"]+$/, // version id
  /^[\w+/=.-]+$/, // host id
  /^(SigV\w+|-)$/, // signature version
  /^[\w-]+$/, // cipher suite
  /^(AuthHeader|QueryString|-)$/, // authentication type
  /^([\w.-]+(:\d+)?|-)$/, // host header
  /^(TLSv\d[\d.]*|-)$/i, // TLS version
  /^(arn:\S+|-)$/, // access point ARN
  /^(Yes|-)$/, // ACL required
  /^([a-z0-9-]+|-)$/, // source region
];

/**
 * Find the likely end of the user agent, which may hold quotes and spaces: the last quote after
 * which the fields that S3 writes there follow. Corrects the bounds of the user agent in `line`, and
 * notes a tail that is not recognised or has more fields than are known.
 *
 * Only for people who look at a line: nothing here changes what counts.
 *
 * @returns the words after the user agent
 */
export function describeTail(bytes: Uint8Array, line: Line): string[] {
  const end = contentEnd(bytes);
  const agentStart = line.bounds[2 * FIELD.userAgent];
  const quoted = bytes[agentStart - 1] === QUOTE;
  if (!quoted) return judge(words(bytes, line.tailStart, end), line);
  let fallback = -1;
  for (let close = end - 1; close >= agentStart; close--) {
    if (bytes[close] !== QUOTE || (close + 1 < end && bytes[close + 1] !== SPACE)) continue;
    const tail = words(bytes, Math.min(close + 2, end), end);
    if (tail.length > 0 && isRecognised(tail)) {
      line.bounds[2 * FIELD.userAgent + 1] = close;
      return judge(tail, line);
    }
    if (tail.length === 0 || fallback < 0) fallback = close;
  }
  line.bounds[2 * FIELD.userAgent + 1] = fallback;
  return judge(words(bytes, Math.min(fallback + 2, end), end), line);
}

function judge(tail: string[], line: Line): string[] {
  if (!isRecognised(tail)) line.notes |= NOTE.tail_not_recognised;
  else if (tail.length > TAIL_FIELDS.length) line.notes |= NOTE.extra_trailing_fields;
  return tail;
}

function isRecognised(tail: readonly string[]): boolean {
  return TAIL_FIELDS.every((form, i) => i >= tail.length || form.test(tail[i]));
}

function words(bytes: Uint8Array, start: number, end: number): string[] {
  if (start >= end) return [];
  return Buffer.from(bytes.subarray(start, end)).toString('latin1').split(' ');
}

function contentEnd(bytes: Uint8Array): number {
  let end = bytes.length;
  if (end > 0 && bytes[end - 1] === 0x0d) end--;
  while (end > 0 && bytes[end - 1] === SPACE) end--;
  return end;
}
