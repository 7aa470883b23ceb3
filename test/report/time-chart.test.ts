import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { binDays, cumulated, type DayCells } from '../../src/report/chart/bins.js';
import {
  dateOf,
  dayNumber,
  endOf,
  startOf,
  titleOf,
  type Unit,
} from '../../src/report/chart/dates.js';
import { tallyText } from '../../src/report/chart/readout.js';
import { linearScale, logScale, timeTicks } from '../../src/report/chart/scales.js';
import { packSeries, unpackSeries } from '../../src/report/chart/series.js';
import type { Shape } from '../../src/report/chart/shape.js';
import { timeAxis, timeChart } from '../../src/report/chart/time-chart.js';

const units = fc.constantFrom<Unit>('day', 'week', 'month', 'year');
const someDay = fc.integer({ min: -10_000, max: 40_000 });
const counts = fc.oneof(
  fc.constant('<50'),
  fc.integer({ min: 3, max: 500 }).map((n) => String(20 * n)),
);
const rows = fc
  .uniqueArray(fc.integer({ min: 19_000, max: 19_400 }), { minLength: 1, maxLength: 80 })
  .chain((days) =>
    fc.tuple(
      ...days
        .sort((a, b) => a - b)
        .map((day) =>
          fc
            .tuple(fc.bigInt({ min: 0n, max: 10n ** 15n }), counts, counts)
            .map(([bytes, ...both]): DayCells => [dateOf(day), String(bytes), ...both]),
        ),
    ),
  );

describe('dates', () => {
  it('are numbers and back', () => {
    fc.assert(fc.property(someDay, (day) => dayNumber(dateOf(day)) === day));
    expect(dayNumber('2024-02-29')).toBe(19_782);
  });

  it('each day is in one unit, which begins and ends as calendars say', () => {
    fc.assert(
      fc.property(someDay, units, (day, unit) => {
        const start = startOf(unit, day);
        const end = endOf(unit, start);
        expect(start <= day && day < end).toBe(true);
        expect(startOf(unit, end - 1)).toBe(start);
        expect(startOf(unit, end)).toBe(end);
        if (unit === 'week') expect(new Date(start * 86_400_000).getUTCDay()).toBe(1);
      }),
    );
  });

  it('are told in words', () => {
    const day = dayNumber('2024-02-29');
    expect(titleOf('day', day)).toBe('29 February 2024');
    expect(titleOf('week', startOf('week', day))).toBe('Week of 26 February 2024');
    expect(titleOf('month', startOf('month', day))).toBe('February 2024');
    expect(titleOf('year', startOf('year', day))).toBe('2024');
  });
});

describe('bins', () => {
  it('hold every byte, every published number and every day held back, once', () => {
    fc.assert(
      fc.property(rows, units, (days, unit) => {
        const bins = binDays(days, unit);
        const total = cumulated(bins).at(-1);
        expect(total?.bytes).toBe(days.reduce((sum, [, bytes]) => sum + BigInt(bytes), 0n));
        const shown = days.map(([, , requests]) => requests).filter((cell) => cell !== '<50');
        expect(total?.requests).toEqual({
          sum: shown.reduce((sum, cell) => sum + Number(cell), 0),
          shown: shown.length,
          held: days.length - shown.length,
        });
        expect(bins.map(({ start }) => start)).toEqual([
          ...new Set(days.map(([date]) => startOf(unit, dayNumber(date)))),
        ]);
      }),
    );
  });

  it('come through packing, with bytes to three digits', () => {
    fc.assert(
      fc.property(rows, units, (days, unit) => {
        const bins = binDays(days, unit);
        const back = unpackSeries(JSON.parse(JSON.stringify(packSeries(bins))));
        expect(back).toEqual(
          bins.map((bin) => ({ ...bin, bytes: BigInt(Number(Number(bin.bytes).toPrecision(3))) })),
        );
      }),
    );
  });
});

it('sums of days are never told as if they were rounded sums', () => {
  expect(tallyText({ sum: 1240, shown: 3, held: 0 }, 50)).toBe('1,240');
  expect(tallyText({ sum: 0, shown: 0, held: 1 }, 50)).toBe('<50');
  expect(tallyText({ sum: 0, shown: 0, held: 4 }, 50)).toBe('4 days, each <50');
  expect(tallyText({ sum: 1240, shown: 3, held: 1 }, 50)).toBe('1,240 (1 day <50 not in it)');
  expect(tallyText({ sum: 1240, shown: 3, held: 2 }, 50)).toBe('1,240 (2 days <50 not in it)');
});

describe('scales', () => {
  const most = fc.double({ min: 0, max: 1e18, noNaN: true });

  it('have room for every value, and few round ticks', () => {
    fc.assert(
      fc.property(most, fc.integer({ min: 60, max: 300 }), (value, pixels) => {
        for (const scale of [linearScale(value, pixels), logScale(1, value, pixels)]) {
          expect(scale.height(value)).toBeLessThanOrEqual(pixels * 1.000_001);
          expect(scale.ticks.length).toBeGreaterThan(1);
          expect(scale.ticks.length).toBeLessThan(pixels / 10);
        }
      }),
    );
  });

  it('time has as many ticks as there is room for, in the time shown', () => {
    fc.assert(
      fc.property(
        someDay,
        fc.integer({ min: 1, max: 12_000 }),
        fc.integer({ min: 3, max: 16 }),
        (first, days, room) => {
          const ticks = timeTicks(first, first + days, room);
          expect(ticks.length).toBeLessThanOrEqual(room + 1);
          for (const { day } of ticks) expect(day >= first && day < first + days).toBe(true);
        },
      ),
    );
  });
});

describe('the chart', () => {
  const days: DayCells[] = [
    ['2024-03-04', '1000', '200', '<50'],
    ['2024-03-05', '1', '<50', '<50'],
    ['2024-03-07', '3000', '400', '100'],
  ];
  const bins = binDays(days, 'day');
  const plain = { unit: 'day', isLog: false, isCumulative: false } as const;

  function paths(shape: Shape, name: string): string[] {
    const [, attributes, ...children] = shape;
    const own = attributes.class === name ? [String(attributes.d)] : [];
    return [
      ...own,
      ...children.flatMap((child) => (typeof child === 'string' ? [] : paths(child, name))),
    ];
  }

  const count = (path: string | undefined): number => path?.match(/M/g)?.length ?? 0;

  it('has a bar for what is known, a mark for what is held back, and neither for nothing', () => {
    const chart = timeChart(bins, plain, 800);
    expect(paths(chart, 'bar').map(count)).toEqual([3, 2, 1]);
    expect(paths(chart, 'held').map(count)).toEqual([1, 2]);
    expect(paths(chart, 'part')).toEqual([]);
  });

  it('marks weeks of which some days are held back otherwise', () => {
    const chart = timeChart(binDays(days, 'week'), { ...plain, unit: 'week' }, 800);
    expect(paths(chart, 'bar').map(count)).toEqual([1, 1, 1]);
    expect(paths(chart, 'part').map(count)).toEqual([1, 1]);
    expect(paths(chart, 'held')).toEqual([]);
  });

  it('stays within its frame, whatever the days and the view', () => {
    fc.assert(
      fc.property(
        rows,
        units,
        fc.boolean(),
        fc.boolean(),
        fc.integer({ min: 280, max: 1400 }),
        (some, unit, isLog, isCumulative, width) => {
          const all = binDays(some, unit);
          const chart = timeChart(all, { unit, isLog, isCumulative }, width);
          const numbers = ['bar', 'held', 'part', 'sum', 'area'].flatMap((name) =>
            paths(chart, name)
              .flatMap((d) => d.match(/-?[\d.]+/g) ?? [])
              .map(Number),
          );
          expect(
            numbers.every((n) => Number.isFinite(n) && n >= 0 && n <= Math.max(width, 520)),
          ).toBe(true);
          const axis = timeAxis(all, unit, width);
          expect(
            all.every(({ start }) => axis.at(start) >= axis.left && axis.at(start) < axis.right),
          ).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });
});
