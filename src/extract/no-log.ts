import { REASON, REASONS, type Reason } from './reasons.js';
import { FILE_NUMBERS } from './worker-messages.js';

/** Why a file is refused in which no line even begins as those of access logs do; the most frequent reason follows. */
export const NO_LOG = 'none of its lines is one of an access log';

/**
 * Reasons for which a line is rejected before its time is found: owner, bucket and a time in brackets begin every record. A structured one is
 * none when its fields are not those of its schema.
 */
const BEFORE_TIME: readonly Reason[] = [
  'truncated_before_bucket_owner',
  'truncated_before_bucket',
  'truncated_before_time',
  'invalid_time',
  'line_too_long',
  'structured_not_json',
  'structured_unknown_version',
  'structured_invalid_field',
];

const LINES = FILE_NUMBERS.indexOf('lines');

/**
 * Whether a file is something else than a log, by the account of its lines. One whose lines are rejected for what comes after the time is a
 * log, of one line perhaps, and its lines are accounted for.
 *
 * @param lines all lines
 * @param reasons rejected lines by code of the reason
 * @returns why it is none: {@link NO_LOG}, and what most of its lines lack
 */
export function whyNoLog(lines: number, reasons: Float64Array): string | undefined {
  const counted = BEFORE_TIME.reduce((sum, reason) => sum + reasons[REASON[reason]], 0);
  if (lines === 0 || counted !== lines) return undefined;
  const most = reasons.indexOf(reasons.reduce((one, other) => Math.max(one, other)));
  return `${NO_LOG} (${REASONS[most]})`;
}

/** As {@link whyNoLog}, of a file read in parts. */
export function whyNoLargeLog(sum: {
  readonly numbers: Float64Array;
  readonly reasons: Float64Array;
}): string | undefined {
  return whyNoLog(sum.numbers[LINES], sum.reasons);
}
