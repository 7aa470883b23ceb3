/** Length of `[06/Feb/2019:00:00:38 +0000]`. */
export const TIME_LENGTH: usize = 28;

/** `+0000` and `]` before a space, as eight bytes from the space before the zone. */
const UTC_ZONE: u64 = 0x5d303030302b20;
const UTC_ZONE_MASK: u64 = 0x00ffffffffffffff;

/** Days seen lately, by day of the month: 16 bytes of text (`06/Feb/2019:` and four more), the seconds. */
const ENTRY_BYTES: usize = 32;
const days: usize = memory.data(64 * 32, 16);

/** No text is a day before it was read; once, before anything is parsed. */
export function clearDays(): void {
  for (let i: usize = 0; i < 64; i++) store<f64>(days + i * ENTRY_BYTES, -1, 16);
}

/** 9999-12-31T23:59:59Z: later dates do not fit into `YYYY-MM-DD`. */
const LAST_SECOND: f64 = 253_402_300_799;

/** What {@link parseTime} found: seconds since 1970 in UTC, and how far the zone is east of it. */
export let timeSeconds: f64 = 0;
export let zoneSeconds: i32 = 0;

/**
 * Read a time, `[06/Feb/2019:00:00:38 +0000]`.
 *
 * @returns whether it is one that exists since 1970
 */
export function parseTime(at: usize): bool {
  if (load<u8>(at) !== 0x5b) return false;
  zoneSeconds = 0;
  if ((load<u64>(at, 21) & UTC_ZONE_MASK) !== UTC_ZONE && !parseZone(at + 21)) return false;
  // HH:MM:SS as eight digits-or-colons.
  const clock = load<u64>(at, 13);
  if ((clock & 0x0000ff0000ff0000) !== 0x00003a00003a0000) return false;
  const digits = (clock & 0xffff00ffff00ffff) ^ 0x3030003030003030;
  // A byte above 9 shows in its upper half, or once 6 is added to it.
  if (((digits | (digits + 0x0606000606000606)) & 0xf0f000f0f000f0f0) !== 0) return false;
  const hour = (digits & 15) * 10 + ((digits >> 8) & 15);
  const minute = ((digits >> 24) & 15) * 10 + ((digits >> 32) & 15);
  const second = ((digits >> 48) & 15) * 10 + ((digits >> 56) & 15);
  if (hour > 23 || minute > 59 || second > 59) return false;
  const dayStart = startOfDay(at + 1);
  if (dayStart < 0) return false;
  timeSeconds = dayStart + <f64>(hour * 3600 + minute * 60 + second) - <f64>zoneSeconds;
  return timeSeconds >= 0 && timeSeconds <= LAST_SECOND;
}

/** Read ` +0100]` into {@link zoneSeconds}. */
function parseZone(at: usize): bool {
  const sign = load<u8>(at, 1);
  if (load<u8>(at) !== 0x20 || load<u8>(at, 6) !== 0x5d) return false;
  if (sign !== 0x2b && sign !== 0x2d) return false;
  const hour = twoDigits(at + 2);
  const minute = twoDigits(at + 4);
  if (hour < 0 || hour > 14 || minute < 0 || minute > 59) return false;
  zoneSeconds = (hour * 3600 + minute * 60) * (sign === 0x2d ? -1 : 1);
  return true;
}

/** @param at of `06/Feb/2019:` @returns seconds since 1970 of its beginning, or -1 */
function startOfDay(at: usize): f64 {
  const first = load<u64>(at);
  const rest = load<u32>(at, 8);
  const entry =
    days + (<usize>(((load<u8>(at) & 3) << 4) | (load<u8>(at, 1) & 15)) & 63) * ENTRY_BYTES;
  if (load<u64>(entry) === first && load<u32>(entry, 8) === rest) return load<f64>(entry, 16);
  const seconds = parseDate(at);
  if (seconds >= 0) {
    store<u64>(entry, first);
    store<u32>(entry, rest, 8);
    store<f64>(entry, seconds, 16);
  }
  return seconds;
}

function parseDate(at: usize): f64 {
  if (load<u8>(at, 2) !== 0x2f || load<u8>(at, 6) !== 0x2f || load<u8>(at, 11) !== 0x3a) return -1;
  const day = twoDigits(at);
  const month = monthNumber(at + 3);
  const century = twoDigits(at + 7);
  const ofCentury = twoDigits(at + 9);
  if ((day | month | century | ofCentury) < 0) return -1;
  const year = century * 100 + ofCentury;
  if (year < 1970 || day < 1 || day > daysInMonth(year, month)) return -1;
  return <f64>daysSince1970(year, month, day) * 86_400;
}

function twoDigits(at: usize): i32 {
  const tens = <u32>load<u8>(at) - 0x30;
  const ones = <u32>load<u8>(at, 1) - 0x30;
  return tens > 9 || ones > 9 ? -1 : <i32>(tens * 10 + ones);
}

/** 1 to 12, or -1. */
function monthNumber(at: usize): i32 {
  // The fourth byte is the slash, which is known to be there.
  switch (load<u32>(at) & 0xffffff) {
    case 0x6e614a:
      return 1;
    case 0x626546:
      return 2;
    case 0x72614d:
      return 3;
    case 0x727041:
      return 4;
    case 0x79614d:
      return 5;
    case 0x6e754a:
      return 6;
    case 0x6c754a:
      return 7;
    case 0x677541:
      return 8;
    case 0x706553:
      return 9;
    case 0x74634f:
      return 10;
    case 0x766f4e:
      return 11;
    case 0x636544:
      return 12;
    default:
      return -1;
  }
}

function daysInMonth(year: i32, month: i32): i32 {
  if (month === 2) {
    return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  }
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar; years counted from March. */
function daysSince1970(year: i32, month: i32, day: i32): i32 {
  const y = month > 2 ? year : year - 1;
  const era = y / 400;
  const yearOfEra = y - era * 400;
  const dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
  const dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear;
  return era * 146_097 + dayOfEra - 719_468;
}
