import { parseAddress } from '../../extract/parse-address.js';

/** A block of addresses in the 16-byte form (IPv4 as `::ffff:a.b.c.d`). */
export interface Cidr {
  /** Its first address, four big-endian words. */
  readonly words: readonly [number, number, number, number];
  /** Bits that all its addresses share: 0 to 128; an IPv4 /24 is 120. */
  readonly length: number;
}

/** Bits before the address in the 16-byte form of an IPv4 address. */
const V4_OFFSET = 96;
/** The longest text of an IPv6 block: 45 characters, `/` and three digits. */
const LONGEST_TEXT = 49;

const bytes = new Uint8Array(LONGEST_TEXT);
const words = new Uint32Array(4);

/**
 * Read `192.0.2.0/24`, `2001:db8::/32`, or an address alone, which is a block of one. Bits of the
 * address behind the block's length are ignored, as routers do.
 *
 * @returns undefined when the text is none of these
 */
export function parseCidr(text: string): Cidr | undefined {
  if (text.length > LONGEST_TEXT) return undefined;
  const slash = text.indexOf('/');
  const end = slash < 0 ? text.length : slash;
  for (let i = 0; i < end; i++) {
    const code = text.charCodeAt(i);
    if (code > 0x7f) return undefined;
    bytes[i] = code;
  }
  if (!parseAddress(bytes, 0, end, words)) return undefined;
  if (slash < 0) return blockAt(words, 128);
  const digits = text.slice(slash + 1);
  if (!/^(?:0|[1-9]\d{0,2})$/.test(digits)) return undefined;
  const isV4 = !text.includes(':');
  const length = Number(digits);
  if (length > (isV4 ? 32 : 128)) return undefined;
  return blockAt(words, isV4 ? length + V4_OFFSET : length);
}

/** The block of this length that holds the address of four words. */
export function blockAt(address: ArrayLike<number>, length: number): Cidr {
  const word = (at: number): number => {
    const bits = Math.min(32, Math.max(0, length - 32 * at));
    return bits === 0 ? 0 : (address[at] & (-1 << (32 - bits))) >>> 0;
  };
  return { words: [word(0), word(1), word(2), word(3)], length };
}

/** Whether all addresses of the block are IPv4. */
export function isV4(cidr: Cidr): boolean {
  const [a, b, c] = cidr.words;
  return cidr.length >= V4_OFFSET && a === 0 && b === 0 && c === 0xffff;
}

/** Order of two addresses of four words: negative, 0 or positive. */
export function compareWords(left: ArrayLike<number>, right: ArrayLike<number>): number {
  // Spelled out: it is what sorting hundreds of thousands of blocks consists of.
  return left[0] - right[0] || left[1] - right[1] || left[2] - right[2] || left[3] - right[3];
}

/** The address behind the last one of the block, or undefined where there is none. */
export function behind(cidr: Cidr): readonly number[] | undefined {
  if (cidr.length === 0) return undefined;
  const next = [...cidr.words];
  let at = (cidr.length - 1) >> 5;
  let carry = 2 ** (31 - ((cidr.length - 1) & 31));
  for (; at >= 0 && carry > 0; at--) {
    const sum = next[at] + carry;
    next[at] = sum % 2 ** 32;
    carry = sum >= 2 ** 32 ? 1 : 0;
  }
  return carry > 0 ? undefined : next;
}
