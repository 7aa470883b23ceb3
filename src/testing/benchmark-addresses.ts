/** Every fifth address is IPv6, about the share public archives see. */
const V6_SHARE = 5;

/** Odd, so that multiplying by it permutes the 24-bit numbers: different indexes never meet. */
const SPREAD = 0x9e3779b1;

/**
 * The address with a given index, as logs write it. Different indexes give different addresses.
 * They are made up: they look like those of clients, and stand for nobody.
 *
 * @param index from 0 to 2^24 - 1
 */
export function benchmarkAddress(index: number): string {
  const spread = Math.imul(index, SPREAD) & 0xffffff;
  if (index % V6_SHARE === 4) return v6(spread);
  return `${20 + (spread >>> 18)}.${(spread >>> 10) & 255}.${(spread >>> 2) & 255}.${v4Last(spread)}`;
}

/**
 * The same address in another spelling: IPv4 mapped into IPv6, IPv6 in capitals or without `::`.
 * It is still one requester.
 */
export function benchmarkAddressRespelled(index: number): string {
  const text = benchmarkAddress(index);
  if (!text.includes(':')) return `::ffff:${text}`;
  return index % 2 === 0 ? text.toUpperCase() : text.replace('::', ':0:0:0:0:');
}

function v4Last(spread: number): number {
  return 7 + (spread & 3) * 61;
}

/** 2600:1f00::/24 style prefix and four groups left out. */
function v6(spread: number): string {
  const high = (0x1f00 | (spread >>> 16)).toString(16);
  const low = (1 + (spread & 0x7fff)).toString(16);
  return `2600:${high}::${spread & 0x8000 ? 'b' : 'a'}:${low}`;
}
