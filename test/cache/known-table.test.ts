import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KnownTable } from '../../cache/known-table.js';

const entries = fc.array(
  fc.record({
    // Few upper and lower halves, so that entries meet.
    hash: fc.tuple(fc.nat(3), fc.nat(40)).map(([high, low]) => (BigInt(high) << 32n) | BigInt(low)),
    stamp: fc.nat(5),
    ordinal: fc.nat(9),
  }),
  { maxLength: 200 },
);

describe('a table of known files', () => {
  it('finds all that was added, newest first, and has no stamp that was not', () => {
    fc.assert(
      fc.property(entries, (added) => {
        const table = new KnownTable(added.length);
        for (const { hash, stamp, ordinal } of added) {
          expect(table.add(hash, stamp, ordinal)).toBe(true);
        }
        for (const { hash, stamp, ordinal } of added) {
          expect(table.has(hash, stamp)).toBe(true);
          const candidates = table.candidates(hash);
          expect(candidates).toContain(ordinal);
          expect(candidates).toEqual([...candidates].sort((a, b) => b - a));
        }
        expect(table.has(5n << 32n, 1)).toBe(false);
        expect(table.candidates(5n << 32n)).toEqual([]);
      }),
    );
  });

  it('spreads over all its slots, wraps at the end, and says when it is full', () => {
    const table = new KnownTable(100);
    let count = 0;
    while (count < 1000 && table.add((7n << 32n) | 0xffff_ffffn, count, count)) count++;
    expect(count).toBeGreaterThanOrEqual(100);
    expect(count).toBeLessThan(110);
    expect(table.candidates((7n << 32n) | 0xffff_ffffn)).toHaveLength(count);
    expect(new KnownTable(0).candidates(1n)).toEqual([]);
  });

  it('looks up what is not there in few steps, though nearly full', () => {
    const files = 20_000;
    const table = new KnownTable(files);
    let state = 1n;
    const next = (): bigint => {
      state = (state * 6_364_136_223_846_793_005n + 1_442_695_040_888_963_407n) % 2n ** 64n;
      return state ^ (state >> 29n);
    };
    for (let i = 0; i < files; i++) table.add(next(), i, i);
    let found = 0;
    for (let i = 0; i < files; i++) found += table.candidates(next()).length;
    expect(found).toBeLessThan(3);
  });
});
