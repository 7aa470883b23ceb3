import { COMPRESSION_SUFFIX } from '../../src/source/log-name.js';
import type { LogPath } from '../../src/source/log-path.js';
import type { Protocol } from '../protocol.js';

const [LATE, AHEAD] = [0, 1];

/** S3 delivers on a best-effort basis, most records within hours. */
const MOST_LATE_SECONDS = 24 * 3600;

/** Clocks differ. */
const MOST_AHEAD_SECONDS = 5 * 60;

const DAY_SECONDS = 24 * 3600;

/** `YYYY-MM-DD-hh-mm-ss-UNIQUE` at the end of a base name. */
const NAME_TIME = /(\d{4})-(\d\d)-(\d\d)-(\d\d)-(\d\d)-(\d\d)-[0-9A-Za-z]+(?:\.log)?$/;

/** Records are from shortly before the time in their file's name. */
export const late: Protocol = {
  name: 'late',
  version: 1,
  reasons: [
    {
      name: 'late',
      claim: 'record-near-file',
      what: 'the record is from more than 24 hours before the time in the name of its file',
    },
    {
      name: 'ahead',
      claim: 'record-near-file',
      what: 'the record is from after the time in the name of its file',
    },
  ],
  begin({ relativePath }) {
    const delivered = nameTime(relativePath);
    if (delivered === undefined) return undefined;
    // Partitioned by the time of events, files are of a day, and named by its beginning.
    const mayBeDay = delivered % DAY_SECONDS === 0;
    const last = delivered + (mayBeDay ? DAY_SECONDS - 1 : MOST_AHEAD_SECONDS);
    return ({ code, line }, report) => {
      if (code !== 0) return;
      if (line.timeSeconds < delivered - MOST_LATE_SECONDS) report(LATE);
      else if (line.timeSeconds > last) report(AHEAD);
    };
  },
};

/** @returns seconds since 1970, or undefined when there is no time that exists in the name */
function nameTime(relativePath: string): number | undefined {
  const plain = (relativePath as LogPath).replace(COMPRESSION_SUFFIX, '');
  const match = NAME_TIME.exec(plain.slice(plain.lastIndexOf('/') + 1));
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1).map(Number);
  const at = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  // What overflows, such as 31 February, comes out as another time.
  const text = match.slice(1, 7).join('-');
  if (at.toISOString().slice(0, 19).replace(/[T:]/g, '-') !== text) return undefined;
  return at.getTime() / 1000;
}
