import { setTimeout as wait } from 'node:timers/promises';
import { gzipSync } from 'node:zlib';
import {
  CreateBucketCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { describe, expect, it } from 'vitest';
import type { Sandbox } from '../support/cli.js';
import { type Postgres, usePostgres } from '../support/postgres.js';
import { numbersFrom } from '../support/random-lines.js';
import { s3Server } from '../support/s3-server.js';

/** A real S3 server, such as test/servers/radosgw.sh starts; `.ci/run` does. */
const REAL = process.env.S3LOG_S3_ENDPOINT;
const KEYS = {
  S3_QUOTA_ACCESSKEY: 'AKTEST',
  S3_QUOTA_SECRETKEY: 'SKTEST',
  S3_QUOTA_REGION: 'us-east-1',
};
const OBJECTS = 1_203;

let server: Postgres;
let sandbox: Sandbox;

usePostgres((...started) => {
  [server, sandbox] = started;
});

function line(n: number): string {
  return `${'f'.repeat(64)} bucket [01/Mar/2025:10:00:00 +0000] 198.51.100.${n % 250} - ABCDEF0123456789 REST.GET.OBJECT ds/f${n} "GET /ds/f${n} HTTP/1.1" 200 - ${1000 + n} 12345 17 9 "-" "aria2/1.36.0" -\n`;
}

function nameOf(n: number): string {
  return `2025-03-01-10-00-00-${n.toString(16).toUpperCase().padStart(16, '0')}`;
}

/** Objects of more than a page, some compressed, some with lines that are none, one large. */
function* objects(): Generator<{ key: string; body: Buffer; lines: number; rejects: number }> {
  for (let n = 0; n < OBJECTS; n++) {
    const count = n === 600 ? 60_000 : 1 + (n % 40);
    const rejects = n % 100 === 0 ? 1 : 0;
    const text =
      Array.from({ length: count }, (_, i) => line(n + i)).join('') + 'no line\n'.repeat(rejects);
    const isGzip = n % 7 === 0;
    const body = isGzip ? gzipSync(text) : Buffer.from(text);
    yield { key: `in/a b/${nameOf(n)}${isGzip ? '.gz' : ''}`, body, lines: count, rejects };
  }
}

interface Store {
  readonly url: string;
  put(key: string, body: Buffer): Promise<void>;
  keys(): Promise<string[]>;
}

async function realStore(): Promise<Store> {
  const client = new S3Client({
    endpoint: REAL as string,
    forcePathStyle: true,
    region: 'us-east-1',
    credentials: { accessKeyId: 'AKTEST', secretAccessKey: 'SKTEST' },
  });
  await client.send(new CreateBucketCommand({ Bucket: 'logs' })).catch(() => undefined);
  return {
    url: REAL as string,
    async put(Key, Body) {
      await client.send(new PutObjectCommand({ Bucket: 'logs', Key, Body }));
    },
    async keys() {
      const keys: string[] = [];
      for (let token: string | undefined; ; ) {
        const page = await client.send(
          new ListObjectsV2Command({ Bucket: 'logs', ContinuationToken: token }),
        );
        keys.push(...(page.Contents ?? []).map(({ Key }) => Key as string));
        token = page.NextContinuationToken;
        if (token === undefined) return keys;
      }
    },
  };
}

async function ownStore(): Promise<
  Store & { readonly server: Awaited<ReturnType<typeof s3Server>> }
> {
  const own = await s3Server();
  return {
    url: own.url,
    server: own,
    put: async (key, body) => own.put(key, body),
    keys: async () => [...own.objects.keys()],
  };
}

/** Every line of all objects is there once, and only objects with rejected lines are left. */
async function expectAll(store: Store): Promise<void> {
  let [lines, rejects] = [0, 0];
  const kept: string[] = [];
  for (const object of objects()) {
    lines += object.lines;
    rejects += object.rejects;
    if (object.rejects > 0) kept.push(object.key);
  }
  const [counts] = await server.query(
    `SELECT (SELECT count(*) FROM s3_logs.s3_access_log)::int AS lines,
       (SELECT count(*) FROM (SELECT DISTINCT log_object, log_offset FROM s3_logs.s3_access_log) AS d)::int AS distinct_lines,
       (SELECT count(*) FROM s3_logs.s3_access_log_rejects)::int AS rejects,
       (SELECT count(*) FROM s3_logs.s3_log_objects)::int AS objects,
       (SELECT count(*) FROM s3_logs.s3_log_objects WHERE rejects = 0 AND etag IS NULL)::int AS without_etag`,
  );
  expect(counts).toEqual({
    lines,
    distinct_lines: lines,
    rejects,
    objects: OBJECTS,
    without_etag: 0,
  });
  expect((await store.keys()).sort()).toEqual(kept.sort());
}

async function fill(store: Store): Promise<void> {
  for (const { key, body } of objects()) await store.put(key, body);
}

function collect(store: Store, ...more: string[]) {
  const env = { ...KEYS, S3_QUOTA_ENDPOINT: store.url };
  const args = [
    'database',
    'collect',
    's3://logs/in',
    '--workers',
    '2',
    '--delete-after',
    '--quiet',
    '--json',
  ];
  return sandbox.start([...args, ...more], { env });
}

const STORES: [string, () => Promise<Store>][] = [
  ['a store of our own', ownStore],
  ...(REAL === undefined
    ? []
    : [['a real S3 server', realStore] as [string, () => Promise<Store>]]),
];

describe.each(STORES)('objects of %s', (_name, open) => {
  it('are collected once and deleted, also when we are killed at random instants', async () => {
    const store = await open();
    await fill(store);
    const random = numbersFrom(11);
    for (let kills = 0; ; kills++) {
      const { child, ended } = collect(store);
      if (kills < 12) {
        await wait(200 + random(1200));
        child.kill('SIGKILL');
      }
      const { signal, status, stderr } = await ended;
      expect(stderr).not.toContain('INTERNAL');
      const known = new Set(
        (await server.query(`SELECT to_regclass('s3_logs.s3_log_objects') AS there`))[0].there
          ? (await server.query('SELECT path FROM s3_logs.s3_log_objects')).map(
              ({ path }) => `in/${path}`,
            )
          : [],
      );
      const left = new Set(await store.keys());
      const lost = [...objects()].filter(({ key }) => !left.has(key) && !known.has(key));
      expect(lost).toEqual([]);
      if (signal === null) {
        expect([status, stderr]).toEqual([0, '']);
        break;
      }
    }
    await expectAll(store);
  });
});

describe('a store that fails now and then', () => {
  it('is asked again, and nothing is lost or doubled', async () => {
    const store = await ownStore();
    await fill(store);
    const failed = new Map<string, number>();
    store.server.fault = ({ method, key, range }, response) => {
      const count = (failed.get(key + range) ?? 0) + 1;
      failed.set(key + range, count);
      if (method !== 'GET' || key === '' || failed.size % 5 !== 0 || count > 2) return false;
      if (count === 1) response.writeHead(503, { 'retry-after': '0' }).end();
      else {
        // In mid-object.
        const [, from, to] = /=(\d+)-(\d+)/.exec(range ?? '') ?? [];
        const length = Number(to) + 1 - Number(from);
        response.writeHead(206, { 'content-length': length });
        response.write('x'.repeat(length / 2), () => response.destroy());
      }
      return true;
    };
    const { status, stderr } = await collect(store).ended;
    expect([status, stderr]).toEqual([0, '']);
    await expectAll(store);
  });

  it('is told from one with a wrong secret and one without the bucket', async () => {
    const store = await ownStore();
    const missing = await sandbox.run(
      ['database', 'collect', 's3://none', '--endpoint', store.url, '--json'],
      { env: KEYS },
    );
    expect(missing.status).toBe(1);
    expect(missing.json.error.code).toMatch(/BUCKET/);
    expect(missing.stdout + missing.stderr).not.toContain('SKTEST');
  });
});
