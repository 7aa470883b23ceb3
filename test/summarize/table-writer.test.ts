import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assetOrder } from '../../cache/rollups/asset-order.js';
import { privacyRules, publishedCount } from '../../src/summarize/privacy.js';
import { tableText } from '../../src/summarize/table-text.js';
import { TableWriter } from '../../src/summarize/table-writer.js';

test('rows are those of the table as text, whatever they hold', () => {
  const path = fc.oneof(
    fc.string({ unit: 'binary', minLength: 1, maxLength: 8 }),
    fc.string({
      unit: fc.constantFrom('a', '/', '=', "'", '"', ' ', '\t', '-', '\u0000', 'é'),
      minLength: 1,
    }),
  );
  const row = fc.tuple(path, fc.nat(), fc.maxSafeNat(), fc.nat({ max: 300 }));
  const rules = fc.constantFrom(privacyRules(), privacyRules({ threshold: 0, modulus: 1 }));
  const large = fc.constant(privacyRules({ threshold: 2n ** 61n }));
  fc.assert(
    fc.property(fc.array(row), fc.oneof(rules, large), (rows, own) => {
      const writer = new TableWriter(own);
      let before: Buffer = Buffer.alloc(0);
      for (const [name, bytes, requests, downloads] of rows) {
        const order = Buffer.from(assetOrder(Buffer.from(name).toString('latin1')), 'latin1');
        let shared = 0;
        while (shared < order.length && order[shared] === before[shared]) shared++;
        writer.assetCell(order, order.length, shared);
        before = order;
        writer.numbers(bytes, requests % 3, requests % 2 ** 50, downloads);
      }
      const expected = tableText(
        rows.map(([name, bytes, requests, downloads]) => [
          name,
          BigInt(requests % 3) * 2n ** 48n + BigInt(bytes),
          publishedCount(BigInt(requests % 2 ** 50), own),
          publishedCount(BigInt(downloads), own),
        ]),
      );
      expect(Buffer.from(writer.take()).toString()).toBe(expected);
    }),
    { numRuns: 500 },
  );
});

test('more than one piece is the same as one', () => {
  const writer = new TableWriter(privacyRules());
  let text = '';
  for (let i = 0; i < 100_000; i++) {
    if (writer.isFull) text += Buffer.from(writer.take()).toString();
    writer.cell(`row ${i}`);
    writer.numbers(i, 0, i, i);
  }
  text += Buffer.from(writer.take()).toString();
  expect(text.split('\n').length).toBe(100_001);
  expect(text).toContain('\nrow 99999\t99999\t100000\t100000\n');
});
