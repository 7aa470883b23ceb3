import { classes, DOT, HEX_DIGIT } from './bytes';

/**
 * Where the dots of an IPv4 address of up to 15 bytes stand, its end counted as a dot, gives one of
 * 81 patterns: how to bring the digits of the four parts under one another, and the least values of
 * parts so long. After Wojciech Mula, "SIMD-ized parsing of IPv4 addresses".
 */
const PATTERN_BYTES: usize = 32;
const patterns: usize = memory.data(82 * 32, 16);
/** Pattern by set of dots; 0: none. */
const patternOfDots: usize = memory.data(65_536, 16);

/** What {@link parseV4} found. */
export let v4Address: u32 = 0;
/** What {@link parseAddress} found: four big-endian words, IPv4 as `::ffff:a.b.c.d`. */
export const addressFound: usize = memory.data(16, 16);

/** Make the tables; once, before anything is parsed. */
export function fillPatterns(): void {
  let pattern: u32 = 0;
  for (let a: u32 = 1; a <= 3; a++) {
    for (let b: u32 = 1; b <= 3; b++) {
      for (let c: u32 = 1; c <= 3; c++) {
        for (let d: u32 = 1; d <= 3; d++) {
          pattern++;
          const at = patterns + <usize>pattern * PATTERN_BYTES;
          let dots: u32 = 0;
          let start: u32 = 0;
          for (let part: u32 = 0; part < 4; part++) {
            const length = part === 0 ? a : part === 1 ? b : part === 2 ? c : d;
            // Lanes: nothing, hundreds, tens, ones. A lane out of range gives 0.
            for (let digit: u32 = 0; digit < 4; digit++) {
              const isThere = digit + length >= 4;
              store<u8>(at + part * 4 + digit, isThere ? <u8>(start + digit + length - 4) : 0x80);
            }
            store<u32>(at + 16 + part * 4, length === 3 ? 100 : length === 2 ? 10 : 0);
            start += length;
            dots |= 1 << start;
            start++;
          }
          store<u8>(patternOfDots + dots, <u8>pattern);
        }
      }
    }
  }
}

/** Read `length` bytes, followed by a space, as an IPv4 address into {@link v4Address}. No leading zeros. */
export function parseV4(at: usize, length: usize): bool {
  if (length > 15) return false;
  const text = v128.load(at);
  const end: u32 = (<u32>1) << (<u32>length);
  const dots = i8x16.bitmask(i8x16.eq(text, i8x16.splat(DOT))) & (end - 1);
  const values = i8x16.sub(text, i8x16.splat(0x30));
  const digits = i8x16.bitmask(i8x16.le_u(values, i8x16.splat(9))) & (end - 1);
  if ((dots | digits) !== end - 1) return false;
  const pattern = <usize>load<u8>(patternOfDots + (dots | end));
  if (pattern === 0) return false;
  const table = patterns + pattern * PATTERN_BYTES;
  const lanes = i8x16.swizzle(values, v128.load(table));
  const weights = i16x8(0, 100, 10, 1, 0, 100, 10, 1);
  const low = i32x4.dot_i16x8_s(i16x8.extend_low_i8x16_u(lanes), weights);
  const high = i32x4.dot_i16x8_s(i16x8.extend_high_i8x16_u(lanes), weights);
  // Pairs of lanes are one part: hundreds, tens and ones.
  const parts = i32x4.add(
    v128.shuffle<i32>(low, high, 0, 2, 4, 6),
    v128.shuffle<i32>(low, high, 1, 3, 5, 7),
  );
  const fits = v128.and(
    i32x4.ge_u(parts, v128.load(table + 16)),
    i32x4.le_u(parts, i32x4.splat(255)),
  );
  if (!i32x4.all_true(fits)) return false;
  v4Address =
    (i32x4.extract_lane(parts, 0) << 24) |
    (i32x4.extract_lane(parts, 1) << 16) |
    (i32x4.extract_lane(parts, 2) << 8) |
    i32x4.extract_lane(parts, 3);
  return true;
}

/** Read an IPv6 address, the last two groups written as IPv4 or not, into {@link addressFound}. */
export function parseV6(start: usize, end: usize): bool {
  if (end - start < 2 || end - start > 45) return false;
  memory.fill(groups, 0, 16);
  let count: i32 = 0;
  let gap: i32 = -1;
  let i = start;
  if (load<u8>(i) === 0x3a) {
    if (load<u8>(i, 1) !== 0x3a) return false;
    gap = 0;
    i += 2;
  }
  while (i < end) {
    if (count === 8) return false;
    let group: u32 = 0;
    let digits: i32 = 0;
    const groupStart = i;
    for (; i < end; i++) {
      const byte = <u32>load<u8>(i);
      if ((load<u8>(classes + byte) & HEX_DIGIT) === 0) break;
      if (++digits > 4) return false;
      group = group * 16 + (byte <= 0x39 ? byte - 0x30 : (byte | 0x20) - 0x57);
    }
    if (i < end && load<u8>(i) === DOT) {
      if (count > 6 || !parseV4(groupStart, end - groupStart)) return false;
      store<u16>(groups + ((<usize>count) << 1), <u16>(v4Address >> 16));
      store<u16>(groups + ((<usize>count) << 1), <u16>v4Address, 2);
      count += 2;
      i = end;
      break;
    }
    if (digits === 0) return false;
    store<u16>(groups + ((<usize>count) << 1), <u16>group);
    count++;
    if (i === end) break;
    if (load<u8>(i) !== 0x3a) return false;
    i++;
    if (i === end) return false;
    if (load<u8>(i) === 0x3a) {
      if (gap >= 0) return false;
      gap = count;
      i++;
    }
  }
  if (gap < 0 ? count !== 8 : count > 7) return false;
  place(count, gap);
  return true;
}

/** Up to eight groups in the order of the text. */
const groups: usize = memory.data(16, 16);

/** Move the groups after the gap to the end, and make words of them. */
function place(count: i32, gap: i32): void {
  const missing = 8 - count;
  for (let word: i32 = 0; word < 4; word++) {
    const high = groupAt(word * 2, gap, missing);
    const low = groupAt(word * 2 + 1, gap, missing);
    store<u32>(addressFound + ((<usize>word) << 2), (high << 16) | low);
  }
}

function groupAt(place: i32, gap: i32, missing: i32): u32 {
  if (gap < 0 || place < gap) return load<u16>(groups + ((<usize>place) << 1));
  if (place < gap + missing) return 0;
  return load<u16>(groups + ((<usize>(place - missing)) << 1));
}
