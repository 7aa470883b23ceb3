import { describe, expect, it } from 'vitest';
import { median, significant } from './numbers.mjs';
import { compareWithTargets } from './targets.mjs';

function compared(parts: object, work: RegExp) {
  return compareWithTargets(parts).find((target) => work.test(target.work));
}

describe('compareWithTargets', () => {
  it('says nothing of what was not measured', () => {
    for (const target of compareWithTargets({
      gawk: null,
      startup: null,
      ledger: { differences: [] },
    })) {
      expect(target).toMatchObject({ reached: null, value: null, met: null, goalMet: null });
    }
  });

  it.each([
    [1.5, true, true],
    [3, true, false],
    [3.01, false, false],
  ])('takes less for better: %d times wc', (extractToWc, met, goalMet) => {
    const found = compared({ big: { ratios: { extractToWc }, extract: {} } }, /wc -l/);
    expect(found).toMatchObject({ value: extractToWc, met, goalMet });
  });

  it.each([
    [7.99, false, false],
    [8, true, false],
    [14, true, true],
  ])(
    'takes more for better where it is a lead: %d times as fast as gawk',
    (ratioToExtract, met, goalMet) => {
      expect(compared({ gawk: { ratioToExtract } }, /gawk/)).toMatchObject({ met, goalMet });
    },
  );

  it('takes the most memory of all runs, growth curves included', () => {
    const run = (peakMemoryMb: number | null) => ({ extract: { peakMemoryMb }, ratios: {} });
    const growth = { big: { points: [{ peakMemoryMb: 2_000 }] } };
    const parts = { big: run(100), small: run(null), manyKeys: run(300) };
    expect(compared(parts, /memory of `extract`/)).toMatchObject({ value: 286, met: true });
    expect(compared({ ...parts, growth }, /memory of `extract`/)).toMatchObject({ met: false });
  });

  it('compares the daily update with the full one', () => {
    const summaries = { full: { seconds: 20, peakMemoryMb: 1_000 }, daily: { seconds: 1 } };
    expect(compared({ summaries }, /daily/)).toMatchObject({
      value: 0.05,
      met: true,
      goalMet: false,
    });
  });

  it('takes the largest ledger', () => {
    const sizes = [
      { seconds: 50, peakMemoryMb: 9_000 },
      { seconds: 5, peakMemoryMb: 100 },
    ];
    expect(compared({ ledger: { sizes } }, /known ones, time/)).toMatchObject({ value: 5 });
  });
});

describe('numbers', () => {
  it('have a median, of even counts as well', () => {
    expect(median([9, 1, 2])).toBe(2);
    expect(median([10, 1, 2, 9])).toBe(5.5);
  });

  it('are shown to three digits that tell something', () => {
    expect([0.012345, 1.2345, 123.456, 12_345.6].map(significant)).toEqual([
      0.0123, 1.23, 123, 12_346,
    ]);
  });
});
