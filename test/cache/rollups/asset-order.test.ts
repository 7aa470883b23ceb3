import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assetOrder, assetPath } from '../../../cache/rollups/asset-order.js';

const path = fc
  .array(fc.constantFrom('a', 'b', '/', '-', '.', '\u0000', '\u0001', '\u0002', 'é', '\u{1f680}'), {
    minLength: 1,
    maxLength: 8,
  })
  .map((characters) => characters.join(''));

function latin1(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

/** Lists of components, element by element, by bytes; the shorter first. */
function compareComponents(one: string, other: string): number {
  const [a, b] = [one.split('/'), other.split('/')];
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = Buffer.compare(Buffer.from(a[i] as string), Buffer.from(b[i] as string));
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

test('paths sort as lists of components, whatever characters they hold', () => {
  fc.assert(
    fc.property(path, path, (one, other) => {
      const [a, b] = [assetOrder(latin1(one)), assetOrder(latin1(other))];
      expect(a < b ? -1 : a > b ? 1 : 0).toBe(compareComponents(one, other));
    }),
    { numRuns: 2_000 },
  );
});

test('a path comes back as it was, and none is a dot', () => {
  fc.assert(fc.property(path, (one) => assetPath(assetOrder(latin1(one))) === one));
  expect(assetPath(assetOrder(''))).toBe('.');
});
