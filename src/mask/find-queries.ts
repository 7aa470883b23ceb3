import type { Extent } from './find-addresses.js';
import { beginOf, endOf, type Reading } from './readings.js';

/** What a query begins with, and what its parts begin with, should its beginning be cut off. */
const MARK = /[?&]/g;

/** Besides, in what is no line of S3's as a whole: a value. */
const VALUE = /[?&]|=(?=[^\s"])/g;

/** How a line of S3's begins, a prefix of syslog included: words up to a time in brackets. */
const BEGINNING = /^[^"[=?&]*\[\d\d?\/[A-Z][a-z]{2}\//;

/** The protocol that ends a request line, or the numbers behind it: nothing in front of the last of these is sure to be no part of a query. */
const END =
  / HTTP\/\d(?:\.\d)?"(?= |$)|" (?:\d{3}|-) (?:[A-Za-z]{1,64}|-)(?: (?:\d{1,20}|-)){4}(?= )/g;

/** How a request line begins. */
const REQUEST = /"[A-Z]{1,20} /;

/** The first quote of a piece of a line, where it is one that ends a field; or a protocol that no quote stands before. */
const CUT_FIELD = /^[^"]*?[^\s"]"(?= |$)|^[^"]* HTTP\/\d/;

/**
 * Whatever may be the value of a query in a line: all from a mark on to the end of the request line, or of the line. Clients write spaces and
 * quotes into queries, and a line is rejected because it cannot be told where its fields end; so rather too much is found.
 *
 * @param readings of the line; the first is the line as it is written
 */
export function findQueries(readings: readonly Reading[]): Extent[] {
  const line = readings[0].text;
  const isWhole = beginsAsLine(line);
  const ends = [...line.matchAll(END)];
  const last = ends.at(-1)?.index ?? -1;
  const found: Extent[] = [];
  const cut = isWhole ? 0 : Math.max(cutField(line, ends[0]?.index, last), cutQuery(readings));
  if (cut > 0) found.push({ from: 0, to: cut });
  let done = 0;
  for (const from of marksOf(readings, isWhole ? MARK : VALUE)) {
    if (from < done) continue;
    done = last >= from ? last : line.length;
    if (done > from) found.push({ from, to: done });
  }
  return found;
}

/**
 * Where the field ends in the middle of which a piece of a line begins: it may be a query.
 *
 * @param first place of a request line's end, if there is one; `last`: the last such
 * @returns 0 when it begins with no such field
 */
function cutField(line: string, first: number | undefined, last: number): number {
  if (first !== undefined) return REQUEST.test(line.slice(0, first)) ? 0 : last;
  // Between referer and agent.
  const between = line.lastIndexOf('" "');
  if (between >= 0 && !REQUEST.test(line)) return between;
  return CUT_FIELD.exec(line)?.[0].length ?? 0;
}

/** Where the first value of a query ends that has lost its beginning. @returns 0: there is none */
function cutQuery(readings: readonly Reading[]): number {
  const first = (mark: string): number =>
    Math.min(
      ...readings.map((reading) => {
        const at = reading.text.indexOf(mark);
        return at < 0 ? Number.POSITIVE_INFINITY : beginOf(reading, at);
      }),
    );
  const end = first('&');
  return end < first('?') ? end : 0;
}

/** Whether a line begins as those of S3 do, rather than somewhere within one. */
export function beginsAsLine(line: string): boolean {
  return BEGINNING.test(line);
}

/** As {@link findQueries}, in a text that is one field. */
export function findQueryIn(readings: readonly Reading[]): Extent[] {
  const { length } = readings[0].text;
  const from = marksOf(readings, VALUE).at(0);
  return from === undefined || from >= length ? [] : [{ from, to: length }];
}

/** The places right behind the marks in all readings, in their order. */
function marksOf(readings: readonly Reading[], mark: RegExp): number[] {
  const places = new Set<number>();
  for (const reading of readings) {
    for (const { index } of reading.text.matchAll(mark)) places.add(endOf(reading, index));
  }
  return [...places].sort((one, other) => one - other);
}
