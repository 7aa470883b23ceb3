import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { describeLine } from '../../src/extract/describe-line.js';
import { root } from '../architecture/source-files.js';
import { Sandbox } from '../support/cli.js';
import { type Postgres, usePostgres } from '../support/postgres.js';

const corpus = process.env.S3LOG_CORPUS ?? join(root, '../../shared/corpus');
const TAIL = [
  'version_id',
  'host_id',
  'signature_version',
  'cipher_suite',
  'authentication_type',
  'host_header',
  'tls_version',
  'access_point_arn',
  'acl_required',
  'source_region',
];

let server: Postgres;
let sandbox: Sandbox;

usePostgres((...started) => {
  [server, sandbox] = started;
});

/** Rows by the offset of their line. */
async function rowsByOffset(): Promise<Map<number, Record<string, unknown>>> {
  const rows = await server.query(
    `SELECT *, to_char(time AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS utc FROM s3_logs.s3_access_log`,
  );
  return new Map(rows.map((row) => [Number(row.log_offset), row]));
}

function* linesOf(bytes: Buffer): Generator<{ offset: number; line: Buffer }> {
  for (let offset = 0; offset < bytes.length; ) {
    const feed = bytes.indexOf(0x0a, offset);
    const end = feed < 0 ? bytes.length : feed;
    yield { offset, line: bytes.subarray(offset, end) };
    offset = end + 1;
  }
}

/** The bytes of the log that a text in the tables stands for, but for addresses that are sealed in it. */
function decoded(text: unknown): string | null {
  if (typeof text !== 'string') return null;
  const bytes = text.replace(/[^\0-\x7f]+/g, (other) => Buffer.from(other).toString('latin1'));
  return Buffer.from(
    bytes.replace(/\\(\\|[0-7]{3})/g, (_, escaped) =>
      escaped === '\\' ? '\\' : String.fromCharCode(Number.parseInt(escaped, 8)),
    ),
    'latin1',
  ).toString('utf8');
}

/** As {@link describeLine} says, with every text of a client decoded. */
function expectRow(row: Record<string, unknown> | undefined, line: Buffer): void {
  const want = describeLine(line);
  if ('reason' in want) {
    expect(row).toBeUndefined();
    return;
  }
  if (row === undefined) throw new Error(`there is no row of ${line.toString('latin1')}`);
  const number = (value: bigint | null): string | null => (value === null ? null : String(value));
  const text = (value: string | null): string | null => (value === '-' ? null : value);
  expect({
    time: row.utc,
    bucketOwner: decoded(row.bucket_owner),
    bucket: decoded(row.bucket),
    requester: decoded(row.requester),
    requestId: decoded(row.request_id),
    operation: row.operation,
    key: decoded(row.key),
    status: row.http_status,
    errorCode: row.error_code,
    bytesSent: row.bytes_sent,
    objectSize: row.object_size,
    totalTime: row.total_time_ms,
    turnAround: row.turn_around_time_ms,
    hasAddress: row.remote_ip !== null,
  }).toEqual({
    time: want.time,
    bucketOwner: text(want.bucketOwner),
    bucket: text(want.bucket),
    requester: want.requester,
    requestId: text(want.requestId),
    operation: want.operation,
    key: want.key,
    status: want.status,
    errorCode: want.errorCode,
    bytesSent: number(want.bytesSent),
    objectSize: number(want.objectSize),
    totalTime: number(want.totalTimeMs),
    turnAround: number(want.turnAroundTimeMs),
    hasAddress: want.remoteIp !== null,
  });
  // Addresses in what clients wrote are sealed.
  const pairs: [unknown, string | null][] = [
    [row.request_uri, want.requestUri],
    [row.referer, want.referer],
    [row.user_agent, want.userAgent],
    ...TAIL.map((name, i): [unknown, string | null] => [row[name], text(want.tail[i] ?? null)]),
    [row.more_fields, want.tail.length > 10 ? want.tail.slice(10).join(' ') : null],
  ];
  for (const [found, wanted] of pairs) {
    const plain = decoded(found);
    if (plain?.includes('ip:')) continue;
    expect(plain === null ? null : plain).toBe(
      // The tail is described as latin1.
      wanted === null
        ? null
        : found === row.request_uri || found === row.referer || found === row.user_agent
          ? wanted
          : Buffer.from(wanted, 'latin1').toString('utf8'),
    );
  }
}

describe('rows', () => {
  it.skipIf(!existsSync(join(corpus, 'lines.log')))(
    'have all fields of the public corpus',
    async () => {
      const bytes = readFileSync(join(corpus, 'lines.log'));
      sandbox.write('corpus', bytes);
      const report = await sandbox.done('database', 'collect', sandbox.logs);
      const rows = await rowsByOffset();
      const expected = readFileSync(join(corpus, 'expected.jsonl'), 'utf8')
        .trim()
        .split('\n')
        .map((text) => JSON.parse(text));
      const lines = [...linesOf(bytes)];
      expect(lines.length).toBe(expected.length);
      expect(report.lines).toBe(lines.length);
      for (const want of expected) {
        const { offset, line } = lines[want.line - 1];
        const row = rows.get(offset);
        expectRow(row, line);
        if (want.parse === 'reject') continue;
        // Also straight from what others say of it, not only by way of our own parser.
        const tail = want.fields - 17;
        const found = TAIL.filter((name) => row?.[name] !== null).length;
        expect(found).toBeLessThanOrEqual(Math.min(10, tail));
        expect([row?.utc, row?.bucket, row?.http_status, decoded(row?.key)]).toEqual([
          want.time,
          want.bucket,
          want.status,
          want.key_raw,
        ]);
        expect(
          [row?.bytes_sent ?? null, row?.object_size ?? null].map((n) => n && Number(n)),
        ).toEqual(
          [
            want.bytes_sent === null ? null : want.bytes_sent,
            want.object_size === null ? null : want.object_size,
          ].map((n) => n && Number(n)),
        );
        if (!String(row?.user_agent).includes('ip:')) {
          expect(decoded(row?.user_agent)).toBe(want.user_agent);
        }
      }
      const rejects = await server.query(
        'SELECT log_offset, reason FROM s3_logs.s3_access_log_rejects',
      );
      expect(new Map(rejects.map((row) => [Number(row.log_offset), row.reason]))).toEqual(
        new Map(
          expected
            .filter(({ parse }) => parse === 'reject')
            .map(({ line, reason }) => [lines[line - 1].offset, reason]),
        ),
      );
    },
  );

  it('have all fields of every kind of line that we know', async () => {
    const folder = join(root, 'test/fixtures/lines');
    for (const name of readdirSync(folder).filter((file) => file.endsWith('.log'))) {
      const bytes = readFileSync(join(folder, name));
      await server.query('DROP SCHEMA IF EXISTS s3_logs CASCADE');
      const own = new Sandbox();
      Object.assign(own.env, server.env);
      own.write(name, bytes);
      await own.done('database', 'collect', own.logs);
      const rows = await rowsByOffset();
      for (const { offset, line } of linesOf(bytes)) expectRow(rows.get(offset), line);
    }
  });

  it('hold hostile bytes in a form that PostgreSQL itself turns back', async () => {
    const agents = [
      Buffer.from('a\0b'),
      Buffer.from('back\\slash \\000 \\x41 \\N \\.'),
      Buffer.from([0x66, 0xff, 0xfe, 0x80, 0x5c, 0]),
      Buffer.from('tab\tcr\rbell\u0007 \u2028 é 漢'),
      Buffer.from([0xed, 0xa0, 0x80, 0xc0, 0x80, 0xf4, 0x90, 0x80, 0x80]),
      Buffer.from("'; DROP TABLE s3_logs.s3_access_log; --"),
    ];
    const lines = agents.map((agent) => hostile(agent));
    sandbox.write('hostile', Buffer.concat(lines));
    await sandbox.done('database', 'collect', sandbox.logs);
    const rows = await server.query(
      `SELECT decode(user_agent, 'escape') AS agent FROM s3_logs.s3_access_log ORDER BY log_offset`,
    );
    expect(rows.map(({ agent }) => agent.toString('hex'))).toEqual(
      agents.map((agent) => agent.toString('hex')),
    );
  });

  it('have a line of a mebibyte of backslashes and addresses', async () => {
    const agent = Buffer.from('\\ 198.51.100.7 \0'.repeat(65_000));
    sandbox.write('long', Buffer.concat([hostile(Buffer.from('before')), hostile(agent)]));
    const { rows } = await sandbox.done('database', 'collect', sandbox.logs);
    expect(rows).toBe(2);
    const [{ sealed }] = await server.query(
      `SELECT (length(user_agent) - length(replace(user_agent, 'ip:', ''))) / 3 AS sealed FROM s3_logs.s3_access_log ORDER BY log_offset DESC LIMIT 1`,
    );
    expect(sealed).toBe(65_000);
  });

  it('hold no address of a client in any column, and the seals of the cache', async () => {
    const own = '203.0.113.77';
    const other = '2001:db8::42';
    const line = (agent: string, query = '') =>
      Buffer.from(
        `owner bucket [01/Mar/2024:00:00:00 +0000] ${own} - ABCDEF0123456789 REST.GET.OBJECT k "GET /k${query} HTTP/1.1" 200 - 1 1 1 1 "http://${other}/" "${agent}" - - - - - host - - - -\n`,
      );
    sandbox.write(
      '2024-03-01-00-00-00-0123456789ABCDEF',
      Buffer.concat([
        line(`x/${own} (via ${other})`, `?ip=${own}&via=2001%3Adb8%3A%3A42`),
        line('Chrome/120.0.0.0 Safari/537.36'),
      ]),
    );
    await sandbox.done('extract', sandbox.logs);
    await sandbox.done('database', 'collect', sandbox.logs);
    const [{ text, ip }] = await server.query(
      `SELECT string_agg(l::text, ' ') AS text, min(encode(remote_ip, 'hex')) AS ip FROM s3_logs.s3_access_log l`,
    );
    expect(text).not.toContain(own);
    expect(text).not.toContain('2001');
    expect(text).toContain('Chrome/120.0.0.0');
    expect(text).toContain(`x/ip:${ip}`);
    expect(text).toContain(`?ip=ip:${ip}&via=ip:`);
    const index = await sandbox.run(['update', 'ip', 'indexes', '--json']);
    expect(index.status).toBe(0);
    const segments = readdirSync(join(sandbox.cache, 'segments')).map((name) =>
      readFileSync(join(sandbox.cache, 'segments', name)),
    );
    expect(segments.some((bytes) => bytes.includes(Buffer.from(ip, 'hex')))).toBe(true);
  });

  it('are those of compressed logs as of plain ones, once', async () => {
    const bytes = Buffer.concat([hostile(Buffer.from('a')), hostile(Buffer.from('b'))]);
    sandbox.write('one/2024-03-01-00-00-00-0123456789ABCDEF.gz', gzipSync(bytes));
    sandbox.write('two/2024-03-01-00-00-00-0123456789ABCDEF', bytes);
    const { objects, rows } = await sandbox.done('database', 'collect', sandbox.logs);
    expect([objects.collected, objects.known, rows]).toEqual([1, 1, 2]);
  });
});

function hostile(agent: Buffer): Buffer {
  const before =
    'owner bucket [01/Mar/2024:00:00:00 +0000] 192.0.2.1 - ABCDEF0123456789 REST.GET.OBJECT k "GET /k HTTP/1.1" 200 - 1 1 1 1 "-" "';
  return Buffer.concat([
    Buffer.from(before),
    agent,
    Buffer.from('" - hostid= SigV4 - - - - - - -\n'),
  ]);
}
