import { FIELD, KIND } from '../../src/extract/line.js';
import type { ExaminedLine, Protocol } from '../protocol.js';
import { PeerReading, POST, PRE, sameBytes } from './peer-rule.js';

const [LOST_OPERATION, LOST_STATUS, KEY, ADDRESS, TIME, BYTES, DOWNLOAD, SKIPPED, REJECTED] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
];

const lost = 'record-found';
const misread = 'record-read-right';
const made = 'record-not-made-up';

/** The Python tool makes of each line what the line says. */
export const extractionHeuristic: Protocol = {
  name: 'extraction_heuristic',
  version: 1,
  reasons: [
    {
      name: 'lost_operation',
      claim: lost,
      what: 'the operation is not the eighth word, as with requesters that hold spaces: it loses the record',
    },
    {
      name: 'lost_status',
      claim: lost,
      what: 'no status of success stands behind the first HTTP/1.: it loses the record',
    },
    { name: 'misread_key', claim: misread, what: 'what it takes for the key is not the key' },
    {
      name: 'misread_address',
      claim: misread,
      what: 'what it takes for the address is not the address',
    },
    {
      name: 'misread_time',
      claim: misread,
      what: 'it leaves out the zone, which is not +0000: the time is wrong by so much',
    },
    {
      name: 'misread_bytes',
      claim: misread,
      what: 'what it takes for the bytes sent is another number',
    },
    {
      name: 'misread_download',
      claim: misread,
      what: 'what it takes for the status is another one: it counts a download too many or too few',
    },
    {
      name: 'counted_skipped',
      claim: made,
      what: 'it makes a record of a line that is no successful GET of an object',
    },
    {
      name: 'counted_rejected',
      claim: made,
      what: 'it makes a record of a line that extraction rejects',
    },
  ],
  begin: () => {
    const peer = new PeerReading();
    return (examined, report) => {
      const { buffer, start, end, code, line } = examined;
      peer.read(buffer, start, end);
      const isRecord = code === 0 && line.kind !== KIND.skipped;
      if (!isRecord) {
        if (peer.isRecord) report(code === 0 ? SKIPPED : REJECTED);
      } else if (!peer.isGet) {
        report(LOST_OPERATION);
      } else if (!peer.isSuccess) {
        report(LOST_STATUS);
      } else {
        compare(examined, peer, report);
      }
    };
  },
};

/** Both make a record of the line: the same? */
function compare(
  { buffer, line }: ExaminedLine,
  { pre, post }: PeerReading,
  report: (reason: number) => void,
): void {
  const isField = (places: Int32Array, word: number, field: number): boolean =>
    sameBytes(buffer, places, word, buffer, line.bounds[2 * field], line.bounds[2 * field + 1]);
  if (!isField(pre, PRE.key, FIELD.key)) report(KEY);
  if (!isField(pre, PRE.address, FIELD.remoteIp)) report(ADDRESS);
  if (hasOffset(buffer, line.bounds[2 * FIELD.time + 1])) report(TIME);
  if (!isField(post, POST.bytesSent, FIELD.bytesSent)) report(BYTES);
  const isDownload = sameBytes(buffer, post, POST.status, DOWNLOAD_STATUS, 0, 3);
  if (isDownload !== (line.kind === KIND.download)) report(DOWNLOAD);
}

const DOWNLOAD_STATUS = Buffer.from('200');

/** Whether the zone, which ends here, is one other than UTC. */
function hasOffset(buffer: Buffer, end: number): boolean {
  for (let i = end - 4; i < end; i++) if (buffer[i] !== 0x30) return true;
  return false;
}
