import { COLON, DOT, hexValue } from './bytes.js';

/**
 * Read an IPv4 or IPv6 address in text form into four big-endian words: the 16-byte form, where
 * IPv4 is `::ffff:a.b.c.d` (RFC 4291 section 2.5.5.2). Strict: no leading zeros in IPv4, no
 * zone, nothing around it.
 *
 * @returns whether the range holds an address; if not, `words` is unspecified
 */
export function parseAddress(
  buffer: Uint8Array,
  start: number,
  end: number,
  words: Uint32Array,
): boolean {
  const v4 = parseV4(buffer, start, end);
  if (v4 >= 0) {
    words[0] = 0;
    words[1] = 0;
    words[2] = 0xffff;
    words[3] = v4;
    return true;
  }
  return parseV6(buffer, start, end, words);
}

/** @returns the address as an unsigned 32-bit number, or -1 */
function parseV4(buffer: Uint8Array, start: number, end: number): number {
  if (end - start < 7 || end - start > 15) return -1;
  let value = 0;
  let part = 0;
  let digits = 0;
  let dots = 0;
  for (let i = start; i < end; i++) {
    const digit = buffer[i] - 0x30;
    if (digit >>> 0 <= 9) {
      if (digits > 0 && part === 0) return -1; // a leading zero: octal to some, decimal to others
      part = part * 10 + digit;
      digits++;
      if (part > 255) return -1;
    } else if (buffer[i] === DOT) {
      if (digits === 0 || ++dots > 3) return -1;
      value = value * 256 + part;
      part = 0;
      digits = 0;
    } else {
      return -1;
    }
  }
  return dots === 3 && digits > 0 ? value * 256 + part : -1;
}

const groups = new Uint16Array(8);

function parseV6(buffer: Uint8Array, start: number, end: number, words: Uint32Array): boolean {
  if (end - start < 2 || end - start > 45) return false;
  let count = 0;
  let gap = -1;
  let i = start;
  if (buffer[i] === COLON) {
    if (buffer[i + 1] !== COLON) return false;
    gap = 0;
    i += 2;
  }
  while (i < end) {
    if (count === 8) return false;
    let group = 0;
    let digits = 0;
    const groupStart = i;
    for (; i < end; i++) {
      const value = hexValue(buffer[i]);
      if (value < 0) break;
      if (++digits > 4) return false;
      group = group * 16 + value;
    }
    if (i < end && buffer[i] === DOT) {
      const v4 = parseV4(buffer, groupStart, end);
      if (v4 < 0 || count > 6) return false;
      groups[count++] = Math.floor(v4 / 65_536);
      groups[count++] = v4 % 65_536;
      i = end;
      break;
    }
    if (digits === 0) return false;
    groups[count++] = group;
    if (i === end) break;
    if (buffer[i] !== COLON) return false;
    i++;
    if (i === end) return false; // ends in a single colon
    if (buffer[i] === COLON) {
      if (gap >= 0) return false;
      gap = count;
      i++;
    }
  }
  if (gap < 0 ? count !== 8 : count > 7) return false;
  const missing = 8 - count;
  for (let g = 0; g < 8; g++) {
    const source = gap < 0 || g < gap ? g : g - missing;
    const value = gap >= 0 && g >= gap && g < gap + missing ? 0 : groups[source];
    const word = g >> 1;
    words[word] = g & 1 ? (words[word] | value) >>> 0 : (value << 16) >>> 0;
  }
  return true;
}
