import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { describeLine } from '../../src/extract/describe-line.js';

/** A folder with `lines.log` and `expected.jsonl`: public lines and their parses. */
const folder = process.env.S3LOG_CORPUS ?? join(import.meta.dirname, '../../../shared/corpus');

describe.skipIf(!existsSync(join(folder, 'lines.log')))('the corpus of public log lines', () => {
  const lines = split(read('lines.log'));
  const expected = read('expected.jsonl')
    .toString('utf8')
    .split('\n')
    .filter((text) => text !== '')
    .map((text) => JSON.parse(text));

  it('has one expected parse per line', () => {
    expect(lines.length).toBe(expected.length);
    expect(lines.length).toBeGreaterThan(0);
  });

  it.each(expected)('parses line $line as expected', (want) => {
    const found = describeLine(lines[want.line - 1]);
    if (want.parse === 'reject') {
      expect(found).toEqual({ reason: want.reason });
      return;
    }
    if ('reason' in found) throw new Error(`rejected as ${found.reason}`);
    expect({
      bucket: found.bucket,
      time: found.time,
      remote_ip: found.remoteIp,
      requester: found.requester,
      request_id: found.requestId,
      operation: found.operation,
      key_raw: found.key,
      key_decoded: found.keyDecoded,
      request_uri: found.requestUri,
      status: found.status,
      error: found.errorCode,
      bytes_sent: number(found.bytesSent),
      object_size: number(found.objectSize),
      referer: found.referer,
      user_agent: found.userAgent,
      fields: 17 + found.tail.length,
      is_kept_GET_2xx: found.isKept,
      is_download_200: found.isDownload,
      notes: [...found.notes].sort(),
    }).toEqual({
      bucket: want.bucket,
      time: want.time,
      remote_ip: want.remote_ip,
      requester: want.requester,
      request_id: want.request_id,
      operation: want.operation,
      key_raw: want.key_raw,
      key_decoded: want.key_decoded,
      request_uri: want.request_uri,
      status: want.status,
      error: want.error,
      bytes_sent: want.bytes_sent,
      object_size: want.object_size,
      referer: want.referer,
      user_agent: want.user_agent,
      fields: want.fields,
      is_kept_GET_2xx: want.is_kept_GET_2xx,
      is_download_200: want.is_download_200,
      notes: [...want.notes].sort(),
    });
  });
});

/** Empty where the folder is absent: a skipped suite is still collected. */
function read(name: string): Buffer {
  const path = join(folder, name);
  return existsSync(path) ? readFileSync(path) : Buffer.alloc(0);
}

function number(value: bigint | null): number | null {
  return value === null ? null : Number(value);
}

function split(bytes: Buffer): Buffer[] {
  const lines: Buffer[] = [];
  for (let start = 0; start < bytes.length; ) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.length : feed;
    lines.push(bytes.subarray(start, end));
    start = end + 1;
  }
  return lines;
}
