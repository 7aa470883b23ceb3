import { isIPv6 } from 'node:net';
import { type AddressWord, type Extent, findAddresses } from '../../mask/find-addresses.js';
import { readingsOf } from '../../mask/readings.js';
import { replaceExtents } from '../../mask/replace-extents.js';

/** Stands in names where something reads as an address. */
export const ADDRESS_MASK = '[address]';
const UNREADABLE_MASK = '[escaped too often]';

/** A quick look: what this is not in holds no address. Colons and escapes; four numbers, or many hexadecimal ones, with marks between them. */
const MAY_HOLD =
  /[:%\\]|\d[.\-_()[\]]{1,3}\d+[.\-_()[\]]{1,3}\d+[.\-_()[\]]{1,3}\d|--|(?:[0-9A-Fa-f]{1,4}[-_]){7}|(?:[0-9A-Fa-f]\.){16}|0[xX]|[^\t\n\r\x20-\x7e]/;

/**
 * Where something stands in a text that reads as an address, however it is escaped: rather too much than too little, but for what
 * names of files are full of. Four numbers up to 255 with dots between them are an address, also where they mean a version; five are
 * one with a port. No address are: numbers that begin with 0 (a network that no client is in), six and more numbers with dots (UIDs of
 * DICOM, OIDs), and, with `-` or `_` between them, other than just four numbers, or numbers with zeros before them (dates and times).
 *
 * @param text one character a byte (latin1)
 * @returns extents of bytes; undefined: it is escaped too often to tell
 */
export function addressesIn(text: string): readonly Extent[] | undefined {
  if (!MAY_HOLD.test(text)) return [];
  const readings = readingsOf(text);
  return readings === undefined ? undefined : findAddresses(readings, isAddress);
}

/** A name as it goes into packages: what reads as an address is masked, never told by anything made of it. */
export function nameWithoutAddress(name: string): string {
  if (!MAY_HOLD.test(name)) return name;
  let text = Buffer.from(name, 'utf8').toString('latin1');
  // What is left may read as another one.
  for (let turn = 0; turn < 3; turn++) {
    const found = addressesIn(text);
    if (found === undefined) return UNREADABLE_MASK;
    if (found.length === 0) return turn === 0 ? name : Buffer.from(text, 'latin1').toString('utf8');
    text = replaceExtents(
      text,
      found.map((extent) => ({ ...extent, mask: ADDRESS_MASK })),
      [ADDRESS_MASK],
    );
  }
  return ADDRESS_MASK;
}

function isAddress(text: string, { index, word }: AddressWord): boolean {
  if (/[xX]/.test(word)) return true;
  if (/^\d+(?:-\d+){3}$/.test(word)) return isFourInName(text, index, word, '-');
  if (/^\d+(?:_\d+){3}$/.test(word)) return isFourInName(text, index, word, '_');
  if (/^\d+(?:\.\d+){3}$/.test(word)) return isDotted(text, index, word);
  if (/^\d+(?:[.()[\]]+\d+){3}$/.test(word)) return isFour(word.split(/[.()[\]]+/));
  if (word.includes('--')) return isIPv6(word.replaceAll('-', ':')) && /^[0-9a-f]{3}/i.test(word);
  return word !== '::';
}

/** Four numbers, or five of which four are an address. */
function isDotted(text: string, index: number, word: string): boolean {
  const numbers = runAround(text, index, word, '.').run.split('.');
  if (numbers.length > 5) return false;
  return isFour(numbers.slice(0, 4)) || (numbers.length === 5 && isFour(numbers.slice(1)));
}

function isFourInName(text: string, index: number, word: string, mark: '-' | '_'): boolean {
  const { run, start } = runAround(text, index, word, mark);
  const all = run.split(mark);
  // The 2 of `ec2-198-51-100-7` is none of them.
  const isNamed = all.length === 5 && /[A-Za-z]/.test(text.charAt(start - 1));
  const numbers = isNamed ? all.slice(1) : all;
  if (numbers.length !== 4 || !isFour(numbers)) return false;
  const isPadded = numbers.every((number) => number.length === 3);
  return isPadded || numbers.every((number) => !/^0\d/.test(number));
}

function isFour(numbers: readonly string[]): boolean {
  return numbers.every((number) => Number(number) <= 255) && Number(numbers[0]) !== 0;
}

/** Further than that nobody looks: what is longer is no address. */
const MOST_CHARACTERS = 64;

/** All numbers with that mark between them, of which a word is a part. */
function runAround(text: string, index: number, word: string, mark: string) {
  let start = index;
  let end = index + word.length;
  const first = Math.max(0, index - MOST_CHARACTERS);
  const last = Math.min(text.length, end + MOST_CHARACTERS);
  while (start > first && isDigit(text, start - 1)) start--;
  while (start - 1 > first && text[start - 1] === mark && isDigit(text, start - 2)) {
    start -= 2;
    while (start > first && isDigit(text, start - 1)) start--;
  }
  while (end < last && isDigit(text, end)) end++;
  while (end + 1 < last && text[end] === mark && isDigit(text, end + 1)) {
    end += 2;
    while (end < last && isDigit(text, end)) end++;
  }
  return { run: text.slice(start, end), start };
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}
