const dates = new Map<number, string>();

/**
 * `YYYY-MM-DD`. Kept once made: there are few days, and every dataset has them.
 *
 * @param day days since 1970-01-01
 */
export function dateOfDay(day: number): string {
  const known = dates.get(day);
  if (known !== undefined) return known;
  const date = new Date(day * 86_400_000).toISOString().split('T', 1)[0] as string;
  dates.set(day, date);
  return date;
}
