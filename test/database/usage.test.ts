import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parseQuotas, QuotaFileError } from '../../src/database/quotas.js';
import { type DescribedLine, describeLine } from '../../src/extract/describe-line.js';
import type { Json, Sandbox } from '../support/cli.js';
import { type Postgres, usePostgres } from '../support/postgres.js';
import { numbersFrom } from '../support/random-lines.js';

const DAY_MS = 86_400_000;
const MONTHS = 'Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec'.split(' ');

let server: Postgres;
let sandbox: Sandbox;

usePostgres((...started) => {
  [server, sandbox] = started;
});

interface Made {
  readonly timeMs: number;
  readonly bucket?: string;
  readonly requester?: string;
  readonly operation?: string;
  readonly status?: number;
  readonly sent?: string;
  readonly size?: string;
  readonly client?: number;
}

function made(line: Made): string {
  const { bucket = 'b', requester = '-', operation = 'REST.GET.OBJECT', status = 200 } = line;
  const time = new Date(line.timeMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  const date = `${two(time.getUTCDate())}/${MONTHS[time.getUTCMonth()]}/${String(time.getUTCFullYear()).padStart(4, '0')}`;
  const clock = `${two(time.getUTCHours())}:${two(time.getUTCMinutes())}:${two(time.getUTCSeconds())}`;
  return `owner ${bucket} [${date}:${clock} +0000] 192.0.2.${line.client ?? 1} ${requester} ABCDEF0123456789 ${operation} k "GET /k HTTP/1.1" ${status} - ${line.sent ?? '-'} ${line.size ?? '-'} 1 1 "-" "agent" -\n`;
}

/** Today at midnight, UTC. */
function today(): number {
  return Math.floor(Date.now() / DAY_MS) * DAY_MS;
}

describe('database clean', () => {
  it('removes what is older than the retention time, whole months at once, and no more', async () => {
    const days = [0, 1, 29, 30, 31, 45, 62, 100, 365, 9000];
    const midnight = today();
    const times = days.flatMap((day) => [
      midnight - day * DAY_MS,
      midnight - day * DAY_MS - 1000,
      midnight - day * DAY_MS + 1000,
    ]);
    sandbox.write('all', [...times.map((timeMs) => made({ timeMs })), 'rejected\n'].join(''));
    await sandbox.done('database', 'collect', sandbox.logs);
    const before = midnight - 30 * DAY_MS;
    const old = times.filter((time) => time < before).length;
    // Also such as have nothing to do with the present.
    expect(old).toBeGreaterThan(10);
    const dry = await sandbox.done('database', 'clean', '--retention-days', '30', '--dry-run');
    expect([dry.totalRows, dry.rows + rowsOf(dry)]).toEqual([old, old]);
    expect(await count()).toBe(times.length);
    const done = await sandbox.done('database', 'clean', '--retention-days', '30');
    expect({ ...done, dryRun: true, partitions: tables(done) }).toEqual({
      ...dry,
      partitions: tables(dry),
    });
    expect(done.partitions.length).toBeGreaterThanOrEqual(4);
    const left = await server.query('SELECT time FROM s3_logs.s3_access_log ORDER BY time');
    expect(left.map(({ time }) => time.getTime())).toEqual(
      times.filter((time) => time >= before).sort((one, other) => one - other),
    );
    const again = await sandbox.done('database', 'clean', '--retention-days', '30');
    expect([again.totalRows, again.partitions]).toEqual([0, []]);
    // What is still in its source is not collected again, as long as it may be.
    const { objects, rows } = await sandbox.done('database', 'collect', sandbox.logs);
    expect([objects.known, rows]).toEqual([1, 0]);
  });

  it('forgets names of what we have deleted ourselves, when its rows are beyond the retention time', async () => {
    sandbox.write('old', made({ timeMs: today() - 90 * DAY_MS }));
    sandbox.write('new', made({ timeMs: today() }));
    const { objects } = await sandbox.done('database', 'collect', sandbox.logs, '--delete-after');
    expect(objects.deleted).toBe(2);
    expect((await sandbox.done('database', 'clean', '--retention-days', '30')).objects).toBe(0);
    await server.query(
      `UPDATE s3_logs.s3_log_objects SET deleted_at = deleted_at - interval '40 days' WHERE name = 'old'`,
    );
    expect((await sandbox.done('database', 'clean', '--retention-days', '30')).objects).toBe(1);
    const names = await server.query('SELECT name FROM s3_logs.s3_log_objects');
    expect(names).toEqual([{ name: 'new' }]);
  });

  it('works while logs are collected, also into the months that it removes', async () => {
    const names = Array.from({ length: 60 }, (_, i) => `log-${i}`);
    const lines = names.flatMap((_, i) =>
      [0, 40, 80, 120].map((day) => made({ timeMs: today() - day * DAY_MS + i * 1000 })),
    );
    for (const [i, name] of names.entries()) {
      sandbox.write(name, lines.slice(4 * i, 4 * i + 4).join(''));
    }
    await sandbox.done('database', 'collect', sandbox.logs, '--limit', '1');
    const collecting = sandbox.run([
      'database',
      'collect',
      sandbox.logs,
      '--workers',
      '2',
      '--json',
    ]);
    const cleaning = await Promise.all(
      [1, 2].map(() => sandbox.run(['database', 'clean', '--retention-days', '30', '--json'])),
    );
    expect(cleaning.filter(({ status }) => status === 0).length).toBeGreaterThan(0);
    expect((await collecting).status).toBe(0);
    await sandbox.done('database', 'clean', '--retention-days', '30');
    expect(await count()).toBe(names.length);
  });
});

function rowsOf(report: Json): number {
  return report.partitions.reduce((sum: number, { rows }: { rows: number }) => sum + rows, 0);
}

function tables(report: Json): unknown {
  return report.partitions.map(({ table, rows }: { table: string; rows: number }) => [table, rows]);
}

async function count(): Promise<number> {
  const [{ rows }] = await server.query('SELECT count(*)::int AS rows FROM s3_logs.s3_access_log');
  return rows;
}

describe('database usage', () => {
  const start = Date.UTC(2024, 1, 27);

  /** Lines of six days around the end of a month, and what they are by themselves. */
  function manyLines(): DescribedLine[] {
    const random = numbersFrom(5);
    const some = <T>(...values: T[]): T => values[random(values.length)];
    const lines = Array.from({ length: 3000 }, () =>
      made({
        timeMs: start + random(6 * 86_400) * 1000,
        bucket: some('media', 'backup', 'logs'),
        requester: some('-', 'demo:demo', 'demo:other'),
        operation: some('REST.GET.OBJECT', 'REST.PUT.OBJECT', 'REST.PUT.PART', 'REST.HEAD.OBJECT'),
        status: some(200, 206, 403, 404, 503),
        sent: some('-', '1', String(random(1e9)), '9007199254740993'),
        size: some('-', '0', String(random(1e9))),
        client: random(40),
      }),
    );
    sandbox.write('lines', lines.join(''));
    return lines.map((line) => describeLine(Buffer.from(line.trimEnd())) as DescribedLine);
  }

  function sums(lines: readonly DescribedLine[]): Json {
    const uploads = lines.filter(
      ({ operation, status }) =>
        operation.startsWith('REST.PUT.') && status !== null && status >= 200 && status < 300,
    );
    const total = (values: (bigint | null)[]): string =>
      String(values.reduce((sum: bigint, value) => sum + (value ?? 0n), 0n));
    const known = (values: (string | null)[]): number =>
      new Set(values.filter((value) => value !== null)).size;
    return {
      requests: lines.length,
      bytesOut: total(lines.map(({ bytesSent }) => bytesSent)),
      bytesIn: total(uploads.map(({ objectSize }) => objectSize)),
      requesters: known(lines.map(({ requester }) => requester)),
      addresses: known(lines.map(({ remoteIp }) => remoteIp)),
      errors: lines.filter(({ status }) => status !== null && status >= 400).length,
    };
  }

  const plain = ({ of: _, ...row }: Json): Json => ({
    ...row,
    bytesOut: String(row.bytesOut),
    bytesIn: String(row.bytesIn),
  });

  it('comes to the same as sums over the lines, by each dimension and by two', async () => {
    const lines = manyLines();
    await sandbox.done('database', 'collect', sandbox.logs);
    const args = ['database', 'usage', '--from', '2024-02-28', '--to', '2024-03-02'];
    const counted = lines.filter(({ time }) => time >= '2024-02-28' && time < '2024-03-03');
    expect(counted.length).toBeGreaterThan(1000);
    const report = await sandbox.done(...args);
    expect(plain(report.total)).toEqual(sums(counted));
    const of: Record<string, (line: DescribedLine) => string | null> = {
      bucket: ({ bucket }) => bucket,
      requester: ({ requester }) => requester,
      operation: ({ operation }) => operation,
      day: ({ time }) => time.slice(0, 10),
    };
    const both = await sandbox.done(...args, '--by', 'day,bucket');
    for (const { by, rows } of [...report.tables, ...both.tables]) {
      const groups = new Map<string, DescribedLine[]>();
      for (const line of counted) {
        const key = JSON.stringify(by.map((name: string) => of[name](line)));
        groups.set(key, [...(groups.get(key) ?? []), line]);
      }
      expect(rows.length).toBe(groups.size);
      for (const row of rows) {
        const key = JSON.stringify(by.map((name: string) => row.of[name]));
        expect(plain(row)).toEqual(sums(groups.get(key) ?? []));
      }
    }
    const media = await sandbox.done(...args, '--bucket', 'media', '--by', 'bucket');
    expect(plain(media.total)).toEqual(sums(counted.filter(({ bucket }) => bucket === 'media')));
  });

  it('says of what days there are lines when none are of those asked for', async () => {
    sandbox.write('empty', '\n');
    await sandbox.done('database', 'collect', sandbox.logs);
    const before = await sandbox.run(['database', 'usage']);
    expect(before.stdout).toContain('none have been collected yet');
    const times = [Date.UTC(2024, 1, 28), Date.UTC(2024, 2, 2, 23, 59, 59)];
    sandbox.write('log', times.map((timeMs) => made({ timeMs })).join(''));
    await sandbox.done('database', 'collect', sandbox.logs);
    const after = await sandbox.run(['database', 'usage']);
    expect(after.stdout).toContain('those collected are of 2024-02-28 to 2024-03-02.');
    const json = await sandbox.done('database', 'usage');
    expect(json.collected).toEqual({ from: '2024-02-28', to: '2024-03-02' });
  });

  it('raises alarms: nothing, a warning, a quota exceeded', async () => {
    const at = Date.UTC(2024, 4, 10);
    const lines = Array.from({ length: 80 }, () =>
      made({ timeMs: at, sent: '10', bucket: 'media' }),
    );
    sandbox.write(
      'lines',
      [...lines, made({ timeMs: at - 40 * DAY_MS, bucket: 'media' })].join(''),
    );
    await sandbox.done('database', 'collect', sandbox.logs);
    const check = async (quota: string) => {
      const file = join(sandbox.root, 'quotas.yaml');
      writeFileSync(file, `quotas:\n  - {name: all, bucket: media, ${quota}}\n`);
      return sandbox.run(['database', 'usage', '--to', '2024-05-10', '--quotas', file, '--json']);
    };
    const outcomes = [];
    for (const quota of [
      'requests: 101',
      'requests: 100',
      'requests: 80',
      'requests: 79',
      'bytes_out: 0.8 kB',
      'bytes_out: 799 B',
      'period: day, requests: 200, warn_at: 40',
      'each: requester, addresses: 0',
    ]) {
      const { status, json } = await check(quota);
      outcomes.push([status, json.quotas.map(({ state }: { state: string }) => state)]);
    }
    expect(outcomes).toEqual([
      [0, ['ok']],
      [8, ['warning']],
      [8, ['warning']],
      [7, ['exceeded']],
      [8, ['warning']],
      [7, ['exceeded']],
      [8, ['warning']],
      [7, ['exceeded']],
    ]);
  });

  it.each([
    ['quotas: 1', 'not a list'],
    ['quotas: [{requests: -1}]', 'no whole number'],
    ['quotas: [{requests: 2 TB}]', 'no whole number'],
    ['quotas: [{bytes_out: 2 XB}]', 'no whole number'],
    ['quotas: [{bucket: x}]', 'limits nothing'],
    ['quotas: [{requests: 1, each: address}]', 'none of'],
    ['quotas: [{requests: 1, constructor: 1}]', 'unknown member'],
    ['quotas: [{requests: 1}]\nwarn_at: 0', 'no number'],
    ['quotas: [', 'not YAML'],
    ['x: &a [1]\nquotas: [*a]', 'has an anchor'],
    ['x: *a', 'has an alias'],
    ['quotas: [*nowhere]', 'has an alias'],
  ])('refuses quotas that make no sense: %s', (text, why) => {
    expect(() => parseQuotas(text, 'q.yaml')).toThrow(QuotaFileError);
    expect(() => parseQuotas(text, 'q.yaml')).toThrow(why);
  });
});

describe('OpenTelemetry', () => {
  it.each([
    ['http/json', 'application/json'],
    ['http/protobuf', 'application/x-protobuf'],
  ])('gets spans over %s, without names, addresses and secrets', async (protocol, type) => {
    sandbox.write('secret-name', made({ timeMs: Date.UTC(2024, 0, 1), bucket: 'secret-bucket' }));
    const received: { type: string | undefined; url: string | undefined; body: Buffer }[] = [];
    const receiver = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const { url, headers } = request;
        received.push({ type: headers['content-type'], url, body: Buffer.concat(parts) });
        response.setHeader('content-type', type);
        response.end(protocol === 'http/json' ? '{}' : '');
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}`,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_SERVICE_NAME: 'quota-watch',
    };
    try {
      const { status, stderr } = await sandbox.run(['database', 'collect', sandbox.logs], { env });
      expect([status, stderr]).toEqual([0, '']);
    } finally {
      receiver.close();
    }
    expect(received.length).toBeGreaterThan(0);
    expect(received.map((one) => [one.type, one.url])).toContainEqual([type, '/v1/traces']);
    const text = Buffer.concat(received.map(({ body }) => body)).toString('latin1');
    for (const wanted of [
      'database.collect',
      'database.collect.transaction',
      'collect.rows',
      'quota-watch',
    ]) {
      expect(text).toContain(wanted);
    }
    for (const secret of [
      'secret-name',
      'secret-bucket',
      '192.0.2.1',
      server.password,
      sandbox.root,
    ]) {
      expect(text).not.toContain(secret);
    }
  });

  it('is not even loaded when no receiver is set', async () => {
    sandbox.write('lines', made({ timeMs: Date.UTC(2024, 0, 1) }));
    const record = join(sandbox.root, 'loaded');
    const data = (code: string): string => `data:text/javascript,${encodeURIComponent(code)}`;
    const hooks = `import{appendFileSync}from'node:fs';export function load(url,context,next){appendFileSync(process.env.LOADED,url+'\\n');return next(url,context)}`;
    const preload = `import{register}from'node:module';register(${JSON.stringify(data(hooks))})`;
    const env = { NODE_OPTIONS: `--import=${data(preload)}`, LOADED: record };
    const { status } = await sandbox.run(['database', 'collect', sandbox.logs], { env });
    expect(status).toBe(0);
    const urls = readFileSync(record, 'utf8');
    expect(urls).toContain('/node_modules/pg/');
    expect(urls).not.toContain('opentelemetry/');
    expect(urls).not.toContain('otlp');
  });

  it('that cannot be reached is told, and no reason to fail', async () => {
    sandbox.write('lines', made({ timeMs: Date.UTC(2024, 0, 1) }));
    const env = {
      OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1',
      OTEL_EXPORTER_OTLP_TIMEOUT: '500',
    };
    const { status, stderr } = await sandbox.run(['database', 'collect', sandbox.logs], { env });
    expect(status).toBe(0);
    expect(stderr).toContain('Spans could not be sent');
  });
});
