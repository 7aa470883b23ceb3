import { isIPv6 } from 'node:net';
import { beginOf, endOf, type Reading } from './readings.js';

/** Bytes of a text from `from` up to `to`. */
export interface Extent {
  readonly from: number;
  readonly to: number;
}

/** Four numbers, with dots between them, or other marks as in names of hosts; with zeros before them, or hexadecimal, as resolvers read them. */
const V4 =
  /(?<!\d)\d{1,3}(?:-\d{1,3}){3}(?!\d)|(?<!\d)\d{1,3}(?:_\d{1,3}){3}(?!\d)|\d{1,3}(?:(?:\.|\[\.\]|\(\.\))\d{1,3}){3}|(?<!\d)0{0,9}\d{1,3}(?:\.0{0,9}\d{1,3}){3}|0[xX][0-9A-Fa-f]{1,2}(?:\.0[xX][0-9A-Fa-f]{1,2}){3}|0[xX][0-9A-Fa-f]{8}(?![0-9A-Fa-f])/g;

/** What may be or hold an address of version 6: hexadecimal digits, colons and dots. */
const V6_LIKE = /[0-9A-Fa-f.:]{2,}/g;

const GROUP = /[0-9A-Fa-f]+/g;

/** No other notation has so many in a row. */
const V6_COLONS = 5;

/** An address of version 6 in the name of a host: its groups with dashes between them, or its digits, backwards, with dots. */
const V6_NAME =
  /(?<![0-9A-Za-z])(?:[0-9A-Fa-f]{1,4}(?:[-_][0-9A-Fa-f]{1,4}){7}|(?:[0-9A-Fa-f]{1,4}-){1,6}(?:-[0-9A-Fa-f]{1,4}){1,6})(?![0-9A-Za-z])|(?:[0-9A-Fa-f]\.){16,}/g;

/** Some characters of a reading that look like an address. */
export interface AddressWord {
  readonly index: number;
  readonly word: string;
}

/** Whatever looks like an address, rather too much than too little. What clients encode in ways of their own cannot be seen. */
export function findAddresses(
  readings: readonly Reading[],
  isOne: (text: string, found: AddressWord) => boolean = () => true,
): Extent[] {
  const found: Extent[] = [];
  for (const reading of readings) {
    const { text } = reading;
    const add = (index: number, word: string): void => {
      if (!isOne(text, { index, word })) return;
      found.push({ from: beginOf(reading, index), to: endOf(reading, index + word.length - 1) });
    };
    for (const { index, 0: word } of text.matchAll(V4)) add(index, word);
    for (const { index, 0: word } of text.matchAll(V6_NAME)) add(index, word);
    if (!text.includes(':')) continue;
    for (const { index, 0: word } of text.matchAll(V6_LIKE)) {
      if (isV6Like(word, text.slice(index + word.length, index + word.length + 1))) {
        add(index, word);
      }
    }
  }
  return found;
}

/** @param next the character behind it */
function isV6Like(word: string, next: string): boolean {
  let colons = 0;
  for (let at = word.indexOf(':'); at >= 0; at = word.indexOf(':', at + 1)) colons++;
  if (colons >= V6_COLONS) return true;
  if (!word.includes('::')) return false;
  // Two groups, whatever stands around them: `iam::cloudfront` has one on each side that is no group as a whole.
  if ((word.match(GROUP)?.length ?? 0) >= 3) return true;
  if (/\w/.test(next)) return false;
  const trimmed = trimDots(word)
    .replace(/^:(?!:)/, '')
    .replace(/(?<!:):$/, '');
  return isIPv6(trimmed);
}

function trimDots(word: string): string {
  let [start, end] = [0, word.length];
  while (start < end && word[start] === '.') start++;
  while (end > start && word[end - 1] === '.') end--;
  return word.slice(start, end);
}
