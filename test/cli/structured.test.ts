import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, it } from 'vitest';
import { Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { SpoolSandbox } from '../support/spool.js';

const HEAD = 'f'.repeat(64);
const KEYS = ['ds1/a.nwb', 'ds1/b c.txt', 'ds2/é+%.bin', "ds2/x'(1)~!.txt", 'ds3'];

/** The same requests, as records and as the lines that S3 writes of them. */
const REQUESTS = Array.from({ length: 60 }, (_, i) => ({
  key: KEYS[i % KEYS.length],
  day: String(1 + (i % 28)).padStart(2, '0'),
  address: i % 9 === 0 ? null : `198.51.100.${i}`,
  operation: i % 7 === 0 ? 'REST.HEAD.OBJECT' : 'REST.GET.OBJECT',
  status: [200, 206, 404][i % 3],
  bytes: i % 5 === 0 ? null : i * 1_000_003,
}));
const RECORDS = REQUESTS.map(({ key, day, address, operation, status, bytes }) => ({
  schema_version_id: 'V_1_0',
  bucket_arn: 'arn:aws:s3:::b',
  bucket_name: 'b',
  request_time: `2026-11-${day}T10:00:00.123Z`,
  bucket_owner_id: HEAD,
  remote_ip: address,
  requester: null,
  request_id: 'ABCDEF0123456789',
  operation,
  key_name: key,
  request_uri: 'GET /whatever" 200 - HTTP/1.1',
  http_status: status,
  error_code: null,
  bytes_sent_size: bytes,
}));
const form = (text: string): string =>
  encodeURIComponent(text)
    .replace(/[!'()~]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
    .replace(/%20/g, '+')
    .replaceAll('%2F', '/');
const LINES = REQUESTS.map(
  ({ key, day, address, operation, status, bytes }) =>
    `${HEAD} b [${day}/Nov/2026:10:00:00 +0000] ${address ?? '-'} - ABCDEF0123456789 ${operation} ${form(form(key))} "${operation.split('.')[1]} /${form(key)} HTTP/1.1" ${status} - ${bytes ?? '-'} 7 8 9 "-" "x" -\n`,
).join('');

async function publishedOf(files: Readonly<Record<string, string | Uint8Array>>) {
  const sandbox = new Sandbox();
  for (const [name, content] of Object.entries(files)) sandbox.write(name, content);
  const report = await sandbox.done('extract', 'logs', '--workers=2');
  await sandbox.done('update');
  return { lines: report.lines, tables: readTree(join(sandbox.cache, 'summaries')) };
}

it('structured logs come to the numbers of the lines that S3 writes of the same requests, in every layout', async () => {
  const expected = await publishedOf({ log: LINES });
  expect(expected.tables.size).toBeGreaterThan(8);
  expect(expected.lines.notes).toEqual({});
  const each = RECORDS.map((record) => JSON.stringify(record));
  for (const [content, brackets] of [
    [each.join('\n'), 0],
    [gzipSync(each.join('\r\n')), 0],
    [JSON.stringify(RECORDS), 0],
    [`[\n${each.join(',\n')}\n]\n`, 2],
    [`[${each.join('\n,')}]`, 0],
  ] as const) {
    const { lines, tables } = await publishedOf({ 'log.json': content });
    expect(tables).toEqual(expected.tables);
    expect(lines).toEqual({
      ...expected.lines,
      // A bracket alone is no record.
      total: expected.lines.total + brackets,
      rejected: brackets,
      reasons: brackets === 0 ? {} : { truncated_before_bucket: brackets },
    });
  }
});

it('a spool takes lines and records; what is JSON of another kind fails, what is invalid is counted', async () => {
  const sandbox = new SpoolSandbox();
  sandbox.put('a.log', LINES);
  const invalid = { ...RECORDS[1], remote_ip: '198.51.100.7777' };
  sandbox.put(
    'b.json',
    `${JSON.stringify(RECORDS[1])}\n${JSON.stringify(invalid)}\n{"schema_version_id": "V_1_0", "cut`,
  );
  sandbox.put('c.json', '[\n{"eventVersion": "1.08"},\n{"eventVersion": "1.09"}\n]\n');
  sandbox.put('d.json', '[]');
  const { key_name: _, ...incomplete } = RECORDS[1];
  sandbox.put('fields.json', JSON.stringify([incomplete, incomplete]));
  sandbox.put('version.json', JSON.stringify({ ...RECORDS[1], schema_version_id: 'V_2_0' }));
  const { report, stderr } = await sandbox.once();
  for (const [name, why] of [
    ['fields.json', 'structured_invalid_field'],
    ['version.json', 'structured_unknown_version'],
  ]) {
    expect(sandbox.reason(name)).toMatchObject({
      code: 'NOT_A_LOG',
      reason: expect.stringContaining(`(${why})`),
    });
  }
  expect(report).toMatchObject({
    extracted: 2,
    failed: { NOT_A_LOG: 4 },
    lines: { total: 63, rejected: 2, reasons: { invalid_remote_ip: 1, structured_not_json: 1 } },
  });
  expect(sandbox.files(join(sandbox.spool, 'failed')).length).toBe(8);
  expect(stderr).not.toContain('198.51');
  for (const text of readTree(sandbox.cache).values()) expect(text).not.toContain('198.51.100');
});
