import fc from 'fast-check';
import { expect, test } from 'vitest';
import { numberRequesters } from '../../../cache/rollups/number-requesters.js';

/** Addresses of numbers: 0 is "none"; many meet in a slot of a table. */
function words(ids: readonly number[]): Uint32Array {
  return Uint32Array.from(ids.flatMap((id) => [id % 3, id, 0, id === 0 ? 0 : 7]));
}

test('those known keep their numbers, new ones get the next in the order in which they come', () => {
  const ids = fc.uniqueArray(fc.integer({ min: 1, max: 60 }), { maxLength: 40 });
  const came = fc.array(fc.array(fc.nat({ max: 80 }), { maxLength: 40 }), { maxLength: 3 });
  fc.assert(
    fc.property(
      ids,
      fc.nat({ max: 40 }),
      fc.infiniteStream(fc.nat()),
      came,
      (all, cut, mix, own) => {
        // Numbers from 1 on, in any order, in two files.
        const order = all.map((id) => [mix.next().value as number, id] as const);
        const numberOf = new Map(
          order.sort((a, b) => a[0] - b[0]).map(([, id], i) => [id, i + 1] as const),
        );
        const known = [all.slice(0, cut), all.slice(cut)].map((part) => ({
          numbers: Uint32Array.from(part, (id) => numberOf.get(id) as number),
          addresses: words(part),
        }));
        numberOf.set(0, 0);
        const added: number[] = [];
        for (const id of own.flat()) {
          if (numberOf.has(id)) continue;
          numberOf.set(id, numberOf.size);
          added.push(id);
        }
        const found = numberRequesters(known, own.map(words));
        expect(found.numbers.map((numbers) => [...numbers])).toEqual(
          own.map((part) => part.map((id) => numberOf.get(id))),
        );
        expect(found.count).toBe(numberOf.size);
        expect(found.added).toEqual(words(added));
      },
    ),
  );
});
