import { describeLine } from '../../src/extract/describe-line.js';
import { splitLines } from '../extract/split-lines.js';

/** What a protocol comes to for one reason: lines, records, bytes sent. */
export type Weighed = [lines: number, records: number, bytes: bigint];

const DAY = 86_400;

/**
 * What protocols say of a sound file's bytes, from the description of each line and by splitting text: another way to
 * the same counts. Times that do not exist are all `impossible`: made-up logs have no others.
 */
export function expectedCounts(name: string, bytes: Buffer, into: Map<string, Weighed>): void {
  const delivered = Date.parse(
    name.slice(0, 19).replace(/^(.{10})-(..)-(..)-(..)$/, '$1T$2:$3:$4Z'),
  );
  let before = Number.NEGATIVE_INFINITY;
  for (const line of splitLines(bytes)) {
    const described = describeLine(line);
    const found: string[] = [];
    const peer = peerRecord(line.toString('latin1'));
    if ('reason' in described) {
      found.push(`lines ${described.reason}`);
      if (described.reason === 'invalid_time') found.push('timestamps impossible');
      if (peer !== undefined) found.push('extraction_heuristic counted_rejected');
      weigh(into, found, false, 0n);
      continue;
    }
    const at = Date.parse(described.time) / 1000;
    const text = line.toString('latin1');
    if (described.isDownload && described.objectSize !== null) {
      const sent = described.bytesSent ?? 0n;
      if (sent < described.objectSize) {
        found.push(`downloads_logic ${sent === 0n ? 'no_bytes_sent' : 'fewer_bytes_sent'}`);
      }
    }
    if (!/^[^[]*\[[^\]]* \+0000\]/.test(text)) found.push('timestamps other_zone');
    if (at < before - DAY) found.push('timestamps out_of_order');
    before = at;
    if (at < delivered / 1000 - DAY) found.push('late late');
    if (at > delivered / 1000 + 300) found.push('late ahead');
    if (described.isKept) found.push(...ofRecord(text, described, peer));
    else if (peer !== undefined) found.push('extraction_heuristic counted_skipped');
    weigh(into, found, described.isKept, described.bytesSent ?? 0n);
  }
}

interface PeerRecord {
  readonly key: string;
  readonly address: string;
  readonly status: string;
  readonly sent: string;
}

/** What the awk rule of the Python tool makes of a line. */
function peerRecord(text: string): PeerRecord | undefined {
  const [first = '', second = ''] = text.split('HTTP/1.');
  const before = words(first);
  const after = words(second);
  if (before[7] !== 'REST.GET.OBJECT' || after[1]?.[0] !== '2') return undefined;
  return {
    key: before[8] ?? '',
    address: before[4] ?? '',
    status: after[1],
    sent: after[3] ?? '',
  };
}

function words(text: string): string[] {
  return text.split(/[ \t\n]+/).filter((word) => word !== '');
}

function ofRecord(
  text: string,
  described: Exclude<ReturnType<typeof describeLine>, { reason: unknown }>,
  peer: PeerRecord | undefined,
): string[] {
  const found: string[] = [];
  const line = `"GET ${(described.requestUri ?? '').split(' ')[1]} HTTP/1.`;
  const at = text.indexOf('HTTP/1.');
  const uri = Buffer.from(described.requestUri ?? '', 'utf8').toString('latin1');
  const uriAt = text.indexOf(`"${uri}"`);
  if (at < 0) found.push('http_split missing');
  else if (at > uriAt + uri.length) found.push('http_split behind');
  else if (text.indexOf(line) < 0 || at < text.indexOf(line) + line.length - 7) {
    found.push(`http_split ${at < uriAt ? 'in_key' : 'in_target'}`);
  }
  if (peer === undefined) {
    const shifted = words(text.split('HTTP/1.')[0] as string)[7] !== 'REST.GET.OBJECT';
    found.push(`extraction_heuristic ${shifted ? 'lost_operation' : 'lost_status'}`);
    return found;
  }
  if (peer.key !== described.key) found.push('extraction_heuristic misread_key');
  if (peer.address !== (described.remoteIp ?? '-')) {
    found.push('extraction_heuristic misread_address');
  }
  if (!/^[^[]*\[[^\]]* [+-]0000\]/.test(text)) found.push('extraction_heuristic misread_time');
  if (peer.sent !== String(described.bytesSent ?? '-')) {
    found.push('extraction_heuristic misread_bytes');
  }
  if ((peer.status === '200') !== described.isDownload) {
    found.push('extraction_heuristic misread_download');
  }
  return found;
}

function weigh(into: Map<string, Weighed>, found: string[], isKept: boolean, sent: bigint): void {
  for (const reason of found) {
    const [lines, records, bytes] = into.get(reason) ?? [0, 0, 0n];
    into.set(reason, [lines + 1, records + (isKept ? 1 : 0), bytes + (isKept ? sent : 0n)]);
  }
}
