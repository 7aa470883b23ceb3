import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ByteWriter } from '../../../cache/rollups/byte-writer.js';
import { DistinctRequesters } from '../../../cache/rollups/distinct-requesters.js';

function section(requesters: readonly number[]): Uint8Array {
  const to = new ByteWriter(16);
  to.reserve(8 * (requesters.length + 1));
  to.varint(requesters.length);
  for (const requester of requesters) to.varint(requester);
  return to.written().slice();
}

const MOST = 40_000;

test('requesters of several blocks count once, and none does not, dataset after dataset', () => {
  const block = fc.uniqueArray(fc.oneof(fc.nat({ max: 3 }), fc.nat({ max: MOST - 1 })), {
    maxLength: 300,
  });
  const datasets = fc.array(fc.array(block, { maxLength: 4 }), { maxLength: 4 });
  const counter = new DistinctRequesters(MOST);
  fc.assert(
    fc.property(datasets, (all) => {
      for (const blocks of all) {
        const distinct = new Set(blocks.flat());
        distinct.delete(0);
        expect(counter.count(blocks.map(section))).toBe(distinct.size);
      }
    }),
    { numRuns: 300 },
  );
});

test('as many as come are marked', () => {
  const many = Array.from({ length: 5000 }, (_, i) => i * 7);
  const others = Array.from({ length: 6000 }, (_, i) => i + 30_000);
  const distinct = new Set([...many, ...others].filter((requester) => requester !== 0));
  expect(new DistinctRequesters(MOST).count([section(many), section(others)])).toBe(distinct.size);
});
