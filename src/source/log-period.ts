export type Period = 'hour' | 'day' | 'month';

/** `[prefix]YYYY-MM-DD-hh-mm-ss-` and something unique: as S3 names its logs. */
const DATED = /(\d{4})-(\d{2})-(\d{2})-(\d{2})-[0-5]\d-[0-5]\d-[^/]+$/;

/** There were no such logs before; and later ones bound what a hostile list can make of periods. */
const [FIRST_YEAR, LAST_YEAR] = [2006, 2099];

const LENGTHS: Readonly<Record<Period, number>> = { hour: 13, day: 10, month: 7 };

/**
 * When a log file was delivered, by its name: `2024-07-21T05` (UTC).
 *
 * @returns undefined of a name that S3 does not give to logs
 */
export function logHour(name: string): string | undefined {
  const match = DATED.exec(name);
  if (match === null) return undefined;
  const [, year, month, day, hour] = match as unknown as [string, string, string, string, string];
  if (Number(year) < FIRST_YEAR || Number(year) > LAST_YEAR || Number(hour) > 23) return undefined;
  const last = new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate();
  if (month < '01' || month > '12' || day < '01' || Number(day) > last) return undefined;
  return `${year}-${month}-${day}T${hour}`;
}

/** The hour, day or month that an hour is in: `2024-07-21T05`, `2024-07-21`, `2024-07`. */
export function periodOf(hour: string, period: Period): string {
  return hour.slice(0, LENGTHS[period]);
}
