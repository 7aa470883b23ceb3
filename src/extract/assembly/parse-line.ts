import {
  CR,
  DASH,
  LF,
  nextFeedOrBracket,
  nextQuoteFeedOrBracket,
  nextStop,
  nextStopFar,
  QUOTE,
  SPACE,
} from './bytes';
import {
  keepAddressVersion,
  keepAgent,
  keepBucket,
  keepKey,
  keepReferer,
  keepRequester,
  keepRequestUri,
  keepStatus,
  keepsFields,
} from './kept-fields';
import { isPath, isPathDecoded } from './key-target';
import { addressFound, parseV4, parseV6, v4Address } from './parse-address';
import {
  findOperation,
  firstNumberLength,
  isOperation,
  numberAt,
  operationEnd,
  operationStart,
  takeErrorCode,
  takeKey,
  takeMethod,
  takeNumbers,
  takeProtocol,
  takeToken,
} from './parse-fields';
import { parseTime, TIME_LENGTH, timeSeconds, zoneSeconds } from './parse-time';
import { keepsKeys, recordKey, recordKeyStart } from './record-key';
import { addRecord, setNoRequester, setWaitingV4, setWaitingV6 } from './records';

/** Longer lines are for the careful parser, which refuses them. */
const LONGEST_LINE: usize = 1 << 20;

/** Accepted lines that are no records. */
export let skippedLines: u32 = 0;
/** Accepted lines with these notes (src/extract/reasons.ts). */
export let requestersWithSpaces: u32 = 0;
export let spacesBeforeRequester: u32 = 0;
export let otherZones: u32 = 0;
/** Records that were not kept for their key; among the lines skipped. */
export let otherKeys: u32 = 0;

export function clearCounts(): void {
  skippedLines = 0;
  otherKeys = 0;
  requestersWithSpaces = 0;
  spacesBeforeRequester = 0;
  otherZones = 0;
}

/**
 * Take a line of the usual form: one that the careful parser (src/extract/parse-line.ts) accepts, and
 * without anything worth a note but what is counted above. All that is decided here is decided as
 * there; whatever is unusual is left to it. Nothing is changed before the line is known to be fine.
 *
 * @param at first byte of the line
 * @param most its line feed stands at this address at most
 * @returns the address after its line feed, or 0 when it is not of that form
 */
export function takeLine(at: usize, most: usize): usize {
  let i = takeToken(at); // bucket owner
  if (i === 0) return 0;
  const bucket = i;
  i = takeToken(i);
  if (i === 0) return 0;
  const bucketLength = i - 1 - bucket;
  keepBucket(at, bucket, i - 1);
  if (!parseTime(i) || load<u8>(i, TIME_LENGTH) !== SPACE) return 0;
  const isOtherZone = zoneSeconds !== 0 || load<u8>(i, 22) === DASH;
  i += TIME_LENGTH + 1;

  const address = i;
  i = takeToken(i);
  if (i === 0) return 0;
  const addressLength = i - 1 - address;
  // 4, 6, or 0 when the log names none.
  let version = 4;
  if (!parseV4(address, addressLength)) {
    if (addressLength === 1 && load<u8>(address) === DASH) version = 0;
    else if (parseV6(address, i - 1)) version = 6;
    else return 0;
  }
  keepAddressVersion(version);

  const isFurther = load<u8>(i) === SPACE;
  while (load<u8>(i) === SPACE) i++;
  const requester = i;
  i = takeToken(i);
  if (i === 0) return 0;
  i = takeToken(i); // request id
  if (i === 0) return 0;
  let operation = i;
  const stop = nextStop(i);
  let operationLength = stop - i;
  let hasSpaces = false;
  if (operationLength === 15 && isGetObject(i)) {
    i = stop + 1;
  } else if (isOperation(i, stop)) {
    i = stop + 1;
  } else {
    i = findOperation(requester);
    if (i === 0) return 0;
    operation = operationStart;
    operationLength = operationEnd - operationStart;
    hasSpaces = true;
  }
  if (load<u8>(i - 1) !== SPACE) return 0;
  keepRequester(requester, operation, operation + operationLength);

  const key = i;
  i = takeKey(i);
  if (i === 0) return 0;
  const keyLength = i - 1 - key;
  keepKey(key, i - 1);
  const hasKey = keyLength !== 1 || load<u8>(key) !== DASH;

  if (load<u8>(i) === QUOTE && load<u16>(i, 1) !== 0x222d) {
    const target = takeMethod(i + 1);
    if (target === 0) return 0;
    const targetEnd = nextStopFar(target);
    if (targetEnd === target || load<u8>(targetEnd) !== SPACE) return 0;
    const uri = i + 1;
    i = takeProtocol(targetEnd + 1);
    if (i === 0) return 0;
    keepRequestUri(uri, i - 2);
    if (
      hasKey &&
      !isPath(target, targetEnd, bucket, bucketLength, key, keyLength) &&
      !isPathDecoded(target, targetEnd, bucket, bucketLength, key, keyLength)
    ) {
      return 0;
    }
  } else if (load<u16>(i) === 0x202d) {
    keepRequestUri(i, i + 1);
    i += 2; // a bare dash
  } else if (load<u32>(i) === 0x20222d22) {
    keepRequestUri(i + 1, i + 2);
    i += 4; // a quoted one
  } else {
    return 0;
  }

  const status = statusAt(i);
  if (status < 0) return 0;
  i += status === 0 ? 2 : 4;
  const errorCode = i;
  i = takeErrorCode(i);
  if (i === 0) return 0;
  const bytes = i;
  keepStatus(status, errorCode, bytes);
  i = takeNumbers(i); // and object size, total and turn-around time
  if (i === 0) return 0;
  const feed = endOfLine(i);
  if (feed === 0 || feed > most || feed - at > LONGEST_LINE) return 0;
  const last = load<u8>(feed - 1);
  if (last === SPACE || last === CR) return 0;

  if (status >= 200 && status <= 299 && operationLength === 15 && isGetObject(operation)) {
    // `-` may be a key, or none.
    if (!hasKey) return 0;
    if (keepsFields()) return feed + 1;
    const length = keepsKeys ? keyLength : recordKey(bucket, bucketLength, key, keyLength);
    if (length === 0) {
      skippedLines++;
      otherKeys++;
    } else {
      const sent = numberAt(bytes, firstNumberLength);
      const start = keepsKeys ? key : recordKeyStart;
      addRecord(start, <u32>length, timeSeconds, sent, status === 200 ? 1 : 0);
      if (version === 4) setWaitingV4(v4Address);
      else if (version === 6) setFoundRequester();
      else setNoRequester();
    }
  } else {
    skippedLines++;
  }
  if (hasSpaces) requestersWithSpaces++;
  if (isFurther) spacesBeforeRequester++;
  if (isOtherZone) otherZones++;
  return feed + 1;
}

/** Some write IPv4 addresses in the form of others: they are the same requesters. */
function setFoundRequester(): void {
  if (load<u64>(addressFound) === 0 && load<u32>(addressFound, 8) === 0xffff) {
    setWaitingV4(load<u32>(addressFound, 12));
  } else {
    setWaitingV6(addressFound);
  }
}

/** Whether `REST.GET.OBJECT` stands there. */
function isGetObject(at: usize): bool {
  return load<u64>(at) === 0x5445472e54534552 && load<u64>(at, 7) === 0x5443454a424f2e54;
}

/** @returns the status, 0 for `-`, or -1 when neither stands before a space there */
function statusAt(at: usize): i32 {
  const text = load<u32>(at);
  if ((text & 0xffff) === 0x202d) return 0;
  if (text >> 24 !== 0x20) return -1;
  const digits = (text & 0xffffff) - 0x303030;
  if (((digits | (digits + 0x060606)) & 0xf0f0f0) !== 0) return -1;
  const status = (digits & 15) * 100 + ((digits >> 8) & 15) * 10 + ((digits >> 16) & 15);
  return status < 100 ? -1 : <i32>status;
}

/**
 * Whether referer and user agent close, and no bracket stands after them or in them, which could be that of a second record.
 *
 * @returns the address of the line feed, or 0
 */
function endOfLine(at: usize): usize {
  let i = at;
  if (load<u16>(i) === 0x202d) {
    keepReferer(i, i + 1);
    i += 2;
  } else if (load<u32>(i) === 0x20222d22 && isAgentStart(i + 4)) {
    keepReferer(i + 1, i + 2);
    i += 4; // a quoted dash
  } else {
    if (load<u8>(i) !== QUOTE) return 0;
    i++;
    const start = i;
    while (true) {
      i = nextQuoteFeedOrBracket(i);
      if (load<u8>(i) !== QUOTE) return 0;
      if (load<u8>(i, 1) === SPACE && isAgentStart(i + 2)) break;
      i++;
    }
    keepReferer(start, i);
    i += 2;
  }
  if (load<u16>(i) === 0x202d) {
    keepAgent(i, i + 1, i + 2);
    i += 2;
  } else {
    if (load<u8>(i) !== QUOTE) return 0;
    i++;
    const start = i;
    while (true) {
      i = nextQuoteFeedOrBracket(i);
      if (load<u8>(i) !== QUOTE) return 0;
      const after = load<u8>(i, 1);
      i++;
      if (after === SPACE || after === LF) break;
    }
    keepAgent(start, i - 1, i + 1);
  }
  i = nextFeedOrBracket(i);
  return load<u8>(i) === LF ? i : 0;
}

/** A quote, or a bare dash before a space. */
function isAgentStart(at: usize): bool {
  return load<u8>(at) === QUOTE || load<u16>(at) === 0x202d;
}
