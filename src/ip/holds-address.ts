import { isIPv6 } from 'node:net';

/** Four numbers, with no further one before or behind. */
const V4 = /(?<![0-9.])([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})(?![0-9]|\.[0-9])/g;
/** What IPv6 addresses are made of, and what may be mistaken for a part of one. */
const V6_WORD = /[0-9A-Za-z_:.]+/g;
const LONGEST_WORD = 100;
/** Eight groups, whatever letters stand before or behind. */
const V6_WHOLE = /(?:[0-9A-Fa-f]{1,4}:){7}[0-9A-Fa-f]{1,4}/;
/** Groups on both sides of a gap. With three of them, and a digit, it is hardly `std::dec`. */
const V6_GAP = /(?:[0-9A-Fa-f]{1,4}:){1,6}(?::[0-9A-Fa-f]{1,4}){1,6}/g;
/** Dots and colons as URLs may have them. */
const ENCODED = /%(2e|3a)/gi;

/**
 * Whether something stands in a text that reads as an address: `198.51.100.7`, `2001:db8::7`, also with a port, behind a name, glued to
 * letters, or with its colons as `%3A`. A version (`1.2.3.4`) does so as well; so this is for texts where neither has any business.
 */
export function holdsAddress(text: string): boolean {
  if (holdsPlainAddress(text)) return true;
  if (!text.includes('%')) return false;
  const decoded = text.replace(ENCODED, (_, code: string) => (/3a/i.test(code) ? ':' : '.'));
  return decoded.length < text.length && holdsPlainAddress(decoded);
}

function holdsPlainAddress(text: string): boolean {
  for (const [, ...numbers] of text.matchAll(V4)) {
    if (numbers.every((number) => Number(number) <= 255)) return true;
  }
  if (!text.includes(':')) return false;
  for (const [word] of text.matchAll(V6_WORD)) {
    if (word.length <= LONGEST_WORD && word.includes(':') && holdsV6(word)) return true;
  }
  if (V6_WHOLE.test(text)) return true;
  for (const [found] of text.matchAll(V6_GAP)) {
    const groups = found.split(/:+/).length;
    if (groups >= 3 && /[0-9]/.test(found)) return true;
  }
  return false;
}

/** The whole word, or without a name before it or a port behind it. */
function holdsV6(word: string): boolean {
  const bare = word.endsWith('.') ? word.slice(0, -1) : word;
  if (bare === '::') return false;
  const named = bare.slice(bare.indexOf(':') + 1);
  const forms = [bare, bare.replace(/:[0-9]+$/, ''), /[0-9]/.test(named) ? named : ''];
  return forms.some(isIPv6);
}
