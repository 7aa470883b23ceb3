import {
  ascii,
  COLON,
  DASH,
  DOT,
  isDigit,
  PLUS,
  SLASH,
  SPACE,
  startsWith,
  UNDERSCORE,
} from './bytes.js';
import { FIELD, type Line } from './line.js';
import { NOTE } from './reasons.js';

const FAMILIES = ['REST.', 'WEBSITE.', 'SOAP.', 'BATCH.', 'S3.'].map(ascii);
const ARN = ascii('arn:');

/** `REST.M.res`, `WEBSITE.M.res`, `SOAP.op`, `BATCH.DELETE.OBJECT`, `S3.action[.res]`, longer forms. */
export function isOperation(buffer: Uint8Array, start: number, end: number): boolean {
  if (!hasFamily(buffer, start, end)) return false;
  let partLength = 0;
  for (let i = start; i < end; i++) {
    const byte = buffer[i];
    if (byte === DOT) {
      if (partLength === 0) return false;
      partLength = 0;
    } else {
      const letter = byte | 0x20;
      if (!(letter >= 0x61 && letter <= 0x7a) && !isDigit(byte) && byte !== UNDERSCORE)
        return false;
      partLength++;
    }
  }
  return partLength > 0;
}

function hasFamily(buffer: Uint8Array, start: number, end: number): boolean {
  for (let f = 0; f < FAMILIES.length; f++) {
    if (startsWith(buffer, start, end, FAMILIES[f])) return true;
  }
  return false;
}

/**
 * Some requesters hold spaces (`arn:aws:iam::cloudfront:user/CloudFront Origin Access Identity
 * E2EXAMPLEID`). Look for the first word after the requester's beginning that is an operation: the word before it is the request id,
 * everything before that the requester.
 *
 * A requester never holds brackets or quotes; this is how a line that was cut here and glued to the
 * next one is told from it.
 *
 * @returns where the key begins, or -1
 */
export function findRequester(buffer: Uint8Array, end: number, line: Line): number {
  const { bounds } = line;
  const start = bounds[2 * FIELD.requester];
  if (!startsWith(buffer, start, end, ARN)) return -1;
  let idStart = start;
  let idEnd = start;
  let requesterEnd = start;
  for (let i = start; i < end; ) {
    const wordStart = i;
    while (i < end && buffer[i] !== SPACE) {
      if (!isRequesterByte(buffer[i])) return -1;
      i++;
    }
    if (isOperation(buffer, wordStart, i)) {
      if (idStart === start) return -1;
      bounds[2 * FIELD.requester + 1] = requesterEnd;
      bounds[2 * FIELD.requestId] = idStart;
      bounds[2 * FIELD.requestId + 1] = idEnd;
      bounds[2 * FIELD.operation] = wordStart;
      bounds[2 * FIELD.operation + 1] = i;
      line.notes |= NOTE.requester_with_spaces;
      if (i + 1 < end && buffer[i + 1] === SPACE) line.notes |= NOTE.multiple_spaces;
      while (i + 1 < end && buffer[i + 1] === SPACE) i++;
      return i + 1;
    }
    // Between two spaces stands no word.
    if (i > wordStart) {
      requesterEnd = idEnd;
      idStart = wordStart;
      idEnd = i;
    }
    i++;
  }
  return -1;
}

/** Letters, digits and what IAM allows in names and paths. */
function isRequesterByte(byte: number): boolean {
  const letter = byte | 0x20;
  return (
    (letter >= 0x61 && letter <= 0x7a) ||
    (byte >= 0x2c && byte <= 0x3a) || // , - . / digits :
    byte === PLUS ||
    byte === 0x3d || // =
    byte === 0x40 || // @
    byte === UNDERSCORE ||
    byte === DASH ||
    byte === SLASH ||
    byte === COLON
  );
}
