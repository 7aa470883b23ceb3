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

/** Fill {@link classes}; once, before anything is parsed. */
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

/** The first line feed or opening bracket at or after `at`. */
export function nextFeedOrBracket(at: usize): usize {
  const feeds = i8x16.splat(LF);
  const brackets = i8x16.splat(OPEN_BRACKET);
  let i = at;
  while (true) {
    const v = v128.load(i);
    const mask = i8x16.bitmask(v128.or(i8x16.eq(v, feeds), i8x16.eq(v, brackets)));
    if (mask !== 0) return i + ctz(mask);
    i += 16;
  }
}

/** The first quote, line feed or opening bracket at or after `at`. */
export function nextQuoteFeedOrBracket(at: usize): usize {
  const quotes = i8x16.splat(QUOTE);
  const feeds = i8x16.splat(LF);
  const brackets = i8x16.splat(OPEN_BRACKET);
  let i = at;
  while (true) {
    const v = v128.load(i);
    const mask = i8x16.bitmask(
      v128.or(v128.or(i8x16.eq(v, quotes), i8x16.eq(v, feeds)), i8x16.eq(v, brackets)),
    );
    if (mask !== 0) return i + ctz(mask);
    i += 16;
  }
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
