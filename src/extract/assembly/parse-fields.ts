import {
  classes,
  DASH,
  DOT,
  HEX_DIGIT,
  IN_METHOD,
  IN_OPERATION,
  IN_WORD,
  isIn,
  isRequester,
  join,
  nextStop,
  operationBytes,
  PERCENT,
  QUOTE,
  SPACE,
} from './bytes';

/** Functions here return where the next field begins, or 0 when the line is for the careful parser. */

/** Take a word, one space after it. */
export function takeToken(at: usize): usize {
  const stop = nextStop(at);
  return load<u8>(stop) === SPACE && stop !== at ? stop + 1 : 0;
}

/** `REST.` and a dot within the first eight bytes, or another family. */
export function isOperation(start: usize, end: usize): bool {
  if (!hasFamily(start)) return false;
  const length = end - start;
  if (length <= 16) {
    const bytes = v128.load(start);
    const all: u32 = ((<u32>1) << (<u32>length)) - 1;
    const dots: u32 = i8x16.bitmask(i8x16.eq(bytes, i8x16.splat(DOT))) & all;
    // No part is empty: no dot after a dot, none at the end; before the first stands the family.
    return (
      ((operationBytes(bytes) | dots) & all) === all &&
      (dots & (dots << 1)) === 0 &&
      dots >> <u32>(length - 1) === 0
    );
  }
  let partLength: u32 = 0;
  for (let i = start; i < end; i++) {
    const byte = load<u8>(i);
    if (byte === DOT) {
      if (partLength === 0) return false;
      partLength = 0;
    } else {
      if ((load<u8>(classes + byte) & IN_OPERATION) === 0) return false;
      partLength++;
    }
  }
  return partLength > 0;
}

/** What follows a shorter word is a space, which no family has in it. */
function hasFamily(at: usize): bool {
  const word = load<u64>(at);
  return (
    (word & 0xffffffffff) === 0x2e54534552 || // REST.
    word === 0x2e45544953424557 || // WEBSITE.
    (word & 0xffffffffff) === 0x2e50414f53 || // SOAP.
    (word & 0xffffffffffff) === 0x2e4843544142 || // BATCH.
    (word & 0xffffff) === 0x2e3353 // S3.
  );
}

/** Where the operation begins and ends, after {@link findOperation}. */
export let operationStart: usize = 0;
export let operationEnd: usize = 0;

/**
 * Some requesters hold spaces: look for the first word from the requester's beginning on that is
 * an operation; before it stand one word, the request id, and at least one of the requester.
 *
 * @returns where the key begins
 */
export function findOperation(requester: usize): usize {
  if (load<u32>(requester) !== 0x3a6e7261) return 0; // arn:
  let i = requester;
  let words: u32 = 0;
  while (true) {
    const stop = nextStop(i);
    if (stop === i || load<u8>(stop) !== SPACE) return 0;
    if (!isRequester(i, stop)) return 0;
    if (isOperation(i, stop)) {
      if (words < 2) return 0;
      operationStart = i;
      operationEnd = stop;
      return stop + 1;
    }
    i = stop + 1;
    words++;
  }
}

/**
 * Take a key: no controls, no quotes, complete escapes. Keys with bytes above ASCII are for the careful
 * parser, which knows UTF-8.
 */
export function takeKey(at: usize): usize {
  let odd: u64 = 0;
  let i = at;
  while (true) {
    const stops = join(stopsAt(i), stopsAt(i + 16), stopsAt(i + 32), stopsAt(i + 48));
    const strange = join(strangeAt(i), strangeAt(i + 16), strangeAt(i + 32), strangeAt(i + 48));
    if (stops !== 0) {
      // Only what stands before the first stop is the key's.
      odd |= strange & (stops - 1) & ~stops;
      i += <usize>ctz(stops);
      break;
    }
    odd |= strange;
    i += 64;
  }
  if (load<u8>(i) !== SPACE || i === at) return 0;
  if (odd !== 0 && !hasGoodEscapes(at, i)) return 0;
  return i + 1;
}

function stopsAt(at: usize): v128 {
  return i8x16.le_u(v128.load(at), i8x16.splat(0x20));
}

/** Quotes, percent signs, and bytes from DEL on. */
function strangeAt(at: usize): v128 {
  const v = v128.load(at);
  return v128.or(
    v128.or(i8x16.eq(v, i8x16.splat(QUOTE)), i8x16.eq(v, i8x16.splat(PERCENT))),
    i8x16.ge_u(v, i8x16.splat(0x7f)),
  );
}

function hasGoodEscapes(start: usize, end: usize): bool {
  for (let i = start; i < end; i++) {
    const byte = load<u8>(i);
    if (byte === QUOTE || byte >= 0x7f) return false;
    if (byte !== PERCENT) continue;
    if (i + 2 >= end || !isIn(i + 1, HEX_DIGIT) || !isIn(i + 2, HEX_DIGIT)) return false;
    i += 2;
  }
  return true;
}

/** Take `GET ` and the like. */
export function takeMethod(at: usize): usize {
  if (load<u32>(at) === 0x20544547) return at + 4; // GET
  let i = at;
  while (isIn(i, IN_METHOD)) i++;
  return i > at && load<u8>(i) === SPACE ? i + 1 : 0;
}

/** Take `HTTP/1.1" `. */
export function takeProtocol(at: usize): usize {
  if (load<u32>(at) !== 0x50545448 || load<u8>(at, 4) !== 0x2f) return 0;
  let i = at + 5;
  if (!isDigit(i)) return 0;
  i++;
  if (load<u8>(i) === DOT && isDigit(i + 1)) i += 2;
  return load<u16>(i) === 0x2022 ? i + 2 : 0;
}

/** Take an error code, mostly `-`. */
export function takeErrorCode(at: usize): usize {
  if (load<u16>(at) === 0x202d) return at + 2;
  let i = at;
  while (isIn(i, IN_WORD)) i++;
  return i > at && load<u8>(i) === SPACE ? i + 1 : 0;
}

/** Length of the first number that {@link takeNumbers} took. */
export let firstNumberLength: usize = 0;

/**
 * Take four numbers, each `-` or digits, that come to 32 bytes at most. All at once, because nobody can
 * guess which are dashes. Up to 15 digits in the first, whose value counts, up to 18 in the others.
 */
export function takeNumbers(at: usize): usize {
  const low = v128.load(at);
  const high = v128.load(at, 16);
  const spaces = mask32(i8x16.eq(low, i8x16.splat(SPACE)), i8x16.eq(high, i8x16.splat(SPACE)));
  const second = spaces & (spaces - 1);
  const third = second & (second - 1);
  const fourth = third & (third - 1);
  if (fourth === 0) return 0;
  // Up to and with the fourth space.
  const taken = fourth ^ (fourth - 1);
  const dashes = mask32(i8x16.eq(low, i8x16.splat(DASH)), i8x16.eq(high, i8x16.splat(DASH)));
  const nine = i8x16.splat(9);
  const zero = i8x16.splat(0x30);
  const digits = mask32(
    i8x16.le_u(i8x16.sub(low, zero), nine),
    i8x16.le_u(i8x16.sub(high, zero), nine),
  );
  const starts = (spaces << 1) | 1;
  const wrong =
    ~(digits | spaces | dashes) | // neither
    (spaces & starts) | // an empty word
    (dashes & ~starts) | // a dash within a word
    ((dashes << 1) & ~spaces); // a dash that is not a word of its own
  if ((wrong & taken) !== 0) return 0;
  const a = ctz(spaces);
  const b = ctz(second);
  const c = ctz(third);
  const d = ctz(fourth);
  if (a > 15 || max(max(b - a, c - b), d - c) > 19) return 0;
  firstNumberLength = a;
  return at + d + 1;
}

function mask32(low: v128, high: v128): u32 {
  return <u32>i8x16.bitmask(low) | ((<u32>i8x16.bitmask(high)) << 16);
}

/** The number that {@link takeNumbers} took first: `length` digits, or `-`, which is none. */
export function numberAt(at: usize, length: usize): u64 {
  if (load<u8>(at) === DASH) return 0;
  if (length <= 8) return eightDigits(load<u64>(at) << (<u64>((8 - length) << 3)));
  const above = length - 8;
  return (
    eightDigits(load<u64>(at) << (<u64>((8 - above) << 3))) * 100_000_000 +
    eightDigits(load<u64>(at + above))
  );
}

/** Eight ASCII digits, or fewer of them after zero bytes, read at once. */
function eightDigits(text: u64): u64 {
  let value = text & 0x0f0f0f0f0f0f0f0f;
  value = (value * 10 + (value >> 8)) & 0x00ff00ff00ff00ff;
  value = (value * 100 + (value >> 16)) & 0x0000ffff0000ffff;
  return (value * 10_000 + (value >> 32)) & 0xffffffff;
}

function isDigit(at: usize): bool {
  return <u32>load<u8>(at) - 0x30 <= 9;
}
