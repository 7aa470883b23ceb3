import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { privacyRules, publishedCount, publishedNumbers } from '../../src/summarize/privacy.js';

describe('the count rule', () => {
  const PUBLISHED: readonly (readonly [bigint, string])[] = [
    [0n, '<50'],
    [1n, '<50'],
    [49n, '<50'],
    [50n, '60'],
    [51n, '60'],
    [69n, '60'],
    [70n, '80'],
    [71n, '80'],
    [89n, '80'],
    [90n, '80'],
    [91n, '100'],
    [110n, '120'],
    [130n, '120'],
    [2n ** 63n, '9223372036854775800'],
  ];
  for (const [count, published] of PUBLISHED) {
    test(`publishes ${count} as ${published}`, () => {
      expect(String(publishedCount(count))).toBe(published);
    });
  }

  test('is the same for numbers', () => {
    const number = fc.oneof(
      fc.nat({ max: 2_000 }),
      fc.maxSafeNat().map((n) => Math.floor(n / 8)),
    );
    fc.assert(
      fc.property(number, fc.nat({ max: 200 }), fc.integer({ min: 1, max: 200 }), (n, t, m) => {
        const rules = privacyRules({ threshold: t, modulus: m });
        const rounded = publishedNumbers(rules)?.round(n);
        const text = rounded === undefined ? `<${t}` : String(rounded);
        expect(text).toBe(String(publishedCount(BigInt(n), rules)));
      }),
      { numRuns: 2_000 },
    );
    expect(publishedNumbers(privacyRules({ threshold: 2n ** 60n }))).toBeUndefined();
  });

  test('gives a multiple near the count and not below the threshold, for any options', () => {
    const natural = fc.bigInt({ min: 0n, max: 2n ** 70n });
    fc.assert(
      fc.property(
        natural,
        natural,
        fc.bigInt({ min: 1n, max: 5000n }),
        (count, threshold, modulus) => {
          const published = publishedCount(count, { threshold, modulus });
          if (count < threshold) {
            expect(published).toBe(`<${threshold}`);
            return;
          }
          const rounded = published as bigint;
          expect(rounded % modulus).toBe(0n);
          expect(rounded >= threshold).toBe(true);
          const distance = rounded > count ? rounded - count : count - rounded;
          const wouldFallBelow = rounded - modulus < threshold;
          expect(2n * distance <= modulus || (wouldFallBelow && distance < modulus)).toBe(true);
        },
      ),
    );
  });

  test('publishes exact counts with threshold 0 and modulus 1', () => {
    const rules = privacyRules({ threshold: 0, modulus: 1 });
    fc.assert(
      fc.property(fc.bigInt({ min: 0n }), (count) => {
        expect(publishedCount(count, rules)).toBe(count);
      }),
    );
  });

  test('refuses options that are no whole numbers', () => {
    expect(privacyRules()).toEqual({ threshold: 50n, modulus: 20n });
    for (const options of [
      { threshold: -1 },
      { threshold: Number.NaN },
      { modulus: 0 },
      { modulus: 0.5 },
    ]) {
      expect(() => privacyRules(options)).toThrow(/whole number/);
    }
  });
});
