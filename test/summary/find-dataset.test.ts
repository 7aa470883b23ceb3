import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { editDistance, nearest } from '../../src/summary/find-dataset.js';

describe('the distance of two texts', () => {
  it.each([
    ['', '', 0],
    ['ds1', 'ds1', 0],
    ['ds1', 'ds2', 1],
    ['ds1', 'ds11', 1],
    ['ds12', 'ds21', 1],
    ['kitten', 'sitting', 3],
    ['', 'abc', 3],
  ])('%j, %j is %i', (a, b, distance) => {
    expect(editDistance(a, b)).toBe(distance);
  });

  it('is the same both ways, 0 for equal ones alone, and at most the longer length', () => {
    const text = fc.string({ unit: fc.constantFrom('a', 'b', 'c'), maxLength: 8 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        const distance = editDistance(a, b);
        expect(editDistance(b, a)).toBe(distance);
        expect(distance === 0).toBe(a === b);
        expect(distance).toBeLessThanOrEqual(Math.max(a.length, b.length));
        expect(distance).toBeGreaterThanOrEqual(Math.abs(a.length - b.length));
      }),
    );
  });
});

describe('what may have been meant', () => {
  const names = ['ds000100', 'ds000107', 'ds000170', 'openneuro', 'zebrafish'];

  it.each([
    ['DS000107', ['ds000107']],
    ['ds000017', ['ds000107']],
    ['107', ['ds000107']],
    ['openeuro', ['openneuro']],
    ['nothing like it', []],
    ['', []],
  ])('by %j', (name, expected) => {
    expect(nearest(name, names).slice(0, Math.max(1, expected.length))).toEqual(expected);
  });

  it('is found soon, however long names are', () => {
    const long = Array.from({ length: 2000 }, (_, n) => `${'x'.repeat(1000)}${n}`);
    expect(nearest('x'.repeat(1000), long)).toHaveLength(3);
  });
});
