import { CLOSE_BRACKET, COLON, DASH, OPEN_BRACKET, PLUS, SLASH, SPACE } from './bytes.js';

/** Length of `[06/Feb/2019:00:00:38 +0000]`. */
export const TIME_LENGTH = 28;

/** 9999-12-31T23:59:59Z: later dates do not fit into `YYYY-MM-DD`. */
const LAST_SECOND = 253_402_300_799;

const DAYS_IN_MONTH = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/**
 * Read the log's `[%d/%b/%Y:%H:%M:%S %z]`.
 *
 * @returns seconds since 1970 in UTC, or NaN when it is not a time that exists since 1970
 */
export function parseTime(buffer: Uint8Array, at: number, end: number): number {
  if (end - at < TIME_LENGTH) return Number.NaN;
  const zone = buffer[at + 22];
  if (
    buffer[at] !== OPEN_BRACKET ||
    buffer[at + 3] !== SLASH ||
    buffer[at + 7] !== SLASH ||
    buffer[at + 12] !== COLON ||
    buffer[at + 15] !== COLON ||
    buffer[at + 18] !== COLON ||
    buffer[at + 21] !== SPACE ||
    buffer[at + 27] !== CLOSE_BRACKET ||
    (zone !== PLUS && zone !== DASH)
  ) {
    return Number.NaN;
  }
  const day = twoDigits(buffer, at + 1);
  const month = monthIndex(buffer, at + 4);
  const century = twoDigits(buffer, at + 8);
  const yearOfCentury = twoDigits(buffer, at + 10);
  const hour = twoDigits(buffer, at + 13);
  const minute = twoDigits(buffer, at + 16);
  const second = twoDigits(buffer, at + 19);
  const zoneHour = twoDigits(buffer, at + 23);
  const zoneMinute = twoDigits(buffer, at + 25);
  // A part that is not two digits is -1, so that one sign test catches them all.
  if (
    (day | month | century | yearOfCentury | hour | minute | second | zoneHour | zoneMinute) <
    0
  ) {
    return Number.NaN;
  }
  const year = century * 100 + yearOfCentury;
  if (year < 1970 || day < 1 || hour > 23 || minute > 59 || second > 59) return Number.NaN;
  if (zoneHour > 14 || zoneMinute > 59) return Number.NaN;
  const leap = month === 1 && year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
  if (day > DAYS_IN_MONTH[month] + (leap ? 1 : 0)) return Number.NaN;
  const offset = (zoneHour * 60 + zoneMinute) * 60 * (zone === DASH ? -1 : 1);
  const seconds =
    daysSince1970(year, month + 1, day) * 86_400 + hour * 3_600 + minute * 60 + second;
  const utc = seconds - offset;
  return utc < 0 || utc > LAST_SECOND ? Number.NaN : utc;
}

/** Whether the zone of the time at `at` is written `+0000`. */
export function isUtcZone(buffer: Uint8Array, at: number): boolean {
  return (
    buffer[at + 22] === PLUS &&
    buffer[at + 23] === 0x30 &&
    buffer[at + 24] === 0x30 &&
    buffer[at + 25] === 0x30 &&
    buffer[at + 26] === 0x30
  );
}

function twoDigits(buffer: Uint8Array, at: number): number {
  const tens = buffer[at] - 0x30;
  const ones = buffer[at + 1] - 0x30;
  return tens >>> 0 > 9 || ones >>> 0 > 9 ? -1 : tens * 10 + ones;
}

function monthIndex(buffer: Uint8Array, at: number): number {
  switch ((buffer[at] << 16) | (buffer[at + 1] << 8) | buffer[at + 2]) {
    case 0x4a616e:
      return 0; // Jan
    case 0x466562:
      return 1; // Feb
    case 0x4d6172:
      return 2; // Mar
    case 0x417072:
      return 3; // Apr
    case 0x4d6179:
      return 4; // May
    case 0x4a756e:
      return 5; // Jun
    case 0x4a756c:
      return 6; // Jul
    case 0x417567:
      return 7; // Aug
    case 0x536570:
      return 8; // Sep
    case 0x4f6374:
      return 9; // Oct
    case 0x4e6f76:
      return 10; // Nov
    case 0x446563:
      return 11; // Dec
    default:
      return -1;
  }
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar; years counted from March. */
function daysSince1970(year: number, month: number, day: number): number {
  const y = month > 2 ? year : year - 1;
  const era = Math.floor(y / 400);
  const yearOfEra = y - era * 400;
  const dayOfYear = Math.floor((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5) + day - 1;
  const dayOfEra =
    yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
