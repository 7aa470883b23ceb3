import fc from 'fast-check';
import { expect, test } from 'vitest';
import { assetOrder } from '../../../cache/rollups/asset-order.js';
import { encodeBlock, SECTION } from '../../../cache/rollups/block.js';
import { ByteWriter } from '../../../cache/rollups/byte-writer.js';
import { DatasetSums } from '../../../cache/rollups/dataset-sums.js';
import { MergedAssets } from '../../../cache/rollups/merged-assets.js';
import { bytesSentOf, Sums } from '../../../cache/rollups/sums.js';
import { WeekSums } from '../../../cache/rollups/week-sums.js';

interface Row {
  readonly path: string;
  readonly low: number;
  readonly high: number;
  readonly requests: number;
  readonly week: number;
}

/** The section of assets of a block of these rows, which may name a path several times. */
function section(rows: readonly Row[], hasWeeks: boolean): Uint8Array {
  const all = new DatasetSums(1);
  for (const { path, low, high, requests, week } of rows) {
    const sums = new Sums();
    sums.add(sums.append(), low, high, requests, requests - 1);
    const weeks = new WeekSums();
    weeks.add(week, low, high);
    all.addAsset(path, sums, 0, weeks);
  }
  const to = new ByteWriter(64);
  const { sections } = encodeBlock(all, undefined, to, hasWeeks);
  const start = sections[0] as number;
  return to.bytes.slice(start, start + (sections[SECTION.assets] as number));
}

const row = fc.record({
  // Few letters, so that names meet, and begin alike; some longer than the memory for one at first.
  path: fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '/', '\u0000', '\u0001', 'ÿ'), maxLength: 6 }),
    fc.nat({ max: 700 }).map((length) => `a/${'b'.repeat(length)}`),
  ),
  low: fc.nat({ max: 2 ** 48 - 1 }),
  high: fc.nat({ max: 5 }),
  requests: fc.integer({ min: 1, max: 1000 }),
  week: fc.integer({ min: -3, max: 3 }),
});

test('several sections come as one, in order, however often each names an asset', () => {
  fc.assert(
    fc.property(fc.array(fc.array(row), { maxLength: 5 }), fc.boolean(), (parts, hasWeeks) => {
      const assets = new MergedAssets(
        parts.map((rows) => section(rows, hasWeeks)),
        hasWeeks,
      );
      const found = [];
      let before = '';
      while (assets.next()) {
        const name = Buffer.from(assets.name.subarray(0, assets.length)).toString('latin1');
        let shared = 0;
        while (shared < before.length && before[shared] === name[shared]) shared++;
        expect(assets.shared).toBe(shared);
        before = name;
        found.push([
          name,
          bytesSentOf(assets.low, assets.high),
          assets.requests,
          assets.downloads,
          assets.weeks.entries().map(([week, low, high]) => [week, bytesSentOf(low, high)]),
        ]);
      }
      expect(assets.count).toBe(found.length);
      expect(found).toEqual(expected(parts.flat(), hasWeeks));
    }),
    { numRuns: 200 },
  );
});

/** The same by a map of texts, and a sort. */
function expected(rows: readonly Row[], hasWeeks: boolean): unknown[] {
  const byName = new Map<string, Row[]>();
  for (const one of rows) {
    const name = assetOrder(one.path);
    byName.set(name, [...(byName.get(name) ?? []), one]);
  }
  return [...byName]
    .sort(([a], [b]) => Buffer.compare(Buffer.from(a, 'latin1'), Buffer.from(b, 'latin1')))
    .map(([name, own]) => {
      const weeks = new Map<number, bigint>();
      for (const { week, low, high } of own) {
        weeks.set(week, (weeks.get(week) ?? 0n) + bytesSentOf(low, high));
      }
      const requests = own.reduce((sum, one) => sum + one.requests, 0);
      return [
        name,
        own.reduce((sum, { low, high }) => sum + bytesSentOf(low, high), 0n),
        requests,
        requests - own.length,
        hasWeeks ? [...weeks].sort((a, b) => a[0] - b[0]) : [],
      ];
    });
}
