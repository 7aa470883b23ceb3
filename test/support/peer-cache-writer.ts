import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { addressOf, type TruthLine } from './truth.js';

function stamp(time: number): string {
  return new Date(time * 1000).toISOString().slice(2, 19).replace(/[-:T]/g, '');
}

export interface PeerOptions {
  readonly encrypt?: (text: string, key: string) => string;
  /** Whether flags are there. */
  readonly downloads?: boolean;
  /** Requests before this time are older than `download.txt`. */
  readonly downloadsFrom?: number;
  readonly ips?: string;
  readonly extractor?: string;
}

/**
 * Write what the Python tool has of some lines: a folder for each key, a line for each request.
 *
 * @param peer folder of its cache
 * @param ledger log files that it has done
 */
export function writePeerCache(
  peer: string,
  own: readonly TruthLine[],
  ledger: readonly string[],
  {
    encrypt = (text) => text,
    downloads = true,
    downloadsFrom = 0,
    ips = 'ips.txt',
    extractor = 'S3LogAccessExtractor_file',
  }: PeerOptions = {},
): void {
  const keys = new Set(own.map(({ key }) => key));
  for (const key of keys) {
    const folder = join(peer, 'extraction', key);
    mkdirSync(folder, { recursive: true });
    const requests = own.filter((line) => line.key === key);
    const write = (
      name: string,
      value: (line: TruthLine) => unknown,
      wrap = (text: string, _key: string) => text,
      of = requests,
    ) =>
      writeFileSync(join(folder, name), wrap(of.map((line) => `${value(line)}\n`).join(''), key));
    write('timestamps.txt', ({ time }) => stamp(time));
    write('bytes_sent.txt', ({ bytes }) => bytes ?? 0n);
    write(ips, ({ ip, client }) => ip ?? addressOf(client), encrypt);
    const flagged = requests.filter(({ time }) => time >= downloadsFrom);
    const flag = ({ status }: TruthLine) => ((status ?? 200) === 200 ? 1 : 0);
    if (downloads && flagged.length > 0) write('download.txt', flag, undefined, flagged);
  }
  for (const kind of ['start', 'end']) {
    writeFileSync(
      join(peer, 'records', `${extractor}-processing-${kind}.txt`),
      ledger.map((name) => `${name}\n`).join(''),
    );
  }
}
