import { isIP } from 'node:net';

/** Whatever an address may stand in without being part of something longer. */
const WORD = /[0-9A-Za-z_:.]+/g;
const LONGEST = 45;

/**
 * Whether something stands in a text that reads as an address: `198.51.100.7`, `2001:db8::7`. A version (`1.2.3.4`)
 * does so as well; so this is for texts where neither has any business.
 */
export function holdsAddress(text: string): boolean {
  for (const [word] of text.matchAll(WORD)) {
    if (word.length > LONGEST + 1 || !/[.:]/.test(word)) continue;
    const bare = word.endsWith('.') ? word.slice(0, -1) : word;
    if (isIP(bare) !== 0 && bare !== '::') return true;
  }
  return false;
}
