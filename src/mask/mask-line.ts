import { type Extent, findAddresses } from './find-addresses.js';
import { readingsOf } from './readings.js';
import { replaceExtents } from './replace-extents.js';

export const ADDRESS_MASK = '[address]';

/** More of a line is not shown. */
const MOST_CHARACTERS = 4_000;

/** The word behind the time, whatever it is: where the address stands. */
const ADDRESS_FIELD = /^([^\]]*\] +)(?!- )\S+/;

/**
 * A line as it may be shown: its address masked, and whatever else looks like one, wherever it stands (in a query, a referer, a name of a
 * host), also when it is escaped. Rather too much than too little is masked. What clients encode in ways of their own cannot be seen.
 *
 * @param bytes a line without its line feed
 */
export function maskLine(bytes: Uint8Array): string {
  // One character a byte, so that no byte hides from the expressions.
  const line = Buffer.from(bytes).toString('latin1');
  const readings = readingsOf(line);
  if (readings === undefined) return '[escaped too often]';
  const found = [...addressField(line), ...findAddresses(readings)];
  const masked = replaceExtents(
    line,
    found.map((extent) => ({ ...extent, mask: ADDRESS_MASK })),
    [ADDRESS_MASK],
  );
  const text = Buffer.from(masked, 'latin1').toString('utf8');
  return printableText(text.length > MOST_CHARACTERS ? `${text.slice(0, MOST_CHARACTERS)}…` : text);
}

/** Where the address stands in a line as S3 writes it, whatever is there. */
export function addressField(line: string): Extent[] {
  const [found, before] = ADDRESS_FIELD.exec(line) ?? [];
  if (found === undefined || before === undefined) return [];
  return [{ from: before.length, to: found.length }];
}

/** A text that moves no cursor and turns no other text. */
export function printableText(text: string): string {
  return text.replace(
    /[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
