import { CR, DASH, DOT, isDigit, QUOTE, SPACE, UNDERSCORE } from '../extract/bytes.js';
import { FIELD, type Line } from '../extract/line.js';

/** Fields 18 to 27: version id to source region. */
export const TAIL_FIELD_COUNT = 10;

/** Where the fields after the user agent stand. Made once, used for every line. */
export class TailFields {
  /** Start and end of field 18 + f at [2f] and [2f + 1]. */
  readonly bounds = new Int32Array(2 * TAIL_FIELD_COUNT);
  /** How many of them there are. */
  count = 0;
  /** Further fields, which nobody knows yet, as they stand; start = end: none. */
  moreStart = 0;
  moreEnd = 0;
}

/**
 * Find where the user agent ends, which may hold quotes and spaces, and the fields behind it: as `describeTail` does, for many lines, and
 * in time that grows with the length of the line alone, whatever it holds. Corrects the bounds of the user agent in `line`.
 *
 * @param end of the line, line feed excluded
 */
export function findTailFields(
  buffer: Buffer,
  start: number,
  end: number,
  line: Line,
  tail: TailFields,
): void {
  const contentEnd = trimEnd(buffer, start, end);
  const agentStart = line.bounds[2 * FIELD.userAgent];
  if (buffer[agentStart - 1] !== QUOTE) {
    takeWords(buffer, Math.min(line.tailStart, contentEnd), contentEnd, tail);
    return;
  }
  const first = line.bounds[2 * FIELD.userAgent + 1];
  const next = buffer.indexOf(QUOTE, first + 1);
  // Nearly all agents hold no quote.
  const close =
    next < 0 || next >= contentEnd ? first : likelyClose(buffer, first, contentEnd, tail);
  line.bounds[2 * FIELD.userAgent + 1] = close;
  takeWords(buffer, Math.min(close + 2, contentEnd), contentEnd, tail);
}

/** The last quote after which fields follow that look as they should; else the last one. */
function likelyClose(buffer: Buffer, first: number, end: number, tail: TailFields): number {
  let fallback = -1;
  for (let close = end - 1; close >= first; close--) {
    if (buffer[close] !== QUOTE || (close + 1 < end && buffer[close + 1] !== SPACE)) continue;
    takeWords(buffer, Math.min(close + 2, end), end, tail);
    if (tail.count > 0 && isRecognised(buffer, tail)) return close;
    if (fallback < 0) fallback = close;
  }
  return fallback;
}

/** Looks at no more words than there are known fields. */
function takeWords(buffer: Buffer, start: number, end: number, tail: TailFields): void {
  const { bounds } = tail;
  tail.count = 0;
  tail.moreStart = end;
  tail.moreEnd = end;
  if (start >= end) return;
  let i = start;
  while (tail.count < TAIL_FIELD_COUNT) {
    const wordStart = i;
    while (i < end && buffer[i] !== SPACE) i++;
    bounds[2 * tail.count] = wordStart;
    bounds[2 * tail.count + 1] = i;
    tail.count++;
    if (i >= end) return;
    i++;
  }
  tail.moreStart = i;
}

function isRecognised(buffer: Buffer, { bounds, count }: TailFields): boolean {
  for (let field = 0; field < count; field++) {
    if (!FORMS[field](buffer, bounds[2 * field], bounds[2 * field + 1])) return false;
  }
  return true;
}

type Form = (buffer: Buffer, start: number, end: number) => boolean;

const isDash: Form = (buffer, start, end) => end - start === 1 && buffer[start] === DASH;

/** Letters, digits, `_` and the bytes given. */
function wordOf(...others: readonly number[]): Form {
  const allowed = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) {
    const letter = byte | 0x20;
    const isLetter = byte < 0x80 && letter >= 0x61 && letter <= 0x7a;
    if (isLetter || isDigit(byte) || byte === UNDERSCORE || others.includes(byte))
      allowed[byte] = 1;
  }
  return (buffer, start, end) => {
    if (start === end) return false;
    for (let i = start; i < end; i++) if (allowed[buffer[i]] === 0) return false;
    return true;
  };
}

const isWord = wordOf();
const isDashedWord = wordOf(DASH);
const isHost = wordOf(DOT, DASH);

function isText(text: string): Form {
  return (buffer, start, end) =>
    end - start === text.length && buffer.toString('latin1', start, end) === text;
}

function beginsWith(text: string): Form {
  return (buffer, start, end) =>
    end - start > text.length && buffer.toString('latin1', start, start + text.length) === text;
}

function oneOf(...forms: readonly Form[]): Form {
  return (buffer, start, end) => forms.some((form) => form(buffer, start, end));
}

const isSignature: Form = (buffer, start, end) =>
  beginsWith('SigV')(buffer, start, end) && isWord(buffer, start + 4, end);

const isHostAndPort: Form = (buffer, start, end) => {
  let i = end;
  while (i > start && isDigit(buffer[i - 1])) i--;
  const hasPort = i < end && i > start && buffer[i - 1] === 0x3a;
  return isHost(buffer, start, hasPort ? i - 1 : end);
};

const isTls: Form = (buffer, start, end) => {
  if (end - start < 5 || buffer.toString('latin1', start, start + 4).toLowerCase() !== 'tlsv')
    return false;
  if (!isDigit(buffer[start + 4])) return false;
  for (let i = start + 5; i < end; i++) if (!isDigit(buffer[i]) && buffer[i] !== DOT) return false;
  return true;
};

const isRegion: Form = (buffer, start, end) => {
  for (let i = start; i < end; i++) if (buffer[i] >= 0x41 && buffer[i] <= 0x5f) return false;
  return isDashedWord(buffer, start, end);
};

const isArn: Form = beginsWith('arn:');

/** Source: "Amazon S3 server access log format" in the Amazon S3 User Guide; the same as describe-tail.ts. */
const FORMS: readonly Form[] = [
  (buffer, start, end) => {
    if (start === end) return false;
    for (let i = start; i < end; i++) if (buffer[i] === QUOTE) return false;
    return true;
  },
  wordOf(0x2b, 0x2f, 0x3d, DOT, DASH),
  oneOf(isDash, isSignature),
  isDashedWord,
  oneOf(isDash, isText('AuthHeader'), isText('QueryString')),
  oneOf(isDash, isHostAndPort),
  oneOf(isDash, isTls),
  oneOf(isDash, isArn),
  oneOf(isDash, isText('Yes')),
  oneOf(isDash, isRegion),
];

function trimEnd(buffer: Buffer, start: number, end: number): number {
  let i = end;
  if (i > start && buffer[i - 1] === CR) i--;
  while (i > start && buffer[i - 1] === SPACE) i--;
  return i;
}
