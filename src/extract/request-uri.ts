import { ascii, DASH, DOT, isDigit, QUOTE, SPACE, startsWith } from './bytes.js';

const PROTOCOL = ascii('HTTP/');

/** Where the parts of a quoted request line stand. Made once, used for every line. */
export class RequestUri {
  targetStart = 0;
  targetEnd = 0;
  /** Position of the closing quote. */
  closingQuote = 0;
  hasProtocol = false;
}

/**
 * Find the end of `"METHOD target HTTP/x.y"`. What the client sends is logged raw, so a quote proves
 * nothing; but a target holds no space, so the second space ends it, and only the protocol and a
 * quote may follow. Request lines without a protocol are accepted when a status follows the quote.
 *
 * @param at position of the opening quote
 * @returns whether it has that form
 */
export function findRequestUri(
  buffer: Uint8Array,
  at: number,
  end: number,
  uri: RequestUri,
): boolean {
  let i = at + 1;
  const methodStart = i;
  while (i < end && isMethodByte(buffer[i])) i++;
  if (i === methodStart || i >= end || buffer[i] !== SPACE) return false;
  uri.targetStart = ++i;
  while (i < end && buffer[i] !== SPACE) i++;
  if (i >= end || i === uri.targetStart) return false;
  const targetEnd = i++;
  const quote = endOfProtocol(buffer, i, end);
  if (quote >= 0) {
    uri.targetEnd = targetEnd;
    uri.closingQuote = quote;
    uri.hasProtocol = true;
    return true;
  }
  if (buffer[targetEnd - 1] !== QUOTE || targetEnd - 1 === uri.targetStart) return false;
  if (!isStatusToken(buffer, i, end)) return false;
  uri.targetEnd = targetEnd - 1;
  uri.closingQuote = targetEnd - 1;
  uri.hasProtocol = false;
  return true;
}

/** Position of the quote that closes `HTTP/1.1"` (or `HTTP/2"`) before a space or the end, or -1. */
function endOfProtocol(buffer: Uint8Array, at: number, end: number): number {
  if (!startsWith(buffer, at, end, PROTOCOL)) return -1;
  let i = at + PROTOCOL.length;
  if (i >= end || !isDigit(buffer[i])) return -1;
  i++;
  if (i + 1 < end && buffer[i] === DOT && isDigit(buffer[i + 1])) i += 2;
  if (i >= end || buffer[i] !== QUOTE) return -1;
  return i + 1 === end || buffer[i + 1] === SPACE ? i : -1;
}

function isMethodByte(byte: number): boolean {
  return (byte >= 0x41 && byte <= 0x5a) || byte === DASH || byte === 0x5f;
}

function isStatusToken(buffer: Uint8Array, at: number, end: number): boolean {
  if (at < end && buffer[at] === DASH) return at + 1 === end || buffer[at + 1] === SPACE;
  return (
    at + 3 <= end &&
    isDigit(buffer[at]) &&
    isDigit(buffer[at + 1]) &&
    isDigit(buffer[at + 2]) &&
    (at + 3 === end || buffer[at + 3] === SPACE)
  );
}

/**
 * How many places of a line look like what stands between request line and referer:
 * `" NNN word n n n n `. More than one means that a client may have written one of them.
 */
export function countStatusBlocks(buffer: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let i = start; i + 1 < end; i++) {
    if (buffer[i] === QUOTE && buffer[i + 1] === SPACE && isStatusBlock(buffer, i + 2, end)) {
      count++;
    }
  }
  return count;
}

function isStatusBlock(buffer: Uint8Array, at: number, end: number): boolean {
  if (!isStatusToken(buffer, at, end)) return false;
  let i = nextToken(buffer, at, end);
  if (i >= end) return false;
  i = nextToken(buffer, i, end); // the error code: any word
  for (let field = 0; field < 4; field++) {
    if (i >= end) return false;
    const tokenStart = i;
    if (buffer[i] === DASH) i++;
    else while (i < end && isDigit(buffer[i])) i++;
    if (i === tokenStart || i >= end || buffer[i] !== SPACE) return false;
    i++;
  }
  return true;
}

function nextToken(buffer: Uint8Array, at: number, end: number): number {
  let i = at;
  while (i < end && buffer[i] !== SPACE) i++;
  return i + 1;
}
