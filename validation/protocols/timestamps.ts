import { OPEN_BRACKET } from '../../src/extract/bytes.js';
import { parseTime, TIME_LENGTH } from '../../src/extract/parse-time.js';
import { NOTE, REASON } from '../../src/extract/reasons.js';
import type { ExaminedLine, Protocol } from '../protocol.js';

const [MALFORMED, IMPOSSIBLE, LEAP_SECOND, OTHER_ZONE, BEFORE_S3, OUT_OF_ORDER] = [
  0, 1, 2, 3, 4, 5,
];

/** Amazon S3 was opened on 2006-03-14. */
const FIRST_SECOND = Date.UTC(2006, 2, 14) / 1000;

/** Records of a file come in no order, but files are of hours, not of days. */
const MOST_BACK_SECONDS = 24 * 3600;

const FORM = /^\[\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:(\d\d) [+-]\d{4}\]$/;

/** Times exist, are in UTC, and are as near to each other as those of one file are. */
export const timestamps: Protocol = {
  name: 'timestamps',
  version: 1,
  reasons: [
    {
      name: 'malformed',
      claim: 'time-exists',
      what: 'the time is not of the form [dd/Mon/yyyy:hh:mm:ss +zzzz]',
    },
    {
      name: 'impossible',
      claim: 'time-exists',
      what: 'there is no such day, hour, minute, second or zone, or it is before 1970',
    },
    {
      name: 'leap_second',
      claim: 'time-exists',
      what: 'the second is 60, which clocks of S3 do not show',
    },
    { name: 'other_zone', claim: 'zone-utc', what: 'the zone is not +0000' },
    {
      name: 'before_s3',
      claim: 'time-plausible',
      what: 'the time is before 2006-03-14, when there was no S3',
    },
    {
      name: 'out_of_order',
      claim: 'time-in-order',
      what: 'the record is more than 24 hours older than the one before it in the file',
    },
  ],
  begin: () => {
    let before = Number.NEGATIVE_INFINITY;
    return (examined, report) => {
      const { code, line } = examined;
      if (code === REASON.invalid_time) report(whyInvalid(examined));
      if (code !== 0) return;
      const { timeSeconds } = line;
      if (line.notes & NOTE.zone_not_utc) report(OTHER_ZONE);
      if (timeSeconds < FIRST_SECOND) report(BEFORE_S3);
      if (timeSeconds < before - MOST_BACK_SECONDS) report(OUT_OF_ORDER);
      before = timeSeconds;
    };
  },
};

/** What is wrong with the time that the parser refused. */
function whyInvalid({ buffer, start, end }: ExaminedLine): number {
  const at = buffer.indexOf(OPEN_BRACKET, start);
  if (at < 0 || at + TIME_LENGTH > end) return MALFORMED;
  const time = Buffer.from(buffer.subarray(at, at + TIME_LENGTH));
  const match = FORM.exec(time.toString('latin1'));
  // Of the right form and possible: then what stands behind it is wrong.
  if (match === null || !Number.isNaN(parseTime(time, 0, time.length))) return MALFORMED;
  if (match[1] !== '60') return IMPOSSIBLE;
  time.write('59', 19, 'latin1');
  return Number.isNaN(parseTime(time, 0, time.length)) ? IMPOSSIBLE : LEAP_SECOND;
}
