/** One line as a row: the same as `RowEncoder.add`, for lines of plain bytes in which no text may hold an address. */
import { CR, QUESTION, QUOTE, SPACE } from '../../extract/assembly/bytes';
import { mayHoldAddress } from './may-hold-address';
import {
  at,
  isDash,
  putField,
  putInt16,
  putInt32,
  putInt64,
  putNull,
  putNumber,
  putText,
  writeAt,
} from './write';

const COLUMNS: u32 = 30;
/** Fields 18 to 27: version id to source region. */
const TAIL_FIELDS: u32 = 10;
/** Microseconds of PostgreSQL's times count from 2000. */
const EPOCH_2000_SECONDS: i64 = 946_684_800;

// As in line.ts.
const BUCKET_OWNER: u32 = 0;
const BUCKET: u32 = 1;
const REQUESTER: u32 = 4;
const REQUEST_ID: u32 = 5;
const OPERATION: u32 = 6;
const KEY: u32 = 7;
const REQUEST_URI: u32 = 8;
const ERROR_CODE: u32 = 10;
const BYTES_SENT: u32 = 11;
const TURN_AROUND_TIME: u32 = 14;
const REFERER: u32 = 15;
const USER_AGENT: u32 = 16;

let input: usize = 0;
let bounds: usize = 0;
let words: usize = 0;
let object: u64 = 0;

/** Where the line at hand is described, see index.ts. */
export function useLine(inputAt: usize, boundsAt: usize, wordsAt: usize): void {
  input = inputAt;
  bounds = boundsAt;
  words = wordsAt;
}

/** Rows are of this log object from now on. */
export function setObject(high: u32, low: u32): void {
  object = ((<u64>high) << 32) | <u64>low;
}

function startOf(field: u32): usize {
  return input + <usize>load<u32>(bounds + 8 * field);
}

function endOf(field: u32): usize {
  return input + <usize>load<u32>(bounds + 8 * field + 4);
}

/**
 * Write the row of an accepted line of plain bytes: ASCII, no NUL, no backslash. Of its address there are 16 bytes left free, 42 behind
 * the beginning of the row.
 *
 * @param from position of the line in the input
 * @param to where it ends
 * @param place address to write to, with room for the line and 512 bytes
 * @param offset of the line in its log object
 * @param tailStart position of the fields behind the user agent
 * @returns bytes of the row; 0 when the line is one for the careful encoder
 */
export function encodeRow(
  from: u32,
  to: u32,
  place: usize,
  timeSeconds: f64,
  offset: f64,
  status: u32,
  isSkipped: bool,
  hasAddress: bool,
  tailStart: u32,
): u32 {
  const own = hasAddress ? words : 0;
  const end = contentEnd(input + from, input + to);
  const tail = min(behindAgent(tailStart), end);
  // A quote that was taken for the end of the agent may have been within it.
  if (isQuoted() && holds(endOf(USER_AGENT) + 1, end, QUOTE)) return 0;
  writeAt(place);
  putInt16(COLUMNS);
  putInt64((<i64>timeSeconds - EPOCH_2000_SECONDS) * 1_000_000);
  putInt64(object);
  putInt64(<i64>offset);
  if (hasAddress) {
    putInt32(16);
    writeAt(at + 16);
  } else {
    putNull();
  }
  putField(startOf(BUCKET_OWNER), endOf(BUCKET_OWNER));
  putField(startOf(BUCKET), endOf(BUCKET));
  if (!putClientText(startOf(REQUESTER), endOf(REQUESTER), false, own)) return 0;
  putField(startOf(REQUEST_ID), endOf(REQUEST_ID));
  putField(startOf(OPERATION), endOf(OPERATION));
  if (isSkipped) putField(startOf(KEY), endOf(KEY));
  else putText(startOf(KEY), endOf(KEY));
  if (!putRequestUri(own)) return 0;
  if (status === 0) {
    putNull();
  } else {
    putInt32(2);
    putInt16(status);
  }
  putField(startOf(ERROR_CODE), endOf(ERROR_CODE));
  for (let field = BYTES_SENT; field <= TURN_AROUND_TIME; field++) {
    putNumber(startOf(field), endOf(field));
  }
  if (!putClientText(startOf(REFERER), endOf(REFERER), false, own)) return 0;
  if (!putClientText(startOf(USER_AGENT), endOf(USER_AGENT), true, own)) return 0;
  if (!putTail(tail, end, own)) return 0;
  return <u32>(at - place);
}

/** @returns whether that is all there is to it */
function putClientText(start: usize, end: usize, isAgent: bool, own: usize): bool {
  if (isDash(start, end)) {
    putNull();
    return true;
  }
  if (mayHoldAddress(start, end, isAgent, own)) return false;
  putText(start, end);
  return true;
}

function putRequestUri(own: usize): bool {
  const start = startOf(REQUEST_URI);
  const end = endOf(REQUEST_URI);
  if (isDash(start, end)) {
    putNull();
    return true;
  }
  const query = find(start, end, QUESTION);
  if (query < end && mayHoldAddress(query, end, false, own)) return false;
  putText(start, end);
  return true;
}

/** The fields behind the user agent, each a word, and what stands behind them as one text. */
function putTail(start: usize, end: usize, own: usize): bool {
  let i = start;
  let count: u32 = 0;
  // With nothing there, not even an empty word.
  let isOver = start >= end;
  for (; count < TAIL_FIELDS && !isOver; count++) {
    const wordEnd = find(i, end, SPACE);
    if (!putClientText(i, wordEnd, false, own)) return false;
    isOver = wordEnd >= end;
    i = wordEnd + 1;
  }
  for (; count < TAIL_FIELDS; count++) putNull();
  if (!isOver && i < end) return putClientText(i, end, false, own);
  putNull();
  return true;
}

function isQuoted(): bool {
  return load<u8>(startOf(USER_AGENT) - 1) === QUOTE;
}

function behindAgent(tailStart: u32): usize {
  return isQuoted() ? endOf(USER_AGENT) + 2 : input + tailStart;
}

/** Without a carriage return and the spaces before it. */
function contentEnd(start: usize, end: usize): usize {
  let i = end;
  if (i > start && load<u8>(i - 1) === CR) i--;
  while (i > start && load<u8>(i - 1) === SPACE) i--;
  return i;
}

function holds(start: usize, end: usize, byte: u8): bool {
  return start < end && find(start, end, byte) < end;
}

/** @returns where the byte stands first, `end` when it does not */
function find(start: usize, end: usize, byte: u8): usize {
  for (let i = start; i < end; i += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(i), i8x16.splat(<i8>byte)));
    if (mask !== 0) return min(i + <usize>ctz<u32>(mask), end);
  }
  return end;
}
