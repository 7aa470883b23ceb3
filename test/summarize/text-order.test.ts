import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareCodePoints, compareNaturally } from '../../src/summarize/text-order.js';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 6 }),
  fc
    .array(fc.constantFrom('a', 'b', '/', '0', '00', '1', '9', '10', '\uffff', '\u{1f680}'), {
      maxLength: 6,
    })
    .map((pieces) => pieces.join('')),
);

test('code-point order is the order of the bytes of UTF-8', () => {
  fc.assert(
    fc.property(text, text, (a, b) => {
      const expected = Buffer.compare(Buffer.from(a, 'utf8'), Buffer.from(b, 'utf8'));
      expect(Math.sign(compareCodePoints(a, b))).toBe(expected);
    }),
    { numRuns: 2000 },
  );
});

test('natural order takes digits as numbers', () => {
  const sorted = [
    'AWS/us-east-1',
    'AWS/us-east-2',
    'AWS/us-east-10',
    'US',
    'US/Texas',
    'a01',
    'a1',
    'a2',
  ];
  expect([...sorted].reverse().sort(compareNaturally)).toEqual(sorted);
});

test('natural order is a total order in which only equal strings are equal', () => {
  fc.assert(
    fc.property(text, text, text, (a, b, c) => {
      expect(compareNaturally(a, b) === 0).toBe(a === b);
      expect(Math.sign(compareNaturally(a, b))).toBe(-Math.sign(compareNaturally(b, a)) + 0);
      const sorted = [a, b, c].sort(compareNaturally) as [string, string, string];
      expect(compareNaturally(sorted[0], sorted[2])).toBeLessThanOrEqual(0);
    }),
    { numRuns: 3000 },
  );
});
