import type { RawIp } from '../../../cache/seal.js';

/**
 * An address in text form, to be asked for and for nothing else: dotted for IPv4, RFC 5952 section 4
 * for IPv6.
 */
export function addressText(address: RawIp): string {
  return addressTextOfBytes(address.reveal());
}

/** The same of 16 bytes in network order; IPv4 as `::ffff:a.b.c.d`. */
export function addressTextOfBytes(bytes: Uint8Array): string {
  const words = Array.from({ length: 8 }, (_, i) => (bytes[2 * i] << 8) | bytes[2 * i + 1]);
  if (words[5] === 0xffff && words.slice(0, 5).every((word) => word === 0)) {
    return bytes.subarray(12).join('.');
  }
  const [start, length] = longestZeros(words);
  const text = (part: number[]): string => part.map((word) => word.toString(16)).join(':');
  if (length < 2) return text(words);
  return `${text(words.slice(0, start))}::${text(words.slice(start + length))}`;
}

/** The longest run of zero words, the first of several. */
function longestZeros(words: readonly number[]): [start: number, length: number] {
  let best: [number, number] = [0, 0];
  let start = 0;
  words.forEach((word, i) => {
    if (word !== 0) start = i + 1;
    else if (i + 1 - start > best[1]) best = [start, i + 1 - start];
  });
  return best;
}
