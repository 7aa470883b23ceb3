import fc from 'fast-check';
import { expect, it } from 'vitest';
import { ByteReader } from '../../../cache/rollups/byte-reader.js';
import { ByteWriter } from '../../../cache/rollups/byte-writer.js';
import { bytesSentOf, RADIX } from '../../../cache/rollups/sums.js';
import { dayOfWeek, WeekSums, weekOfDay } from '../../../cache/rollups/week-sums.js';

const amounts = fc.array(
  fc.tuple(fc.integer({ min: -3000, max: 3000 }), fc.bigInt({ min: 0n, max: 2n ** 62n })),
  { maxLength: 60 },
);

it('a week begins on Monday', () => {
  fc.assert(
    fc.property(fc.integer({ min: -80_000, max: 80_000 }), (day) => {
      const monday = dayOfWeek(weekOfDay(day));
      expect(new Date(monday * 86_400_000).getUTCDay()).toBe(1);
      expect(day - monday).toBeGreaterThanOrEqual(0);
      expect(day - monday).toBeLessThan(7);
    }),
  );
});

it('bytes by week are exact, also when written, read and added up', () => {
  fc.assert(
    fc.property(amounts, amounts, (one, other) => {
      const expected = new Map<number, bigint>();
      const sums = [one, other].map((all) => {
        const own = new WeekSums();
        for (const [week, bytes] of all) {
          expected.set(week, (expected.get(week) ?? 0n) + bytes);
          own.add(week, Number(bytes % BigInt(RADIX)), Number(bytes / BigInt(RADIX)));
        }
        const writer = new ByteWriter();
        own.write(writer);
        const read = new WeekSums();
        read.read(new ByteReader(writer.written()));
        expect(read.entries()).toEqual(own.entries());
        return read;
      });
      const all = new WeekSums();
      for (const own of sums) all.addAll(own);
      expect(all.entries().map(([week, low, high]) => [week, bytesSentOf(low, high)])).toEqual(
        [...expected].sort((a, b) => a[0] - b[0]),
      );
    }),
  );
});
