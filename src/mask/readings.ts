/**
 * A text as somebody may read it who takes back how it was escaped; a character of it stands for the bytes `from[i]` to `to[i]` of the text
 * as it is written.
 */
export interface Reading {
  /** One character a byte. */
  readonly text: string;
  /** Undefined where each character is that very byte. */
  readonly from: Int32Array | undefined;
  readonly to: Int32Array | undefined;
}

/** A text that is escaped more often than this is none that anybody reads. */
const MOST_READINGS = 12;

/**
 * What stands for something else, or for nothing: `%3A`, `\x3a`, `\u003a`, `%u003a` and `\072`; full-width forms of ASCII and the ideographic full stop (in
 * UTF-8), which hosts may be written with; NUL and other control characters, which texts of 16 bits are full of, and spaces without a width.
 */
const ESCAPE =
  /%([0-9A-Fa-f]{2})|\\[xX]([0-9A-Fa-f]{2})|[\\%][uU]([0-9A-Fa-f]{4})|\\([0-3][0-7]{2})|\xef(?:\xbc[\x81-\xbf]|\xbd[\x80-\x9e])|\xe3\x80\x82|[\x00-\x08\x0e-\x1f\x7f]|\xe2\x80[\x8b-\x8f]|\xe2\x81\xa0|\xc2\xad|\xef\xbb\xbf/g;

/**
 * A text as it is written, and as it reads when its escapes are taken back, once, twice and so on until there are none.
 *
 * @param written one character a byte
 * @returns undefined when it is escaped too often
 */
export function readingsOf(written: string): readonly Reading[] | undefined {
  const readings: Reading[] = [];
  let reading: Reading | undefined = { text: written, from: undefined, to: undefined };
  while (reading !== undefined) {
    if (readings.length === MOST_READINGS) return undefined;
    readings.push(reading);
    reading = unescaped(reading);
  }
  return readings;
}

/** Where a character of a reading begins in what is written. */
export function beginOf(reading: Reading, at: number): number {
  return reading.from === undefined ? at : reading.from[at];
}

/** The byte after a character of a reading, in what is written. */
export function endOf(reading: Reading, at: number): number {
  return reading.to === undefined ? at + 1 : reading.to[at];
}

/** @returns undefined when nothing is escaped */
function unescaped(reading: Reading): Reading | undefined {
  const { text } = reading;
  let out = '';
  let length = 0;
  let done = 0;
  let from: Int32Array | undefined;
  let to: Int32Array | undefined;
  const copy = (end: number): void => {
    out += text.slice(done, end);
    for (let i = done; i < end; i++) {
      (from as Int32Array)[length] = beginOf(reading, i);
      (to as Int32Array)[length++] = endOf(reading, i);
    }
  };
  for (const match of text.matchAll(ESCAPE)) {
    from ??= new Int32Array(text.length);
    to ??= new Int32Array(text.length);
    const end = match.index + match[0].length;
    copy(match.index);
    // Never longer than what it is written with.
    for (const character of meaning(match)) {
      out += character;
      from[length] = beginOf(reading, match.index);
      to[length++] = endOf(reading, end - 1);
    }
    done = end;
  }
  if (from === undefined || to === undefined) return undefined;
  copy(text.length);
  return { text: out, from, to };
}

/** What an escape stands for, one character a byte. */
function meaning([found, percent, short, long, octal]: RegExpMatchArray): string {
  const byte = percent ?? short;
  if (byte !== undefined) return String.fromCharCode(Number.parseInt(byte, 16));
  if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8));
  if (long !== undefined) {
    const character = String.fromCharCode(Number.parseInt(long, 16));
    return Buffer.from(character, 'utf8').toString('latin1');
  }
  if (found === '\xe3\x80\x82') return '.';
  const [first, second, third] = [0, 1, 2].map((i) => found.charCodeAt(i));
  const isFullWidth = first === 0xef && (second === 0xbc || (second === 0xbd && third <= 0x9e));
  if (!isFullWidth || found.length !== 3) return '';
  return String.fromCharCode(0x20 + ((second - 0xbc) << 6) + (third - 0x80));
}
