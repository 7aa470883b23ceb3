/** As `mayHoldAddress` in seal-addresses.ts, but not taken in by the two colons in the names of AWS accounts (`arn:aws:iam::123456789012:user/a`). */
import { DOT, PERCENT, SLASH } from '../../extract/assembly/bytes';

const COLON: u8 = 0x3a;
/** Shorter than `::1` nothing is an address. */
const SHORTEST: usize = 3;

const OTHER: u8 = 0;
const DIGIT: u8 = 1;
const HEX_LETTER: u8 = 2;
const MARK_DOT: u8 = 3;
const MARK_COLON: u8 = 4;
const ESCAPE: u8 = 5;

/** What a byte can be in an address. */
const kinds: usize = memory.data(256, 16);

export function fillKinds(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    const lower = byte | 0x20;
    let kind: u8 = OTHER;
    if (isDigit(<u8>byte)) kind = DIGIT;
    else if (lower >= 0x61 && lower <= 0x66) kind = HEX_LETTER;
    else if (<u8>byte === DOT) kind = MARK_DOT;
    else if (<u8>byte === COLON) kind = MARK_COLON;
    else if (<u8>byte === PERCENT) kind = ESCAPE;
    store<u8>(kinds + byte, kind);
  }
}

/** @param own the address of the line, 16 bytes; 0 when it has none */
export function mayHoldAddress(start: usize, end: usize, isAgent: bool, own: usize): bool {
  return hasMarks(start, end) && looksLikeAddress(start, end, isAgent, own);
}

/** Whether there are marks enough for an address: three dots, two colons, or an escape, which may be either. */
function hasMarks(start: usize, end: usize): bool {
  if (end - start < SHORTEST) return false;
  let dots: u32 = 0;
  let colons: u32 = 0;
  for (let i = start; i < end; i += 16) {
    const bytes = v128.load(i);
    const rest = end - i;
    const wanted: u32 = rest >= 16 ? 0xffff : ((<u32>1) << (<u32>rest)) - 1;
    if ((marked(bytes, PERCENT) & wanted) !== 0) return true;
    dots += popcnt<u32>(marked(bytes, DOT) & wanted);
    colons += popcnt<u32>(marked(bytes, COLON) & wanted);
  }
  return dots >= 3 || colons >= 2;
}

function marked(bytes: v128, mark: u8): u32 {
  return i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(<i8>mark)));
}

function looksLikeAddress(start: usize, end: usize, isAgent: bool, own: usize): bool {
  let digits: u32 = 0;
  let groups: u32 = 0;
  let colons: u32 = 0;
  let first = start;
  let run = start;
  let isWithin = false;
  let hasEscape = false;
  for (let i = start; i < end; i++) {
    let kind = load<u8>(kinds + load<u8>(i));
    if (kind === OTHER) {
      digits = 0;
      groups = 0;
      colons = 0;
      isWithin = false;
      hasEscape = false;
      continue;
    }
    if (!isWithin) run = i;
    isWithin = true;
    if (kind === DIGIT) {
      if (digits === 0 && groups === 0) first = i;
      digits++;
      if (groups === 3) {
        if (!isAgent || !isOtherVersion(start, first, end, own)) return true;
        // The rest of it is of no more interest.
        groups = 4;
      }
      continue;
    }
    if (kind === ESCAPE) {
      hasEscape = true;
      // Escaped again: seldom, and for the careful look.
      if (i + 2 < end && load<u16>(i + 1) === 0x3532) return true;
      const mark = i + 2 < end ? unescaped(i) : 0;
      kind = load<u8>(kinds + mark);
      if (mark === 0) colons = 0;
      else i += 2;
    }
    if (kind === MARK_DOT) {
      groups = digits > 0 ? groups + 1 : 0;
    } else {
      groups = 0;
      if (kind === MARK_COLON && ++colons === 2) {
        if (hasEscape) return true;
        const after = behindWord(run, i, end);
        if (after === 0) return true;
        i = after - 1;
      }
    }
    digits = 0;
  }
  return false;
}

/**
 * A run of what addresses are made of that goes on as a word behind it is no address of version 6, nor does one end with it.
 *
 * @param at within the run, which began at `run`
 * @returns where the run ends; 0 when it may be or hold an address all the same
 */
function behindWord(run: usize, at: usize, end: usize): usize {
  let i = at;
  while (i < end) {
    const kind = load<u8>(kinds + load<u8>(i));
    if (kind === ESCAPE) return 0;
    if (kind === OTHER) break;
    i++;
  }
  let dots: u32 = 0;
  for (let j = run; j < i; j++) if (load<u8>(j) === DOT) dots++;
  // Version 4 may stand within words.
  if (dots >= 3) return 0;
  return i < end && isLetterOrDigit(load<u8>(i)) ? i : 0;
}

/** `:` or `.` of `%3A` or `%2E`; 0 for anything else. */
function unescaped(at: usize): u8 {
  const high = load<u8>(at + 1);
  const low = load<u8>(at + 2) | 0x20;
  if (high === 0x33 && low === 0x61) return COLON;
  return high === 0x32 && low === 0x65 ? DOT : 0;
}

/** Four numbers right behind a name and a slash that are not the line's own address. */
function isOtherVersion(start: usize, first: usize, end: usize, own: usize): bool {
  if (first < start + 2 || load<u8>(first - 1) !== SLASH) return false;
  if (!isLetterOrDigit(load<u8>(first - 2))) return false;
  const v4 = parseV4(first, end);
  if (v4 < 0) return false;
  if (own === 0) return true;
  const isOwn =
    load<u64>(own) === 0 &&
    load<u32>(own, 8) === 0xffff0000 &&
    bswap<u32>(load<u32>(own, 12)) === <u32>v4;
  return !isOwn;
}

/** Four numbers up to 255 without leading zeros, not followed by more of the kind. @returns -1 if not */
function parseV4(start: usize, end: usize): i64 {
  let i = start;
  let value: i64 = 0;
  for (let group = 0; group < 4; group++) {
    const first = i;
    let part: i64 = 0;
    while (i < end && i - first < 4 && isDigit(load<u8>(i))) {
      part = part * 10 + <i64>(load<u8>(i) - 0x30);
      i++;
    }
    const digits = i - first;
    if (digits === 0 || digits > 3 || part > 255) return -1;
    if (digits > 1 && load<u8>(first) === 0x30) return -1;
    value = value * 256 + part;
    if (group === 3) break;
    if (i >= end || load<u8>(i) !== DOT) return -1;
    i++;
  }
  const goesOn = i + 1 < end && load<u8>(i) === DOT && isDigit(load<u8>(i + 1));
  return goesOn ? -1 : value;
}

function isDigit(byte: u8): bool {
  return byte >= 0x30 && byte <= 0x39;
}

function isLetterOrDigit(byte: u8): bool {
  const lower = byte | 0x20;
  return isDigit(byte) || (lower >= 0x61 && lower <= 0x7a);
}
