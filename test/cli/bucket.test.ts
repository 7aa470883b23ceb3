import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, it } from 'vitest';
import { type Ended, Sandbox } from '../support/cli.js';
import { type S3Server, s3Server, sendError } from '../support/s3-server.js';

const SECRET = 'a-secret-that-nobody-may-see';

let sandbox: Sandbox;
let store: S3Server;
beforeEach(async () => {
  sandbox = new Sandbox();
  store = await s3Server();
});

function line(n: number): string {
  return `${'f'.repeat(64)} bucket [01/Mar/2025:10:00:00 +0000] 198.51.100.${n % 250} - ABCDEF0123456789 REST.GET.OBJECT ds/f${n} "GET /ds/f${n} HTTP/1.1" 200 - ${1000 + n} 12345 17 9 "-" "aria2/1.36.0" -\n`;
}

/** A name as S3 gives it, on a day of March 2025. */
function nameOf(n: number, day = '01'): string {
  return `2025-03-${day}-10-00-00-${n.toString(16).toUpperCase().padStart(16, '0')}`;
}

function run(command: string, source: string, ...more: string[]): Promise<Ended> {
  const env = { AWS_ACCESS_KEY_ID: 'KEY', AWS_SECRET_ACCESS_KEY: SECRET, AWS_REGION: 'us-east-1' };
  const args = [...command.split(' '), source, '--endpoint', store.url, '--json', ...more];
  return sandbox.run(args, { env: { ...sandbox.env, ...env } });
}

const extract = (...more: string[]): Promise<Ended> => run('extract', 's3://logs/in', ...more);

describe('a bucket', () => {
  it('of more than a page is read as a folder of the same files, once', async () => {
    const folder = new Sandbox();
    for (let n = 0; n < 1203; n++) {
      const text = line(n) + (n % 100 === 0 ? 'no log line\n' : '');
      const stored = n % 7 === 0 ? gzipSync(text) : Buffer.from(text);
      const name = `a b+é%/${nameOf(n)}${n % 7 === 0 ? '.gz' : ''}`;
      store.put(`in/${name}`, stored);
      folder.write(name, stored);
    }
    store.put('in/', '');
    store.put('in/.hidden', line(1));
    store.put('in-other/file', line(2));
    const { json, status } = await extract();
    expect(status).toBe(0);
    const local = await folder.done('extract', folder.logs);
    expect([json.files, json.lines, json.bytes]).toEqual([local.files, local.lines, local.bytes]);
    expect(json.files.extracted).toBe(1203);
    store.requests.length = 0;
    const again = await extract();
    expect(again.json.files).toMatchObject({ found: 1203, known: 1203, extracted: 0 });
    // Nothing but lists: what is known is not fetched.
    expect(store.requests.filter((request) => !request.includes('list-type=2'))).toEqual([]);
    // A copy in a folder counts nothing twice, and a bucket with what a folder had is not fetched either.
    const copy = await sandbox.done('extract', folder.logs);
    expect(copy.files).toMatchObject({ known: 1203, extracted: 0 });
    const found = await run('validate lines', 's3://logs/in', '--limit', '10');
    expect([found.status, found.json.lines]).toEqual([6, 11]);
  });

  it('is not read by repair, which says what to do, and can give up what came from it', async () => {
    for (let n = 0; n < 3; n++) store.put(`in/${nameOf(n)}`, line(n));
    expect((await extract()).json.files.extracted).toBe(3);
    const segments = join(sandbox.cache, 'segments');
    const [records] = readdirSync(segments).filter((name) => name.includes('.records.'));
    writeFileSync(join(segments, records as string), 'no records');
    const refused = await sandbox.run(['repair']);
    expect([refused.status, refused.stderr]).toEqual([
      1,
      expect.stringMatching(/repair reads folders, no buckets.*--drop-missing.*LOGS_IN_BUCKET/s),
    ]);
    await sandbox.done('repair', '--drop-missing');
    const { status, json } = await extract();
    expect([status, json.files.extracted, json.lines.kept]).toEqual([0, 3, 3]);
    await sandbox.done('validate', 'cache');
  });

  it('is read through passing failures, and through transfers that break off', async () => {
    const big = Array.from({ length: 60_000 }, (_, n) => line(n)).join('');
    store.put('in/big.log', big);
    for (let n = 0; n < 20; n++) store.put(`in/${n}.log`, line(n));
    const failed = new Map<string, number>();
    store.fault = ({ method, key, range }, response) => {
      if (method !== 'GET' || key === '') return false;
      const count = (failed.get(key + range) ?? 0) + 1;
      failed.set(key + range, count);
      if (count === 1) {
        response.writeHead(503, { 'retry-after': '0' }).end('<Error><Code>SlowDown</Code></Error>');
      } else if (count === 2) {
        // In mid-object.
        const [, from, to] = /=(\d+)-(\d+)/.exec(range ?? '') as unknown as string[];
        const length = Number(to) + 1 - Number(from);
        response.writeHead(206, { 'content-length': length });
        response.write('x'.repeat(length / 2), () => response.destroy());
      } else return false;
      return true;
    };
    const { json, status } = await extract();
    expect([status, json.files.extracted, json.lines.kept]).toEqual([0, 21, 60_020]);
    expect(Buffer.byteLength(big)).toBeGreaterThan(3 * (4 << 20));
  });

  it('reports objects that are gone, changed or refused, and reads the others', async () => {
    for (let n = 0; n < 6; n++) store.put(`in/${n}.log`, line(n));
    store.fault = ({ method, key }, response) => {
      if (method !== 'GET') return false;
      if (key === 'in/1.log') sendError(response, 404, 'NoSuchKey');
      else if (key === 'in/2.log') sendError(response, 412, 'PreconditionFailed');
      else if (key === 'in/3.log') sendError(response, 403, 'AccessDenied');
      else return false;
      return true;
    };
    const { status, json, stderr } = await extract();
    expect([status, json.files.extracted, json.files.failed]).toEqual([3, 3, 3]);
    expect(stderr).toContain('s3://logs/in/1.log: it is gone since it was listed');
    expect(stderr).toContain('s3://logs/in/2.log: it changed since it was listed');
    expect(stderr).toContain('s3://logs/in/3.log: the store answered 403 (AccessDenied)');
    store.fault = undefined;
    expect((await extract()).json.files).toMatchObject({ known: 3, extracted: 3 });
  });

  it('leaves what is new for later, and ends its listing early, as asked', async () => {
    const now = Date.now();
    const today = new Date(now).toISOString().slice(0, 10);
    store.put(`in/${today}-10-00-00-00000000000000AA`, line(1));
    store.put('in/recent.log', line(2), now - 60_000);
    for (let n = 0; n < 2500; n++) store.put(`in/${nameOf(n)}`, line(n));
    const first = await extract('--max-files', '5');
    expect(first.json.files).toMatchObject({ extracted: 5 });
    expect(store.requests.filter((one) => one.includes('continuation-token')).length).toBeLessThan(
      2,
    );
    const second = await extract('--max-files', '5');
    expect(second.json.files).toMatchObject({ known: 5, extracted: 5 });
    store.objects.clear();
    store.put(`in/${today}-10-00-00-00000000000000AA`, line(1));
    store.put('in/recent.log', line(2), now - 60_000);
    store.put('in/old.log', line(3), now - 3_600_000);
    expect((await extract()).json.bucket.held).toBe(3);
    const { json } = await extract('--hold-days', '0', '--min-age', '10');
    expect([json.files.extracted, json.bucket.held]).toEqual([2, 1]);
  });

  it('has objects deleted once they are committed, only as they were read', async () => {
    for (let n = 0; n < 40; n++) store.put(`in/${n}.log`, line(n));
    await extract('--limit', '10');
    store.heedsDeleteConditions = false;
    store.fault = ({ method, key }) => {
      // Written anew between reading and deletion.
      if (method === 'HEAD' && key === 'in/7.log') store.put(key, `${line(7)}${line(8)}`);
      return false;
    };
    const { status, json, stderr } = await extract('--delete-after');
    expect(json.bucket).toEqual({ held: 0, deleted: 39, kept: 0, notDeleted: 1 });
    expect([status, json.files.extracted]).toEqual([3, 30]);
    expect(stderr).toContain('Could not delete s3://logs/in/7.log: it changed since it was read');
    expect([...store.objects.keys()]).toEqual(['in/7.log']);
    expect((await sandbox.done('status')).lines.kept).toBe(40);
  });

  it('keeps objects that hold more than what is committed, in this run and the next', async () => {
    store.put('in/photo.raw', Buffer.alloc(300_000, 'somebody needs this\n'));
    store.put('in/rejects.log', `${line(1)}no log line\n`);
    store.put('in/sound.log', line(2));
    await extract('--limit', '1');
    const { status, json, stderr } = await extract('--delete-after');
    expect([status, json.bucket]).toEqual([0, { held: 0, deleted: 1, kept: 2, notDeleted: 0 }]);
    expect(stderr).not.toContain('Could not delete');
    const again = await extract('--delete-after');
    expect(again.json.bucket).toEqual({ held: 0, deleted: 0, kept: 2, notDeleted: 0 });
    expect([...store.objects.keys()]).toEqual(['in/photo.raw', 'in/rejects.log']);
  });

  it('of another region is found there, or its region is named', async () => {
    store.put('in/1.log', line(1));
    store.fault = (request, response) => {
      if (/\/eu-west-3\/s3\//.test(request.authorization)) return false;
      response
        .writeHead(301, { 'x-amz-bucket-region': 'eu-west-3' })
        .end('<Error><Code>PermanentRedirect</Code></Error>');
      return true;
    };
    const env = { AWS_ACCESS_KEY_ID: 'KEY', AWS_SECRET_ACCESS_KEY: SECRET };
    const args = ['extract', 's3://logs/in', '--endpoint', store.url, '--json'];
    const unnamed = await sandbox.run(args, { env: { ...sandbox.env, ...env } });
    expect([unnamed.status, unnamed.json.files?.extracted]).toEqual([0, 1]);
    const { json } = await extract('--region', 'us-west-1');
    expect(json.error).toMatchObject({
      code: 'BUCKET_FAILED',
      hint: 'Name its region with --region eu-west-3.',
    });
  });

  it('that cannot be had is an error with a next step, and nothing is made for it', async () => {
    const cases: [() => Promise<Ended>, string][] = [
      [() => run('extract', 's3://other/in'), 'NO_SUCH_BUCKET'],
      [
        () =>
          sandbox.run(['extract', 's3://logs/in', '--endpoint', store.url, '--json'], {
            env: { ...sandbox.env, AWS_EC2_METADATA_DISABLED: 'true' },
          }),
        'NO_CREDENTIALS',
      ],
      [() => run('extract', 's3://logs/in', '--hold-days', '-1'), 'INVALID_BUCKET_OPTION'],
      [() => run('extract', sandbox.logs), 'INVALID_BUCKET_OPTION'],
    ];
    for (const [ask, code] of cases) {
      const { json, stderr } = await ask();
      expect(json.error.code).toBe(code);
      expect(stderr).not.toContain(SECRET);
    }
    store.fault = (_, response) => {
      response
        .writeHead(403)
        .end(
          `<Error><Code>SignatureDoesNotMatch</Code><Message>${SECRET} ${line(1)}</Message></Error>`,
        );
      return true;
    };
    const { json, stdout, stderr, status } = await extract();
    expect([status, json.error.code]).toEqual([1, 'CREDENTIALS_REFUSED']);
    expect(stdout + stderr).not.toMatch(/a-secret|198\.51/);
    await expect(sandbox.done('status')).rejects.toThrow(/NO_CACHE/);
  });
});
