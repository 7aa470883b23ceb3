/** Days are numbers here: whole days since 1970-01-01, UTC. */

const DAY_MS = 86_400_000;
const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

export type Unit = 'day' | 'week' | 'month' | 'year';

/** `2024-02-29` -> 19782. */
export function dayNumber(date: string): number {
  return Math.round(Date.parse(`${date.slice(0, 10)}T00:00:00Z`) / DAY_MS);
}

/** 19782 -> `2024-02-29`. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

/** 19782 -> `29 February 2024`. */
export function longDate(day: number): string {
  const [year, month, date] = partsOf(day);
  return `${date} ${MONTHS[month]} ${year}`;
}

/** Year, month from 0, day of the month. */
export function partsOf(day: number): [year: number, month: number, date: number] {
  const time = new Date(day * DAY_MS);
  return [time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate()];
}

/** The first day of a month; months beyond December are those of later years. */
export function dayOf(year: number, month: number): number {
  return Math.round(Date.UTC(year, month, 1) / DAY_MS);
}

export function shortMonth(month: number): string {
  return MONTHS[month].slice(0, 3);
}

/** The first day of the day, week (from Monday), month or year that a day is in. */
export function startOf(unit: Unit, day: number): number {
  if (unit === 'day') return day;
  if (unit === 'week') return day - ((((day + 3) % 7) + 7) % 7);
  const [year, month] = partsOf(day);
  return dayOf(year, unit === 'month' ? month : 0);
}

/** The first day after the one that begins at `start`. */
export function endOf(unit: Unit, start: number): number {
  if (unit === 'day') return start + 1;
  if (unit === 'week') return start + 7;
  const [year, month] = partsOf(start);
  return unit === 'month' ? dayOf(year, month + 1) : dayOf(year + 1, 0);
}

/** `29 February 2024`, `Week of 26 February 2024`, `February 2024`, `2024`. */
export function titleOf(unit: Unit, start: number): string {
  const [year, month] = partsOf(start);
  if (unit === 'day') return longDate(start);
  if (unit === 'week') return `Week of ${longDate(start)}`;
  return unit === 'month' ? `${MONTHS[month]} ${year}` : String(year);
}
