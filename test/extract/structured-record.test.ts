import { describe, expect, it } from 'vitest';
import { Line } from '../../src/extract/line.js';
import { parseLine } from '../../src/extract/parse-line.js';
import { REASONS } from '../../src/extract/reasons.js';
import { structuredLine } from '../../src/extract/structured-record.js';

const RECORD = {
  schema_version_id: 'V_1_0',
  bucket_arn: 'arn:aws:s3:::bucket-of-tests',
  bucket_name: 'bucket-of-tests',
  request_time: '2026-11-01T10:00:00.999Z',
  bucket_owner_id: 'f'.repeat(64),
  remote_ip: '198.51.100.7',
  requester: null,
  request_id: 'ABCDEF0123456789',
  operation: 'REST.GET.OBJECT',
  key_name: 'ds1/a.nwb',
  request_uri: 'GET /ds1/a.nwb HTTP/1.1',
  http_status: 200,
  error_code: null,
  bytes_sent_size: 1234,
};

/** What the grammar makes of the line that stands for a record: the reason, or what it counts as. */
function judge(changes: Readonly<Record<string, unknown>>) {
  const text = structuredLine({ ...RECORD, ...changes });
  if (typeof text === 'number') return REASONS[text];
  const bytes = Buffer.from(`${text}\n`, 'latin1');
  const line = new Line();
  const reason = parseLine(bytes, 0, bytes.length - 1, line);
  if (reason !== 0) return REASONS[reason];
  const [start, end] = [line.bounds[14], line.bounds[15]];
  const key = bytes.subarray(start, end).toString('latin1');
  const { timeSeconds, status, bytesSentLow, bytesSentHigh, notes, kind, hasAddress } = line;
  const bytesSent = bytesSentHigh * 2 ** 32 + bytesSentLow;
  return { key, timeSeconds, status, bytesSent, notes, kind, hasAddress };
}

const FOUND = {
  key: 'ds1/a.nwb',
  timeSeconds: Date.UTC(2026, 10, 1, 10) / 1000,
  status: 200,
  bytesSent: 1234,
  notes: 0,
  kind: 2,
  hasAddress: true,
};

describe('a structured record', () => {
  it.each([
    ['as it is', {}, {}],
    ['of a later version with more fields', { schema_version_id: 'V_1_3', more: { a: [1] } }, {}],
    ['without an address', { remote_ip: null }, { hasAddress: false }],
    ['of an IPv6 address', { remote_ip: '2001:db8::7' }, {}],
    ['without bytes', { bytes_sent_size: null }, { bytesSent: 0 }],
    ['of much', { bytes_sent_size: 2 ** 53 - 1 }, { bytesSent: 2 ** 53 - 1 }],
    ['of a part', { http_status: 206 }, { status: 206, kind: 1 }],
    ['that failed', { http_status: 404 }, { status: 404, kind: 0, bytesSent: 0 }],
    ['of something else', { operation: 'REST.PUT.OBJECT' }, { kind: 0, bytesSent: 0 }],
    [
      'of a bucket',
      { operation: 'REST.GET.BUCKET', key_name: null },
      { key: '-', kind: 0, bytesSent: 0 },
    ],
    ['of a key with a space', { key_name: 'a b' }, { key: 'a%2Bb' }],
    ['of a key with a plus', { key_name: 'a+b' }, { key: 'a%252Bb' }],
    ['of a key with a quote and a percent', { key_name: `"100%'` }, { key: '%2522100%2525%2527' }],
    ['of a key beyond ASCII', { key_name: 'é' }, { key: '%25C3%25A9' }],
    ['of a key as lines have it', { key_name: '%25C3%25A9%2Bx' }, { key: '%25C3%25A9%2Bx' }],
    [
      'of a key that would end its line',
      { key_name: 'a\n" 200 -' },
      { key: 'a%250A%2522%2B200%2B-' },
    ],
    ['of the key -', { key_name: '-' }, { key: '-' }],
  ])('%s is what the line of it would be', (_what, changes, expected) => {
    expect(judge(changes)).toEqual({ ...FOUND, ...expected });
  });

  it.each([
    ['structured_unknown_version', { schema_version_id: 'V_2_0' }],
    ['structured_unknown_version', { schema_version_id: undefined }],
    ['structured_invalid_field', { http_status: '200' }],
    ['structured_invalid_field', { key_name: 7 }],
    ['structured_invalid_field', { request_time: null }],
    ['invalid_time', { request_time: '2026-11-01 10:00:00' }],
    ['invalid_time', { request_time: '2026-02-31T10:00:00.000Z' }],
    ['invalid_time', { request_time: '2026-13-01T10:00:00.000Z' }],
    ['invalid_remote_ip', { remote_ip: '198.51.100.256' }],
    ['invalid_remote_ip', { remote_ip: '198.51.100.7 -' }],
    ['invalid_operation', { operation: 'REST.GET.OBJECT x' }],
    ['invalid_http_status', { http_status: 42 }],
    ['invalid_http_status', { http_status: 200.5 }],
    ['invalid_bytes_sent', { bytes_sent_size: -1 }],
    ['invalid_bytes_sent', { bytes_sent_size: 2 ** 53 }],
    ['invalid_key', { key_name: 'x'.repeat(6000) }],
    ['invalid_key', { key_name: '\ud800' }],
    ['invalid_key', { key_name: '' }],
    ['invalid_key', { key_name: null }],
  ])('is rejected: %s', (reason, changes) => {
    expect(judge(changes)).toBe(reason);
  });

  it('has its fields itself: what all objects have counts for nothing', () => {
    const { key_name: _, ...others } = RECORD;
    expect(REASONS[structuredLine(others) as number]).toBe('structured_invalid_field');
    const inherited = JSON.parse(
      JSON.stringify(others).replace('{', '{"__proto__":{"key_name":"x"},'),
    );
    expect(REASONS[structuredLine(inherited) as number]).toBe('structured_invalid_field');
  });
});
