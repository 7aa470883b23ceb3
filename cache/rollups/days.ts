/** 0001-01-01 and 9999-12-31, in days since 1970-01-01: what a log can say, and a table can show. */
const FIRST_DAY = -719_162;
const LAST_DAY = 2_932_896;

/**
 * Checksums tell what was written, not by whom: a day that no log can name is damage, too.
 *
 * @param day in days since 1970-01-01
 * @throws RangeError
 */
export function requireDay(day: number): void {
  if (!(day >= FIRST_DAY && day <= LAST_DAY)) throw new RangeError('a day that is none');
}
