import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exactJson } from '../../bin/exact-json.js';
import { barOf, drawingSet, sparkLine } from '../../bin/spark-line.js';
import { cutMiddle, cutText, oneLine, padText, textWidth } from '../../bin/text-width.js';

const SET = drawingSet({}, false);

describe('a sparkline', () => {
  it('has the highest block for the most, the lowest for little, and a dot for nothing', () => {
    expect(sparkLine([0n, 1n, 50n, 100n], SET)).toBe('·▁▄█');
    expect(sparkLine([0n, 0n], SET)).toBe('··');
    expect(sparkLine([], SET)).toBe('');
    expect(sparkLine([2n ** 90n, 2n ** 89n], SET)).toBe('█▄');
  });

  it('is ASCII on terminals that take nothing else', () => {
    for (const env of [{ TERM: 'dumb' }, { LANG: 'C' }, { LC_ALL: 'de_DE.ISO-8859-1' }]) {
      expect(sparkLine([0n, 1n, 100n], drawingSet(env, true))).toBe(' .@');
      expect(sparkLine([1n], drawingSet(env, false))).toBe('█');
    }
    expect(sparkLine([1n], drawingSet({ LANG: 'en_US.UTF-8' }, true))).toBe('█');
  });

  it('never falls where values rise', () => {
    const value = fc.bigInt(0n, 2n ** 70n);
    fc.assert(
      fc.property(fc.array(value), (values) => {
        const sorted = [...values].sort((a, b) => (a < b ? -1 : 1));
        const heights = [...sparkLine(sorted, SET)].map((c) => '·▁▂▃▄▅▆▇█'.indexOf(c));
        expect(heights).toEqual([...heights].sort((a, b) => a - b));
      }),
    );
  });
});

describe('a bar', () => {
  it('is as long as its share, and seen as soon as there is something', () => {
    expect(barOf(100n, 100n, 4, SET)).toBe('████');
    expect(barOf(50n, 100n, 4, SET)).toBe('██');
    expect(barOf(29n, 100n, 4, SET)).toBe('█▏');
    expect(barOf(1n, 10n ** 20n, 4, SET)).toBe('▏');
    expect(barOf(0n, 100n, 4, SET)).toBe('');
    expect(barOf(1n, 10n ** 20n, 4, drawingSet({ TERM: 'dumb' }, true))).toBe('#');
  });
});

describe('a text', () => {
  it('is cut to columns of the terminal, of which some characters take two or none', () => {
    expect(textWidth('abc')).toBe(3);
    expect(textWidth('日本')).toBe(4);
    expect(textWidth('e\u0301')).toBe(1);
    expect(cutText('abcdef', 4)).toBe('abc…');
    expect(cutText('日本語', 4)).toBe('日…');
    expect(cutMiddle('sub-01/ses-1/bold.nii', 11)).toBe('sub-0…d.nii');
    expect(padText('日', 4, true)).toBe('  日');
  });

  it('is never wider than it was cut to, whatever it is', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary' }),
        fc.integer({ min: 1, max: 30 }),
        (text, columns) => {
          expect(textWidth(cutText(text, columns))).toBeLessThanOrEqual(columns);
          expect(textWidth(cutMiddle(text, columns))).toBeLessThanOrEqual(columns);
        },
      ),
    );
  });

  it('is one line that moves no cursor', () => {
    expect(oneLine('a\nb\tc\x1b[2J\u202e')).toBe('a\\nb\\tc\\u001b[2J\\u202e');
  });
});

it('JSON has integers with all their digits, and else what JSON.stringify makes', () => {
  expect(exactJson({ a: 2n ** 70n, b: [1n, undefined, null], c: undefined })).toBe(
    `{"a":${2n ** 70n},"b":[1,null,null]}`,
  );
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(exactJson(value)).toBe(JSON.stringify(value));
    }),
  );
});
