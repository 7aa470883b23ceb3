import { DASH, OPEN_BRACKET, QUOTE, SPACE } from './bytes.js';
import { FIELD, type Line } from './line.js';
import { parseTime, TIME_LENGTH } from './parse-time.js';

/**
 * Find referer and user agent from the position after the turn-around time. Both are raw: what
 * stands in them can neither move nor change a field before them. Only whether they close at
 * all is decided here, so the first possible place will do; `describeTail` finds the likely one.
 *
 * @returns false when the line ends inside them
 */
export function findTail(buffer: Uint8Array, at: number, end: number, line: Line): boolean {
  const { bounds } = line;
  let i = at;
  if (i >= end) return false;
  const isRefererQuoted = buffer[i] === QUOTE;
  if (buffer[i] === DASH && i + 1 < end && buffer[i + 1] === SPACE) {
    bounds[2 * FIELD.referer] = i;
    bounds[2 * FIELD.referer + 1] = i + 1;
    i += 2;
  } else if (isRefererQuoted) {
    const close = refererEnd(buffer, i + 1, end);
    if (close < 0) return false;
    bounds[2 * FIELD.referer] = i + 1;
    bounds[2 * FIELD.referer + 1] = close;
    i = close + 2;
  } else {
    return false;
  }
  if (i >= end) return false;
  if (buffer[i] === DASH && (i + 1 === end || buffer[i + 1] === SPACE)) {
    bounds[2 * FIELD.userAgent] = i;
    bounds[2 * FIELD.userAgent + 1] = i + 1;
    line.tailStart = Math.min(i + 2, end);
    return true;
  }
  if (buffer[i] !== QUOTE) return false;
  const close = closingQuote(buffer, i + 1, end);
  if (close < 0) return isRefererQuoted && bareAgentAfter(buffer, i, end, line);
  bounds[2 * FIELD.userAgent] = i + 1;
  bounds[2 * FIELD.userAgent + 1] = close;
  line.tailStart = Math.min(close + 2, end);
  return true;
}

/** The first quote followed by a space and the start of a user agent. */
function refererEnd(buffer: Uint8Array, at: number, end: number): number {
  for (let i = at; i + 2 < end; i++) {
    if (buffer[i] !== QUOTE || buffer[i + 1] !== SPACE) continue;
    if (buffer[i + 2] === QUOTE || isBareDash(buffer, i + 2, end)) return i;
  }
  return -1;
}

/**
 * What looked like the start of a quoted user agent never closes: it belongs to the referer when a bare user agent follows
 * later (`"a" " -`).
 *
 * @param at from here on the referer may end
 */
function bareAgentAfter(buffer: Uint8Array, at: number, end: number, line: Line): boolean {
  for (let i = at; i + 2 < end; i++) {
    if (buffer[i] !== QUOTE || buffer[i + 1] !== SPACE || !isBareDash(buffer, i + 2, end)) continue;
    line.bounds[2 * FIELD.referer + 1] = i;
    line.bounds[2 * FIELD.userAgent] = i + 2;
    line.bounds[2 * FIELD.userAgent + 1] = i + 3;
    line.tailStart = Math.min(i + 4, end);
    return true;
  }
  return false;
}

function isBareDash(buffer: Uint8Array, at: number, end: number): boolean {
  return buffer[at] === DASH && (at + 1 === end || buffer[at + 1] === SPACE);
}

/** The first quote followed by a space or the end of the line. */
function closingQuote(buffer: Uint8Array, at: number, end: number): number {
  for (let i = at; i < end; i++) {
    if (buffer[i] === QUOTE && (i + 1 === end || buffer[i + 1] === SPACE)) return i;
  }
  return -1;
}

/**
 * Whether a second record begins inside this line's tail (a lost line feed): the same bucket
 * owner, a word, and a time in brackets that exists. All buckets that log to one place have one
 * owner, and a client does not know its identifier, so that a user agent made to look like a record
 * does not pass for one.
 *
 * @param bracket position of the first `[` at or after the turn-around time, before `end`
 */
export function holdsSecondRecord(
  buffer: Uint8Array,
  bracket: number,
  end: number,
  line: Line,
): boolean {
  const ownerStart = line.bounds[2 * FIELD.bucketOwner];
  const ownerLength = line.bounds[2 * FIELD.bucketOwner + 1] - ownerStart;
  for (let at = bracket; at >= 0 && at + TIME_LENGTH <= end; ) {
    if (buffer[at - 1] === SPACE && !Number.isNaN(parseTime(buffer, at, end))) {
      let i = at - 2;
      while (i > ownerStart && buffer[i] !== SPACE) i--;
      const candidate = i - ownerLength;
      if (i < at - 2 && candidate > ownerStart && sameOwner(buffer, candidate, line)) return true;
    }
    at = buffer.indexOf(OPEN_BRACKET, at + 1);
    if (at >= end) return false;
  }
  return false;
}

function sameOwner(buffer: Uint8Array, at: number, line: Line): boolean {
  const start = line.bounds[2 * FIELD.bucketOwner];
  const end = line.bounds[2 * FIELD.bucketOwner + 1];
  // A one-letter "owner" would be found everywhere.
  if (end - start < 4) return false;
  for (let i = start, j = at; i < end; i++, j++) if (buffer[i] !== buffer[j]) return false;
  return true;
}
