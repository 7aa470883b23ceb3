import { dayOf, partsOf, shortMonth } from './dates.js';

/** Maps values to pixels from the bottom up, with the values at which lines are drawn. */
export interface ValueScale {
  readonly ticks: readonly number[];
  /** Pixels above the base; 0 for what a scale cannot show. */
  height(value: number): number;
}

/** @param most the largest value, @param pixels what it may take */
export function linearScale(most: number, pixels: number): ValueScale {
  const step = niceStep(most / Math.max(2, Math.floor(pixels / 45)));
  const top = Math.max(step, Math.ceil(most / step) * step);
  const ticks = Array.from({ length: Math.round(top / step) + 1 }, (_, i) => i * step);
  return { ticks, height: (value) => (value / top) * pixels };
}

/** @param least the smallest value above 0 */
export function logScale(least: number, most: number, pixels: number): ValueScale {
  const low = Math.floor(Math.log10(Math.max(1, least)));
  const high = Math.max(low + 1, Math.ceil(Math.log10(Math.max(1, most))));
  const every = Math.ceil((high - low) / Math.max(2, Math.floor(pixels / 30)));
  const ticks = [];
  for (let power = low; power <= high; power += every) ticks.push(10 ** power);
  const height = (value: number) =>
    value <= 0 ? 0 : ((Math.log10(value) - low) / (high - low)) * pixels;
  return { ticks, height };
}

/** 1, 2 or 5 times a power of ten, at least 1 and at least the value. */
function niceStep(value: number): number {
  if (value <= 1) return 1;
  const power = 10 ** Math.floor(Math.log10(value));
  return ([1, 2, 5].find((factor) => factor * power >= value * 0.999_999) ?? 10) * power;
}

/** A label below the time axis, and a second line below that where a year begins. */
export interface TimeTick {
  readonly day: number;
  readonly label: string;
  readonly year: string;
}

const MONTH_STEPS = [1, 2, 3, 6, 12, 24, 60, 120];
const DAY_STEPS = [1, 2, 5, 10];

/** @param most ticks that there is room for */
export function timeTicks(first: number, end: number, most: number): TimeTick[] {
  const days = DAY_STEPS.find((step) => (end - first) / step <= most);
  if (days !== undefined) {
    return range(first, end, days).map((day, i) => {
      const [year, month, date] = partsOf(day);
      return { day, label: `${date} ${shortMonth(month)}`, year: i === 0 ? String(year) : '' };
    });
  }
  const [firstYear, firstMonth] = partsOf(first);
  const [lastYear, lastMonth] = partsOf(end - 1);
  const months = (lastYear - firstYear) * 12 + lastMonth - firstMonth + 1;
  const step = MONTH_STEPS.find((size) => months / size <= most) ?? 240;
  const begin = firstYear * 12 + Math.ceil(firstMonth / step) * step;
  const ticks = range(begin, lastYear * 12 + lastMonth + 1, step)
    .map((month) => ({ day: dayOf(Math.floor(month / 12), month % 12), month }))
    .filter(({ day }) => day >= first);
  return ticks.map(({ day, month }, i) => {
    const year = String(Math.floor(month / 12));
    if (step >= 12) return { day, label: year, year: '' };
    const isFirst = i === 0 || month % 12 === 0;
    return { day, label: shortMonth(month % 12), year: isFirst ? year : '' };
  });
}

function range(from: number, end: number, step: number): number[] {
  return Array.from(
    { length: Math.max(0, Math.ceil((end - from) / step)) },
    (_, i) => from + i * step,
  );
}
