/** Benchmark requests begin on 2024-01-01. */
export const FIRST_SECOND = Date.UTC(2024, 0, 1) / 1_000;

export const DAY_SECONDS = 86_400;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** @returns a function from seconds since 1970 to `06/Feb/2019:00:00:38`, in UTC */
export function clockText(): (seconds: number) => string {
  const pairs = Array.from({ length: 60 }, (_, i) => String(i).padStart(2, '0'));
  const days = new Map<number, string>();
  return (seconds) => {
    const day = Math.floor(seconds / DAY_SECONDS);
    let text = days.get(day);
    if (text === undefined) {
      const [year, month, date] = isoDay(day).split('-');
      text = `${date}/${MONTHS[Number(month) - 1]}/${year}`;
      days.set(day, text);
    }
    const second = seconds - day * DAY_SECONDS;
    const minute = Math.floor(second / 60);
    return `${text}:${pairs[Math.floor(minute / 60)]}:${pairs[minute % 60]}:${pairs[second % 60]}`;
  };
}

/** @param day days since 1970-01-01 */
export function isoDay(day: number): string {
  return new Date(day * DAY_SECONDS * 1_000).toISOString().slice(0, 10);
}
