import { ascii, COLON, OPEN_BRACKET, SPACE, startsWith } from './bytes.js';

const TAG = ascii('s3access-');

/**
 * OVHcloud's records in syslog follow `s3access-<bucket>: `, itself behind syslog's own header. The tag is looked for
 * before the first bracket, where the record's time begins, so that nothing a client wrote is taken for it.
 *
 * @returns where the record begins, or -1 when there is no such prefix
 */
export function afterSyslogPrefix(buffer: Uint8Array, start: number, end: number): number {
  for (let i = start; i < end && buffer[i] !== OPEN_BRACKET; i++) {
    if (i > start && buffer[i - 1] !== SPACE) continue;
    if (!startsWith(buffer, i, end, TAG)) continue;
    let j = i + TAG.length;
    while (j < end && buffer[j] !== SPACE) j++;
    return buffer[j - 1] === COLON && j + 1 < end ? j + 1 : -1;
  }
  return -1;
}
