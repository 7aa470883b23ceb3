import { isIPv4, isIPv6 } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseAddress } from '../../src/extract/parse-address.js';
import { addresses } from './line-arbitraries.js';

/** The four words of a text, or undefined; neighbours on both sides must not matter. */
function parse(text: string): number[] | undefined {
  const words = new Uint32Array([1, 2, 3, 4]);
  const bytes = Buffer.from(`1:${text}:1.2`, 'utf8');
  return parseAddress(bytes, 2, bytes.length - 4, words) ? Array.from(words) : undefined;
}

/** The same from the definition of the text forms (RFC 4291 section 2.2), by strings. */
function expand(text: string): number[] | undefined {
  if (isIPv4(text)) return [0, 0, 0xffff, v4(text)];
  if (!isIPv6(text) || text.includes('%')) return undefined;
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text);
  const last = dotted === null ? 0 : v4(dotted[2]);
  const hex =
    dotted === null
      ? text
      : `${dotted[1]}${(last >>> 16).toString(16)}:${(last & 0xffff).toString(16)}`;
  const [left, right] = hex.split('::');
  const head = left === '' ? [] : left.split(':');
  const tail = right === undefined || right === '' ? [] : right.split(':');
  const fill = new Array<string>(8 - head.length - tail.length).fill('0');
  const groups = [...head, ...fill, ...tail].map((group) => Number.parseInt(group, 16));
  return [0, 2, 4, 6].map((at) => groups[at] * 65_536 + groups[at + 1]);
}

function v4(text: string): number {
  return text.split('.').reduce((value, part) => value * 256 + Number(part), 0);
}

const SEED = { seed: 20_261_123 };

describe('an address', () => {
  it('is read from every form it can be written in', () => {
    fc.assert(
      fc.property(addresses, ({ text, words }) => {
        expect(parse(text)).toEqual(words);
        expect(expand(text)).toEqual(words);
      }),
      { ...SEED, numRuns: 10_000 },
    );
  });

  it('is accepted and read as the system does, whatever the text', () => {
    const piece = fc.constantFrom(
      ...['0', '1', '9', '25', '255', '256', '00', '01', 'a', 'F', 'ffff', '12345', ':', '::', ':'],
      ...['.', '.', ':::', 'g', ' ', '-', '%', '/', '192.0.2.1', '::ffff:', '2001:db8'],
    );
    const texts = fc.array(piece, { maxLength: 16 }).map((parts) => parts.join(''));
    fc.assert(
      fc.property(texts, (text) => {
        expect([text, parse(text)]).toEqual([text, expand(text)]);
      }),
      { ...SEED, numRuns: 40_000 },
    );
  });

  it('is accepted and read as the system does when one character of it is wrong', () => {
    const change = fc.record({
      at: fc.nat(),
      remove: fc.nat(1),
      insert: fc.constantFrom('', ':', '.', '0', '1', 'f', '::', ' ', 'x', '%eth0'),
    });
    fc.assert(
      fc.property(addresses, change, ({ text }, { at, remove, insert }) => {
        const place = at % (text.length + 1);
        const mutated = text.slice(0, place) + insert + text.slice(place + remove);
        expect([mutated, parse(mutated)]).toEqual([mutated, expand(mutated)]);
      }),
      { ...SEED, numRuns: 40_000 },
    );
  });

  it('with any number of groups around a gap is accepted as the system does', () => {
    for (let head = 0; head <= 9; head++) {
      for (let tail = 0; tail <= 9; tail++) {
        for (const end of ['', ':192.0.2.1', '192.0.2.1']) {
          const text = `${Array(head).fill('a').join(':')}::${Array(tail).fill('b').join(':')}${end}`;
          expect([text, parse(text)]).toEqual([text, expand(text)]);
        }
      }
    }
  });

  it('is one requester, written as IPv4 or mapped into IPv6', () => {
    expect(parse('::ffff:192.0.2.7')).toEqual(parse('192.0.2.7'));
    expect(parse('::FFFF:c000:207')).toEqual(parse('192.0.2.7'));
    expect(parse('::192.0.2.7')).not.toEqual(parse('192.0.2.7'));
  });
});
