import { expectedArchive, expectedSummaries, expectedTotals } from './summary-oracle.js';
import type { SyntheticRecord } from './synthetic-cache.js';

/** A line of a log as a test writes it down, and so what it must count as. */
export interface TruthLine {
  readonly key: string;
  /** Seconds since 1970, UTC. */
  readonly time: number;
  /** Stands for one address; the same client may be written in several ways. 0: `-`. */
  readonly client: number;
  readonly ip?: string;
  /** Bytes sent; undefined: `-`. */
  readonly bytes?: bigint;
  readonly status?: number;
  readonly operation?: string;
  /** The request's target; default: the key's path. */
  readonly target?: string;
  readonly protocol?: string;
  readonly requester?: string;
  readonly referer?: string;
  readonly agent?: string;
}

/** A line that must be rejected, and why. */
export interface RejectedLine {
  readonly text: string;
  readonly reason: string;
}

export interface Account {
  total: number;
  kept: number;
  skipped: number;
  rejected: number;
  reasons: Record<string, number>;
}

const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

/** The line as S3 writes it (FORMATS: the server access log line), without a line feed. */
export function logLine(line: TruthLine): string {
  const at = new Date(line.time * 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const time = `${two(at.getUTCDate())}/${MONTHS[at.getUTCMonth()]}/${at.getUTCFullYear()}:${at.toISOString().slice(11, 19)} +0000`;
  const target = line.target ?? `/${line.key}`;
  return [
    'f'.repeat(64),
    'bucket-of-tests',
    `[${time}]`,
    line.ip ?? addressOf(line.client),
    line.requester ?? '-',
    'ABCDEF0123456789',
    line.operation ?? 'REST.GET.OBJECT',
    line.key,
    `"GET ${target} ${line.protocol ?? 'HTTP/1.1'}"`,
    line.status ?? 200,
    '-',
    line.bytes ?? '-',
    '123456',
    '17',
    '9',
    `"${line.referer ?? '-'}"`,
    `"${line.agent ?? 'aria2/1.36.0'}"`,
    '-',
    `${'h'.repeat(75)}=`,
    'SigV4',
    'ECDHE-RSA-AES128-GCM-SHA256',
    '-',
    'bucket-of-tests.s3.amazonaws.com',
    'TLSv1.2',
    '-',
    '-',
  ].join(' ');
}

/** Documentation addresses, v4 and v6; a client has one. */
export function addressOf(client: number): string {
  if (client === 0) return '-';
  if (client % 3 === 0) return `2001:db8:${client.toString(16)}::1`;
  return `198.51.${client >> 8}.${client & 255}`;
}

/** What lines must come to, by the rules and not by reading their text. */
export function recordsOf(lines: readonly (TruthLine | RejectedLine)[]): SyntheticRecord[] {
  return lines.filter(isKept).map(({ key, time, client, bytes, status }) => ({
    key,
    time,
    requester: client,
    bytesSent: bytes ?? 0n,
    download: (status ?? 200) === 200,
  }));
}

export function accountOf(lines: readonly (TruthLine | RejectedLine)[]): Account {
  const account: Account = { total: lines.length, kept: 0, skipped: 0, rejected: 0, reasons: {} };
  for (const line of lines) {
    if ('reason' in line) {
      account.rejected++;
      account.reasons[line.reason] = (account.reasons[line.reason] ?? 0) + 1;
    } else if (isKept(line)) account.kept++;
    else account.skipped++;
  }
  return account;
}

export function logText(lines: readonly (TruthLine | RejectedLine)[]): string {
  return lines.map((line) => `${'text' in line ? line.text : logLine(line)}\n`).join('');
}

/** Everything that `update` must publish: path below `summaries/` -> content. */
export function expectedTree(
  records: readonly SyntheticRecord[],
  folderOf: (dataset: string) => string = usualFolder,
): Map<string, string> {
  const options = { folderOf };
  const tree = new Map([
    ...expectedSummaries(records, options),
    ...expectedArchive(records, options),
  ]);
  const datasets = [...new Set(records.map(({ key }) => key.split('/')[0] as string))];
  datasets.sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  if (datasets.length === 0) return tree;
  const members = datasets.map((dataset) => {
    const own = records.filter(({ key }) => key.split('/')[0] === dataset);
    return `  ${JSON.stringify(dataset)}: ${totals(expectedTotals(own, options), '  ')}`;
  });
  tree.set('totals.json', `{\n${members.join(',\n')}\n}`);
  tree.set('archive_totals.json', totals(expectedTotals(records, options), ''));
  return tree;
}

function totals(values: Readonly<Record<string, string>>, margin: string): string {
  const members = Object.entries(values).map(([name, value]) => {
    const text = /^\d+$/.test(value) ? value : JSON.stringify(value);
    return `${margin}  "${name}": ${text}`;
  });
  return `{\n${members.join(',\n')}\n${margin}}`;
}

/** Folders of the datasets that tests use, written down one by one. */
function usualFolder(dataset: string): string {
  const special: Record<string, string> = {
    '..': '%2E%2E',
    archive: '%61rchive',
    '=cmd': '%3Dcmd',
    'totals.json': '%74otals.json',
  };
  const folder = special[dataset] ?? dataset;
  if (!/^[\w%][\w.%+$();&-]*$/.test(folder)) throw new Error(`No folder is known for ${dataset}.`);
  return folder;
}

function isKept(line: TruthLine | RejectedLine): line is TruthLine {
  if ('reason' in line) return false;
  const status = line.status ?? 200;
  return (
    (line.operation ?? 'REST.GET.OBJECT') === 'REST.GET.OBJECT' && status >= 200 && status < 300
  );
}
