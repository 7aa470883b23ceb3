/** A point in time: microseconds since 1970-01-01T00:00:00Z, a safe integer. */
export type Instant = number;

export const HOUR: Instant = 3_600_000_000;
export const DAY: Instant = 24 * HOUR;

const FORM =
  /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|([+-])([01]\d|2[0-3]):?([0-5]\d))?$/;

/**
 * Read a time as Nova writes it (`2015-01-22 20:45:43.223356`, no zone, which means UTC) or as ISO 8601 with or without a zone. What is
 * finer than a microsecond is cut off.
 *
 * @returns undefined for what is no time, and for times before 1970
 */
export function parseInstant(text: string): Instant | undefined {
  const parts = FORM.exec(text);
  if (parts === null) return undefined;
  const [, date, time, fraction = '', sign, hours, minutes] = parts;
  const milliseconds = Date.parse(`${date}T${time}Z`);
  // Date.parse takes the 30th of February and 24:00:00 for the day after; they are no times.
  if (Number.isNaN(milliseconds)) return undefined;
  if (new Date(milliseconds).toISOString().slice(0, 19) !== `${date}T${time}`) return undefined;
  const offset = sign === undefined ? 0 : Number(hours) * HOUR + Number(minutes) * 60_000_000;
  const instant =
    milliseconds * 1000 +
    Number(fraction.slice(0, 6).padEnd(6, '0')) +
    (sign === '+' ? -offset : offset);
  return Number.isSafeInteger(instant) && instant >= 0 ? instant : undefined;
}

/** ISO 8601 in UTC, with microseconds. */
export function formatInstant(instant: Instant): string {
  const seconds = new Date(Math.floor(instant / 1000)).toISOString().slice(0, 19);
  return `${seconds}.${String(instant % 1_000_000).padStart(6, '0')}Z`;
}

/** The day in UTC, such as `2015-01-22`. */
export function dayOf(instant: Instant): string {
  return formatInstant(instant).slice(0, 10);
}
