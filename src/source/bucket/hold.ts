import { logHour } from '../log-period.js';
import type { BucketOptions } from './bucket-options.js';
import { HOLD_DAYS } from './bucket-options.js';

const DAY_MS = 86_400_000;

/**
 * Tells objects that are left for a later run: those that may still be written, and those of the newest days, by the
 * date in the log's name (UTC), else by when they were modified.
 *
 * @param now milliseconds since 1970
 */
export function holdRule(
  { minAgeMinutes = 0, holdDays = HOLD_DAYS }: BucketOptions,
  now: number,
): (key: string, modifiedMs: number) => boolean {
  const newest = now - minAgeMinutes * 60_000;
  const day = (ms: number): string => new Date(ms).toISOString().slice(0, 10);
  // Of two days today is one.
  const firstHeld = day(Math.max(0, now - (holdDays - 1) * DAY_MS));
  return (key, modifiedMs) => {
    if (modifiedMs > newest && minAgeMinutes > 0) return true;
    if (holdDays === 0) return false;
    return (logHour(key)?.slice(0, 10) ?? day(modifiedMs)) >= firstHeld;
  };
}
