import { DASH } from '../../src/extract/bytes.js';
import { FIELD, KIND } from '../../src/extract/line.js';
import type { ExaminedLine, Protocol } from '../protocol.js';

const [FEWER, NONE] = [0, 1];

/** A download (status exactly 200) sends the whole object. */
export const downloadsLogic: Protocol = {
  name: 'downloads_logic',
  version: 1,
  reasons: [
    {
      name: 'fewer_bytes_sent',
      claim: 'download-whole',
      what: 'the status is 200, and fewer bytes were sent than the object has; it counts as a download',
    },
    {
      name: 'no_bytes_sent',
      claim: 'download-whole',
      what: 'the status is 200, and nothing was sent of an object that has bytes; it counts as a download',
    },
  ],
  begin: () => (examined, report) => {
    const { code, line } = examined;
    if (code !== 0 || line.kind !== KIND.download) return;
    const sent = numberAt(examined, FIELD.bytesSent) ?? 0;
    const size = numberAt(examined, FIELD.objectSize);
    if (size === undefined || sent >= size) return;
    report(Number(sent) === 0 ? NONE : FEWER);
  },
};

/** @returns undefined for `-` */
function numberAt({ buffer, line }: ExaminedLine, field: number): bigint | number | undefined {
  const start = line.bounds[2 * field];
  const end = line.bounds[2 * field + 1];
  if (buffer[start] === DASH) return undefined;
  // More digits than a double holds exactly.
  if (end - start > 15) return BigInt(buffer.toString('latin1', start, end));
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + (buffer[i] - 0x30);
  return value;
}
