/** A line of the usual form as a row: the same as `RowEncoder` writes. */
import { DASH, QUESTION, QUOTE, SPACE } from '../../extract/assembly/bytes';
import {
  addressVersion,
  agentEnd,
  agentStart,
  bucketEnd,
  bucketStart,
  errorCodeEnd,
  errorCodeStart,
  httpStatus,
  keyEnd,
  keyStart,
  numbersStart,
  operationEnd,
  operationStart,
  ownerStart,
  refererEnd,
  refererStart,
  requesterEnd,
  requesterStart,
  requestIdEnd,
  requestIdStart,
  requestUriEnd,
  requestUriStart,
  tailStart,
} from '../../extract/assembly/kept-fields';
import { timeSeconds } from '../../extract/assembly/parse-time';
import { mayHoldAddress } from './may-hold-address';
import {
  at,
  isDash,
  putField,
  putInt16,
  putInt32,
  putInt64,
  putNull,
  putText,
  writeAt,
} from './write';

/** Room for the numbers and lengths of a row, and its address. */
export const FIXED_BYTES: usize = 512;
/** Where in a row the 16 bytes of its address stand. */
export const ADDRESS_OFFSET: usize = 42;

const COLUMNS: u32 = 30;
/** Fields 18 to 27: version id to source region. */
const TAIL_FIELDS: u32 = 10;
/** Microseconds of PostgreSQL's times count from 2000. */
const EPOCH_2000_SECONDS: i64 = 946_684_800;

let object: u64 = 0;

/** Rows are of this log object from now on. */
export function setObject(high: u32, low: u32): void {
  object = ((<u64>high) << 32) | <u64>low;
}

/**
 * Write the row of the line that `takeLine` took last, which holds plain bytes alone. Its address is left out.
 *
 * @param end of the line
 * @param place to write to, with room for the line and {@link FIXED_BYTES}
 * @param offset of the line in its log object
 * @param address of the line, 16 bytes, if it has one
 * @returns bytes of the row; 0 when the line is one for the careful encoder
 */
export function encodeRow(end: usize, place: usize, offset: f64, address: usize): u32 {
  const hasAddress = addressVersion !== 0;
  const own = hasAddress ? address : 0;
  // A quote that was taken for the end of the agent may have been within it.
  if (load<u8>(agentStart - 1) === QUOTE && find(agentEnd + 1, end, QUOTE) < end) return 0;
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
  putField(ownerStart, bucketStart - 1);
  putField(bucketStart, bucketEnd);
  if (!putClientText(requesterStart, requesterEnd, false, own)) return 0;
  putField(requestIdStart, requestIdEnd);
  putField(operationStart, operationEnd);
  // Of what was answered with an object no key is `-`: such lines are for the careful parser.
  putField(keyStart, keyEnd);
  if (!putRequestUri(own)) return 0;
  if (httpStatus === 0) {
    putNull();
  } else {
    putInt32(2);
    putInt16(httpStatus);
  }
  putField(errorCodeStart, errorCodeEnd);
  putNumbers();
  if (!putClientText(refererStart, refererEnd, false, own)) return 0;
  if (!putClientText(agentStart, agentEnd, true, own)) return 0;
  if (!putTail(min(tailStart, end), end, own)) return 0;
  return <u32>(at - place);
}

/** Four of them, digits or `-`, a space after each. */
function putNumbers(): void {
  let i = numbersStart;
  for (let n = 0; n < 4; n++) {
    if (load<u8>(i) === DASH) {
      putNull();
      i += 2;
      continue;
    }
    let value: u64 = 0;
    let byte = load<u8>(i);
    while (byte !== SPACE) {
      value = value * 10 + <u64>(byte - 0x30);
      byte = load<u8>(++i);
    }
    putInt64(value);
    i++;
  }
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
  const start = requestUriStart;
  const end = requestUriEnd;
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

/** @returns where the byte stands first, `end` when it does not */
function find(start: usize, end: usize, byte: u8): usize {
  for (let i = start; i < end; i += 16) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(i), i8x16.splat(<i8>byte)));
    if (mask !== 0) return min(i + <usize>ctz<u32>(mask), end);
  }
  return end;
}
