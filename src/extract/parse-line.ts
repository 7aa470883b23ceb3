import { ascii, CR, DASH, OPEN_BRACKET, QUOTE, SPACE, startsWith } from './bytes.js';
import { findTail, holdsSecondRecord } from './find-tail.js';
import { keyMatchesTarget } from './key-target.js';
import { FIELD, KIND, type Line } from './line.js';
import { parseAddress } from './parse-address.js';
import {
  checkKey,
  isErrorCode,
  isNumberOrDash,
  parseBytesSent,
  parseStatus,
} from './parse-fields.js';
import { isUtcZone, parseTime, TIME_LENGTH } from './parse-time.js';
import { NOTE, REASON } from './reasons.js';
import { countStatusBlocks, findRequestUri, RequestUri } from './request-uri.js';
import { findRequester, isOperation } from './requester.js';
import { afterSyslogPrefix } from './syslog-prefix.js';

const uri = new RequestUri();

/** Reasons of fields that are `-` or a number, in the order of the line. */
const NUMBERS = [
  {
    field: FIELD.bytesSent,
    truncated: REASON.truncated_before_bytes_sent,
    invalid: REASON.invalid_bytes_sent,
  },
  {
    field: FIELD.objectSize,
    truncated: REASON.truncated_before_object_size,
    invalid: REASON.invalid_object_size,
  },
  {
    field: FIELD.totalTime,
    truncated: REASON.truncated_before_total_time,
    invalid: REASON.invalid_total_time,
  },
  {
    field: FIELD.turnAroundTime,
    truncated: REASON.truncated_before_turn_around_time,
    invalid: REASON.invalid_turn_around_time,
  },
] as const;

/**
 * Parse one record of an S3 server access log, strictly. Source of the grammar: "Amazon S3 server
 * access log format" in the Amazon S3 User Guide, and the forms that OVHcloud and Ceph write.
 *
 * All fields that count stand before the referer, and of these only the request line is
 * the client's own text; see `findRequestUri` and `keyMatchesTarget` for why it cannot pose as another field.
 *
 * @param start first byte of the line
 * @param end the byte after its last, line feed excluded
 * @returns 0 when accepted, else the code of a reason (`REASONS`); `line` holds what was found
 */
export function parseLine(buffer: Uint8Array, start: number, end: number, line: Line): number {
  line.notes = 0;
  const contentEnd = trimEnd(buffer, start, end, line);
  const endNotes = line.notes;
  const reason = parseRecord(buffer, start, contentEnd, line);
  if (!mayBePrefixed(reason)) return reason;
  const record = afterSyslogPrefix(buffer, start, contentEnd);
  if (record < 0) return reason;
  // What the first attempt noted is about syslog's own header.
  line.notes = endNotes | NOTE.syslog_prefix;
  return parseRecord(buffer, record, contentEnd, line);
}

/** With a prefix before it a record's time is not the third word. */
function mayBePrefixed(reason: number): boolean {
  return (
    reason === REASON.invalid_time ||
    reason === REASON.truncated_before_time ||
    reason === REASON.truncated_before_bucket_owner
  );
}

function trimEnd(buffer: Uint8Array, start: number, end: number, line: Line): number {
  let i = end;
  if (i > start && buffer[i - 1] === CR) {
    line.notes |= NOTE.crlf;
    i--;
  }
  if (i > start && buffer[i - 1] === SPACE) {
    line.notes |= NOTE.trailing_space;
    while (i > start && buffer[i - 1] === SPACE) i--;
  }
  return i;
}

function parseRecord(buffer: Uint8Array, start: number, end: number, line: Line): number {
  const { bounds } = line;
  let i = start;
  if (i >= end || buffer[i] === SPACE) return REASON.truncated_before_bucket_owner;
  i = takeToken(buffer, i, end, line, FIELD.bucketOwner);
  if (i >= end) return REASON.truncated_before_bucket;
  i = takeToken(buffer, i, end, line, FIELD.bucket);
  if (i >= end) return REASON.truncated_before_time;

  line.timeSeconds = parseTime(buffer, i, end);
  if (Number.isNaN(line.timeSeconds)) return REASON.invalid_time;
  if (!isUtcZone(buffer, i)) line.notes |= NOTE.zone_not_utc;
  bounds[2 * FIELD.time] = i + 1;
  bounds[2 * FIELD.time + 1] = i + TIME_LENGTH - 1;
  i += TIME_LENGTH;
  if (i >= end) return REASON.truncated_before_remote_ip;
  if (buffer[i] !== SPACE) return REASON.invalid_time;
  i = skipSpaces(buffer, i, end, line);

  i = takeToken(buffer, i, end, line, FIELD.remoteIp, NOTE.multiple_spaces_before_requester);
  const addressStart = bounds[2 * FIELD.remoteIp];
  const addressEnd = bounds[2 * FIELD.remoteIp + 1];
  line.hasAddress = addressEnd - addressStart !== 1 || buffer[addressStart] !== DASH;
  if (line.hasAddress && !parseAddress(buffer, addressStart, addressEnd, line.addressWords)) {
    return REASON.invalid_remote_ip;
  }
  if (i >= end) return REASON.truncated_before_requester;

  i = takeToken(buffer, i, end, line, FIELD.requester);
  if (i >= end) return REASON.truncated_before_request_id;
  i = takeToken(buffer, i, end, line, FIELD.requestId);
  if (i >= end) return REASON.truncated_before_operation;
  i = takeToken(buffer, i, end, line, FIELD.operation);
  if (!isOperation(buffer, bounds[2 * FIELD.operation], bounds[2 * FIELD.operation + 1])) {
    i = findRequester(buffer, end, line);
    if (i < 0) return REASON.invalid_operation;
  }
  if (i >= end) return REASON.truncated_before_key;

  i = takeToken(buffer, i, end, line, FIELD.key);
  const keyStart = bounds[2 * FIELD.key];
  const keyEnd = bounds[2 * FIELD.key + 1];
  const keyReason = checkKey(buffer, keyStart, keyEnd);
  if (keyReason !== 0) return keyReason;
  if (i >= end) return REASON.truncated_before_request_uri;

  const hasUri = buffer[i] === QUOTE && !isDashUri(buffer, i, end);
  if (hasUri) {
    if (!findRequestUri(buffer, i, end, uri)) return REASON.invalid_request_uri;
    bounds[2 * FIELD.requestUri] = i + 1;
    bounds[2 * FIELD.requestUri + 1] = uri.closingQuote;
    if (!uri.hasProtocol) line.notes |= NOTE.request_uri_without_protocol;
    i = uri.closingQuote + 1;
  } else {
    const dash = buffer[i] === QUOTE ? i + 1 : i;
    const after = buffer[i] === QUOTE ? i + 3 : i + 1;
    if (buffer[dash] !== DASH || (after < end && buffer[after] !== SPACE)) {
      return REASON.request_uri_not_quoted;
    }
    bounds[2 * FIELD.requestUri] = dash;
    bounds[2 * FIELD.requestUri + 1] = dash + 1;
    i = after;
  }
  if (i + 1 >= end) return REASON.truncated_before_http_status;
  return parseStatusBlock(buffer, start, i + 1, end, line, hasUri);
}

/** From the status to the end of the line. */
function parseStatusBlock(
  buffer: Uint8Array,
  start: number,
  at: number,
  end: number,
  line: Line,
  hasUri: boolean,
): number {
  const { bounds } = line;
  let i = takeExactToken(buffer, at, end, line, FIELD.status);
  line.status = parseStatus(buffer, bounds[2 * FIELD.status], bounds[2 * FIELD.status + 1]);
  if (line.status < 0) return REASON.invalid_http_status;
  if (i >= end) return REASON.truncated_before_error_code;
  i = takeExactToken(buffer, i, end, line, FIELD.errorCode);
  if (!isErrorCode(buffer, bounds[2 * FIELD.errorCode], bounds[2 * FIELD.errorCode + 1])) {
    return REASON.invalid_error_code;
  }
  for (let n = 0; n < NUMBERS.length; n++) {
    const number = NUMBERS[n];
    if (i >= end) return number.truncated;
    i = takeExactToken(buffer, i, end, line, number.field);
    if (!isNumberOrDash(buffer, bounds[2 * number.field], bounds[2 * number.field + 1])) {
      return number.invalid;
    }
  }
  const tail = i;
  if (!findTail(buffer, tail, end, line)) return REASON.truncated_referer_or_user_agent;
  const bracket = buffer.indexOf(OPEN_BRACKET, tail);
  if (bracket >= 0 && bracket < end && holdsSecondRecord(buffer, bracket, end, line)) {
    return REASON.two_records_in_one_line;
  }
  return classify(buffer, start, end, line, hasUri);
}

/** Compare key and target (the second lock), then decide what the line counts as. */
function classify(
  buffer: Uint8Array,
  start: number,
  end: number,
  line: Line,
  hasUri: boolean,
): number {
  const { bounds } = line;
  const keyStart = bounds[2 * FIELD.key];
  const keyEnd = bounds[2 * FIELD.key + 1];
  const hasKey = keyEnd - keyStart !== 1 || buffer[keyStart] !== DASH;
  const matches =
    hasUri &&
    keyMatchesTarget(
      buffer,
      keyStart,
      keyEnd,
      bounds[2 * FIELD.bucket],
      bounds[2 * FIELD.bucket + 1],
      uri.targetStart,
      uri.targetEnd,
    );
  if (hasUri && !matches && hasKey) {
    if (countStatusBlocks(buffer, start, end) > 1) return REASON.ambiguous_request_uri;
    // Other operations may well name another object: websites answer with their index document,
    // SOAP has one address for all keys.
    if (isObjectAccess(buffer, bounds[2 * FIELD.operation], bounds[2 * FIELD.operation + 1])) {
      line.notes |= NOTE.key_target_mismatch;
    }
  }
  line.kind = KIND.skipped;
  if (line.status < 200 || line.status > 299) return 0;
  if (!isGetObject(buffer, bounds[2 * FIELD.operation], bounds[2 * FIELD.operation + 1])) return 0;
  // `-` is a possible key, but only the target can tell it from "no key".
  if (!hasKey && !matches) return REASON.invalid_key;
  line.kind = line.status === 200 ? KIND.download : KIND.request;
  parseBytesSent(buffer, bounds[2 * FIELD.bytesSent], bounds[2 * FIELD.bytesSent + 1], line);
  return 0;
}

/** Take a word and the spaces after it. @returns where the next field begins */
function takeToken(
  buffer: Uint8Array,
  at: number,
  end: number,
  line: Line,
  field: number,
  spacesNote: number = NOTE.multiple_spaces,
): number {
  let i = at;
  while (i < end && buffer[i] !== SPACE) i++;
  line.bounds[2 * field] = at;
  line.bounds[2 * field + 1] = i;
  if (i + 1 < end && buffer[i + 1] === SPACE) {
    line.notes |= spacesNote;
    while (i + 1 < end && buffer[i + 1] === SPACE) i++;
  }
  return i + 1;
}

/** After the request line every field stands exactly one space after the other. */
function takeExactToken(
  buffer: Uint8Array,
  at: number,
  end: number,
  line: Line,
  field: number,
): number {
  let i = at;
  while (i < end && buffer[i] !== SPACE) i++;
  line.bounds[2 * field] = at;
  line.bounds[2 * field + 1] = i;
  return i + 1;
}

function skipSpaces(buffer: Uint8Array, at: number, end: number, line: Line): number {
  let i = at + 1;
  if (i < end && buffer[i] === SPACE) {
    line.notes |= NOTE.multiple_spaces;
    while (i < end && buffer[i] === SPACE) i++;
  }
  return i;
}

/** Whether a quoted `-` stands at `at`: an operation without a request line of its own. */
function isDashUri(buffer: Uint8Array, at: number, end: number): boolean {
  return at + 2 < end && buffer[at + 1] === DASH && buffer[at + 2] === QUOTE;
}

function isGetObject(buffer: Uint8Array, start: number, end: number): boolean {
  return end - start === GET_OBJECT.length && startsWith(buffer, start, end, GET_OBJECT);
}

function isObjectAccess(buffer: Uint8Array, start: number, end: number): boolean {
  return OBJECT_ACCESSES.some(
    (operation) => end - start === operation.length && startsWith(buffer, start, end, operation),
  );
}

const GET_OBJECT = ascii('REST.GET.OBJECT');
const OBJECT_ACCESSES = [GET_OBJECT, ascii('REST.HEAD.OBJECT'), ascii('REST.PUT.OBJECT')];
