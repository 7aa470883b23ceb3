import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteInterner } from '../../src/extract/byte-interner.js';

function textAt(interner: ByteInterner, id: number): string {
  const { bytes, offsets } = interner;
  return Buffer.from(bytes.subarray(offsets[id], offsets[id + 1])).toString('latin1');
}

it('numbers byte strings as a map does, in the order of their first appearance', () => {
  const text = fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '/', '\0', '\xff'), maxLength: 5 }),
    fc.nat(500).map((number) => `key/${number}`),
    fc.string({ unit: 'binary-ascii', minLength: 50, maxLength: 300 }),
  );
  fc.assert(
    fc.property(fc.array(text, { maxLength: 400 }), fc.nat(2), (texts, clears) => {
      // Small, so that it grows.
      const interner = new ByteInterner(2);
      for (let round = 0; round <= clears; round++) {
        interner.clear();
        const map = new Map<string, number>();
        for (const text of texts) {
          const buffer = Buffer.from(`<${text}>`, 'latin1');
          const id = interner.intern(buffer, 1, buffer.length - 1);
          if (!map.has(text)) map.set(text, map.size);
          expect(id).toBe(map.get(text));
        }
        expect(interner.count).toBe(map.size);
        expect(interner.byteLength).toBe([...map.keys()].join('').length);
        for (const [text, id] of map) expect(textAt(interner, id)).toBe(text);
      }
    }),
    { seed: 20_261_123, numRuns: 100 },
  );
});

it('keeps a hundred thousand strings apart, also those of equal length', () => {
  const interner = new ByteInterner();
  const buffer = Buffer.alloc(9);
  for (let round = 0; round < 2; round++) {
    for (let i = 0; i < 100_000; i++) {
      buffer.write(String(i).padStart(9, '0'));
      if (interner.intern(buffer, 0, 9) !== i) throw new Error(`${i} got another id`);
    }
  }
  expect(interner.count).toBe(100_000);
  expect(textAt(interner, 99_999)).toBe('000099999');
});
