/** Bytes of the log grammar, and 16 bytes at a time over them. */
export const LF: u8 = 0x0a;
export const CR: u8 = 0x0d;
export const SPACE: u8 = 0x20;
export const QUOTE: u8 = 0x22;
export const PERCENT: u8 = 0x25;
export const DASH: u8 = 0x2d;
export const DOT: u8 = 0x2e;
export const SLASH: u8 = 0x2f;
export const QUESTION: u8 = 0x3f;
export const OPEN_BRACKET: u8 = 0x5b;
export const UNDERSCORE: u8 = 0x5f;

/** What a byte may be part of; a set of bits. */
export const IN_OPERATION: u8 = 1;
export const IN_WORD: u8 = 2;
export const IN_REQUESTER: u8 = 4;
export const IN_METHOD: u8 = 8;
export const HEX_DIGIT: u8 = 16;

/** The class of each byte. */
export const classes: usize = memory.data(256, 16);

/**
 * The same for 16 bytes at once, for operations and requesters: a byte is in the class when the bits of its lower and
 * its upper half have one in common. After Geoff Langdale and Daniel Lemire, "Parsing gigabytes of JSON per second".
 */
const operationHalves: usize = memory.data(32, 16);
const requesterHalves: usize = memory.data(32, 16);

/** Fill {@link classes} and what is made of it; once, before anything is parsed. */
export function fillClasses(): void {
  for (let byte: u32 = 0; byte < 256; byte++) {
    const lower = byte | 0x20;
    const isLetter = lower >= 0x61 && lower <= 0x7a;
    const isDigit = byte >= 0x30 && byte <= 0x39;
    let bits: u8 = 0;
    if (isLetter || isDigit || byte === UNDERSCORE) bits |= IN_OPERATION | IN_WORD | IN_REQUESTER;
    if (byte === DASH || byte === DOT) bits |= IN_WORD;
    // , - . / digits : + = @
    if ((byte >= 0x2c && byte <= 0x3a) || byte === 0x2b || byte === 0x3d || byte === 0x40) {
      bits |= IN_REQUESTER;
    }
    if ((byte >= 0x41 && byte <= 0x5a) || byte === DASH || byte === UNDERSCORE) bits |= IN_METHOD;
    if (isDigit || (lower >= 0x61 && lower <= 0x66)) bits |= HEX_DIGIT;
    store<u8>(classes + byte, bits);
  }
  fillHalves(operationHalves, IN_OPERATION);
  fillHalves(requesterHalves, IN_REQUESTER);
}

/** One bit for each of the upper halves 2 to 7; no other byte is in a class. */
function fillHalves(halves: usize, bit: u8): void {
  for (let upper: u32 = 2; upper < 8; upper++) {
    const mark: u8 = 1 << (<u8>upper - 2);
    store<u8>(halves + 16 + upper, mark);
    for (let lower: u32 = 0; lower < 16; lower++) {
      if ((load<u8>(classes + upper * 16 + lower) & bit) === 0) continue;
      store<u8>(halves + lower, load<u8>(halves + lower) | mark);
    }
  }
}

/** One bit for each of 16 bytes that may be part of an operation, but for dots. */
export function operationBytes(bytes: v128): u32 {
  return inHalves(bytes, operationHalves);
}

/** Whether all bytes from `start` up to `end` may be part of a requester. */
export function isRequester(start: usize, end: usize): bool {
  for (let i = start; i < end; i += 16) {
    const rest = end - i;
    const wanted: u32 = rest >= 16 ? 0xffff : ((<u32>1) << (<u32>rest)) - 1;
    if ((inHalves(v128.load(i), requesterHalves) & wanted) !== wanted) return false;
  }
  return true;
}

function inHalves(bytes: v128, halves: usize): u32 {
  const lower = i8x16.swizzle(v128.load(halves), v128.and(bytes, i8x16.splat(15)));
  const upper = i8x16.swizzle(v128.load(halves, 16), i8x16.shr_u(bytes, 4));
  return i8x16.bitmask(i8x16.ne(v128.and(lower, upper), i8x16.splat(0)));
}

export function isIn(at: usize, bit: u8): bool {
  return (load<u8>(classes + load<u8>(at)) & bit) !== 0;
}

/** The first byte at or after `at` that is a space or a control; the caller has seen to it that one comes. */
export function nextStop(at: usize): usize {
  const spaces = i8x16.splat(0x20);
  let i = at;
  while (true) {
    const mask = i8x16.bitmask(i8x16.le_u(v128.load(i), spaces));
    if (mask !== 0) return i + ctz(mask);
    i += 16;
  }
}

/** The first line feed at or after `at`. */
export function nextLineFeed(at: usize): usize {
  const feeds = i8x16.splat(LF);
  let i = at;
  while (true) {
    const mask = i8x16.bitmask(i8x16.eq(v128.load(i), feeds));
    if (mask !== 0) return i + ctz(mask);
    i += 16;
  }
}

/** The same for longer words: 64 bytes at a time, so that their lengths need not be guessed. */
export function nextStopFar(at: usize): usize {
  const spaces = i8x16.splat(0x20);
  let i = at;
  while (true) {
    const mask = join(
      i8x16.le_u(v128.load(i), spaces),
      i8x16.le_u(v128.load(i, 16), spaces),
      i8x16.le_u(v128.load(i, 32), spaces),
      i8x16.le_u(v128.load(i, 48), spaces),
    );
    if (mask !== 0) return i + <usize>ctz(mask);
    i += 64;
  }
}

/** The first line feed or opening bracket at or after `at`. */
export function nextFeedOrBracket(at: usize): usize {
  let i = at;
  while (true) {
    const a = feedsOrBrackets(i);
    const b = feedsOrBrackets(i + 16);
    const c = feedsOrBrackets(i + 32);
    const d = feedsOrBrackets(i + 48);
    if (v128.any_true(v128.or(v128.or(a, b), v128.or(c, d)))) {
      return i + <usize>ctz(join(a, b, c, d));
    }
    i += 64;
  }
}

/** The first quote, line feed or opening bracket at or after `at`. */
export function nextQuoteFeedOrBracket(at: usize): usize {
  const quotes = i8x16.splat(QUOTE);
  let i = at;
  while (true) {
    const a = v128.or(feedsOrBrackets(i), i8x16.eq(v128.load(i), quotes));
    const b = v128.or(feedsOrBrackets(i + 16), i8x16.eq(v128.load(i, 16), quotes));
    const c = v128.or(feedsOrBrackets(i + 32), i8x16.eq(v128.load(i, 32), quotes));
    const d = v128.or(feedsOrBrackets(i + 48), i8x16.eq(v128.load(i, 48), quotes));
    const mask = join(a, b, c, d);
    if (mask !== 0) return i + <usize>ctz(mask);
    i += 64;
  }
}

function feedsOrBrackets(at: usize): v128 {
  const v = v128.load(at);
  return v128.or(i8x16.eq(v, i8x16.splat(LF)), i8x16.eq(v, i8x16.splat(OPEN_BRACKET)));
}

/** One bit for each of 64 bytes. */
export function join(a: v128, b: v128, c: v128, d: v128): u64 {
  return (
    <u64>(<u32>i8x16.bitmask(a)) |
    ((<u64>(<u32>i8x16.bitmask(b))) << 16) |
    ((<u64>(<u32>i8x16.bitmask(c))) << 32) |
    ((<u64>(<u32>i8x16.bitmask(d))) << 48)
  );
}

/** Whether two ranges hold the same bytes; both must be readable 16 bytes beyond their start. */
export function sameBytes(a: usize, b: usize, length: usize): bool {
  if (length < 16) {
    const wanted: u32 = ((<u32>1) << (<u32>length)) - 1;
    return (i8x16.bitmask(i8x16.eq(v128.load(a), v128.load(b))) & wanted) === wanted;
  }
  const last = length - 16;
  for (let i: usize = 0; i < last; i += 16) {
    if (i8x16.bitmask(i8x16.eq(v128.load(a + i), v128.load(b + i))) !== 0xffff) return false;
  }
  return i8x16.bitmask(i8x16.eq(v128.load(a + last), v128.load(b + last))) === 0xffff;
}
