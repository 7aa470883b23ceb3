import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { blockAt, type Cidr, parseCidr } from '../../../src/ip/ranges/cidr.js';
import { buildRangeTable, type CodedRange } from '../../../src/ip/ranges/range-table.js';
import { bytesOf } from './published-lists.js';

const range = (text: string, code: string): CodedRange => ({ ...(parseCidr(text) as Cidr), code });

describe('a table of ranges', () => {
  it('finds IPv4 and IPv6 addresses at both ends of a range and not beyond', () => {
    const table = buildRangeTable([
      [
        range('18.0.0.0/15', 'AWS/a'),
        range('2600:1f00::/24', 'AWS/b'),
        range('18.2.0.1/32', 'AWS/c'),
      ],
    ]);
    const codes = (...addresses: string[]) => addresses.map((one) => table.find(bytesOf(one)));
    expect(
      codes('17.255.255.255', '18.0.0.0', '18.1.255.255', '18.2.0.0', '18.2.0.1', '18.2.0.2'),
    ).toEqual([undefined, 'AWS/a', 'AWS/a', undefined, 'AWS/c', undefined]);
    expect(
      codes(
        '2600:1eff:ffff::',
        '2600:1f00::',
        '2600:1fff:ffff:ffff:ffff:ffff:ffff:ffff',
        '2600:2000::',
      ),
    ).toEqual([undefined, 'AWS/b', 'AWS/b', undefined]);
    expect(
      codes('::', '::1', 'ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff', '0.0.0.0', '255.255.255.255'),
    ).toEqual([undefined, undefined, undefined, undefined, undefined]);
  });

  it('lets the most specific range win, whichever list it is from', () => {
    const table = buildRangeTable([
      [range('20.0.0.0/8', 'GitHub')],
      [range('20.1.0.0/16', 'AWS/x')],
      [range('20.1.2.0/24', 'VPN'), range('20.0.0.0/7', 'VPN')],
    ]);
    const codes = ['20.0.0.1', '20.1.0.1', '20.1.2.3', '20.1.3.0', '21.0.0.0'].map((one) =>
      table.find(bytesOf(one)),
    );
    expect(codes).toEqual(['GitHub', 'AWS/x', 'VPN', 'AWS/x', 'VPN']);
  });

  it('lets the first list win between equal ranges, and a code with a place within a list', () => {
    const block = '20.1.0.0/16';
    const find = (...lists: string[][]) =>
      buildRangeTable(lists.map((codes) => codes.map((code) => range(block, code)))).find(
        bytesOf('20.1.2.3'),
      );
    expect(find(['GitHub'], ['AWS/z'], ['VPN'])).toBe('GitHub');
    expect(find([], ['AWS/z'], ['VPN'])).toBe('AWS/z');
    expect(find(['AWS/GLOBAL', 'AWS/us-east-1'])).toBe('AWS/us-east-1');
    expect(find(['GCP/global', 'GCP/us-east1'])).toBe('GCP/us-east1');
    expect(find(['GCP/us-east1', 'GCP/us-east2'])).toBe(find(['GCP/us-east2', 'GCP/us-east1']));
  });

  it('finds nothing when there are no ranges, and everything in the range of all addresses', () => {
    expect(buildRangeTable([]).find(bytesOf('1.1.1.1'))).toBeUndefined();
    expect(buildRangeTable([]).codes).toEqual([]);
    const all = buildRangeTable([[range('::/0', 'all'), range('ff00::/8', 'end')]]);
    expect(all.find(bytesOf('::'))).toBe('all');
    expect(all.find(bytesOf('1.1.1.1'))).toBe('all');
    expect(all.find(bytesOf('ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'))).toBe('end');
  });

  it('names the codes that can be found, and no code whose ranges are all hidden', () => {
    const table = buildRangeTable([
      [range('20.1.0.0/17', 'b'), range('20.1.128.0/17', 'c')],
      [range('20.1.0.0/16', 'a')],
    ]);
    expect(table.codes).toEqual(['b', 'c']);
  });

  it('tells the intervals of a code with their sizes, joined and without what others have', () => {
    const table = buildRangeTable([
      [
        range('20.0.0.0/24', 'a'),
        range('20.0.1.0/24', 'a'),
        range('20.0.1.128/32', 'b'),
        range('2a00::/12', 'a'),
      ],
    ]);
    expect(table.intervals('a')).toEqual([
      { first: bytesOf('20.0.0.0'), size: 384 },
      { first: bytesOf('20.0.1.129'), size: 127 },
      { first: bytesOf('2a00::'), size: 2 ** 116 },
    ]);
    expect(table.intervals('b')).toEqual([{ first: bytesOf('20.0.1.128'), size: 1 }]);
    expect(table.intervals('c')).toEqual([]);
  });

  it('agrees with a look at every range, for any ranges', () => {
    // Few different bits, at both ends and in the middle, so that blocks meet, nest and repeat.
    const word = fc.constantFrom(0, 1, 0xffff, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff);
    const v6 = fc.tuple(word, word, word, word);
    const v4 = word.map((last): [number, number, number, number] => [0, 0, 0xffff, last]);
    const address = fc.oneof(v4, v6);
    const block = fc.oneof(
      fc.tuple(address, fc.integer({ min: 0, max: 128 })),
      fc.tuple(v4, fc.integer({ min: 96, max: 128 })),
    );
    const code = fc.constantFrom('GitHub', 'AWS/GLOBAL', 'AWS/a', 'AWS/b', 'VPN');
    const list = fc.array(
      fc
        .tuple(block, code)
        .map(([[words, length], text]) => ({ ...blockAt(words, length), code: text })),
      { maxLength: 12 },
    );
    fc.assert(
      fc.property(
        fc.array(list, { maxLength: 4 }),
        fc.array(address, { minLength: 1, maxLength: 8 }),
        (lists, some) => {
          const table = buildRangeTable(lists);
          const ends = lists.flat().map(({ words }) => words);
          for (const words of [...some, ...ends]) {
            expect(table.find(bytesFrom(words))).toBe(naively(lists, words));
          }
          for (const one of table.codes) {
            for (const { first } of table.intervals(one)) expect(table.find(first)).toBe(one);
          }
        },
      ),
      { numRuns: 2000 },
    );
  });
});

function naively(
  lists: readonly (readonly CodedRange[])[],
  words: readonly number[],
): string | undefined {
  let best: { range: CodedRange; rank: number } | undefined;
  lists.forEach((list, rank) => {
    for (const one of list) {
      const inside = blockAt(words, one.length).words.every((word, at) => word === one.words[at]);
      if (inside && (best === undefined || isBetter(one, rank, best.range, best.rank)))
        best = { range: one, rank };
    }
  });
  return best?.range.code;
}

function isBetter(one: CodedRange, rank: number, other: CodedRange, otherRank: number): boolean {
  if (one.length !== other.length) return one.length > other.length;
  if (rank !== otherRank) return rank < otherRank;
  const order = ['AWS/a', 'AWS/b', 'AWS/GLOBAL', 'GitHub', 'VPN'];
  return order.indexOf(one.code) < order.indexOf(other.code);
}

function bytesFrom(words: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  words.forEach((word, at) => {
    view.setUint32(4 * at, word);
  });
  return bytes;
}
