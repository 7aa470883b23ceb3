import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readAnswer } from '../../src/source/bucket/answer-body.js';
import { RangeReader } from '../../src/source/bucket/get-range.js';
import { objectPath } from '../../src/source/bucket/object-path.js';
import { openBucket } from '../../src/source/bucket/open-bucket.js';
import { PagingGuard } from '../../src/source/bucket/paging-guard.js';

const cleanups: (() => void)[] = [];
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  vi.unstubAllEnvs();
});
beforeEach(() => {
  vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAEXAMPLE');
  vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'secret');
});

async function store(
  answer: (request: IncomingMessage, response: ServerResponse) => void,
): Promise<string> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function listAll(endpoint: string): Promise<number> {
  const bucket = await openBucket('s3://logs', { endpoint, region: 'us-east-1' });
  cleanups.push(() => bucket.close());
  let objects = 0;
  for await (const page of bucket.pages()) objects += page.length;
  return objects;
}

/** Write without an end, as fast as it is taken. */
function flood(response: ServerResponse, status: number): void {
  response.writeHead(status);
  const chunk = 'x'.repeat(1 << 20);
  const go = (): void => {
    if (response.destroyed) return;
    if (response.write(chunk)) setImmediate(go);
    else response.once('drain', go);
  };
  go();
}

const page = (inner: string): string => `<ListBucketResult>${inner}</ListBucketResult>`;
const next = (token: string): string =>
  `<IsTruncated>true</IsTruncated><NextContinuationToken>${token}</NextContinuationToken>`;

describe('the listing of a hostile store', () => {
  it.each([200, 403])('is not read for ever (status %i)', async (status) => {
    const endpoint = await store((_, response) => flood(response, status));
    await expect(listAll(endpoint)).rejects.toMatchObject({
      code: 'BUCKET_FAILED',
      message: expect.stringContaining('its answer has more than 16777216 bytes'),
    });
  });

  it.each([1, 2, 3, 7])('ends when it goes round in a circle of %i', async (length) => {
    let asked = 0;
    const endpoint = await store((_, response) => response.end(page(next(`t${asked++ % length}`))));
    await expect(listAll(endpoint)).rejects.toMatchObject({
      message: expect.stringContaining('round in circles'),
    });
    expect(asked).toBeLessThan(30);
  });

  it('is none when it is a page for people', async () => {
    const endpoint = await store((_, response) => response.end('<html><body>Log in</body></html>'));
    await expect(listAll(endpoint)).rejects.toMatchObject({
      code: 'BUCKET_FAILED',
      message: expect.stringContaining('what it answered is no listing'),
    });
  });

  it.each(['-5', '1e999', 'NaN', ''])('has no object of the size "%s"', async (size) => {
    const endpoint = await store((_, response) =>
      response.end(
        page(
          `<Contents><Key>a</Key><LastModified>2025-03-01T10:00:00.000Z</LastModified><ETag>e</ETag><Size>${size}</Size></Contents>`,
        ),
      ),
    );
    const listed = listAll(endpoint);
    if (size === '') expect(await listed).toBe(1);
    else await expect(listed).rejects.toMatchObject({ code: 'BUCKET_FAILED' });
  });
});

describe('the guard of a listing', () => {
  it('lets fresh tokens pass, but not pages without an object for ever', () => {
    const guard = new PagingGuard();
    const page = (i: number) => (i % 100 === 0 ? [] : [{ key: `a${i}` }, { key: `b${i}` }]);
    for (let i = 0; i < 50_000; i++) guard.next(`t${i}`, page(i));
    expect(() => {
      for (let i = 0; i < 10_001; i++) guard.next(`u${i}`, []);
    }).toThrow('without an object');
    expect(() => guard.next(undefined, page(1))).toThrow('breaks off');
  });

  it('nor one page again and again under fresh tokens', () => {
    const guard = new PagingGuard();
    const page = [{ key: 'a' }, { key: 'b' }];
    // A page may come twice, and begin as the one before it.
    for (let i = 0; i < 5; i++) guard.next(`s${i}`, page);
    for (let i = 0; i < 50; i++) guard.next(`t${i}`, [{ key: 'a' }, { key: `b${i}` }]);
    expect(() => {
      for (let i = 0; i < 20; i++) guard.next(`u${i}`, page);
    }).toThrow('in circles');
  });

  it.each([2, 3, 50])('ends when %i pages come in turn under ever new tokens', (length) => {
    const guard = new PagingGuard();
    let asked = 0;
    expect(() => {
      for (; asked < 5000; asked++) guard.next(`t${asked}`, [{ key: `k${asked % length}` }]);
    }).toThrow('in circles');
    expect(asked).toBeLessThan(40 * length);
  });

  it('goes on while its pages are other ones', () => {
    const guard = new PagingGuard();
    for (let i = 0; i < 5000; i++) guard.next(`t${i}`, [{ key: `k${i}` }]);
  });
});

describe('an answer', () => {
  it('that comes byte by byte is given up', async () => {
    const endless = async function* () {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 5));
        yield Buffer.from('x');
      }
    };
    await expect(readAnswer(Readable.from(endless()), { deadlineMs: 60 })).rejects.toThrow(
      'took more than 0.06 s',
    );
  });
});

describe('an object of a hostile store', () => {
  const range = { path: objectPath('logs', 'a.log'), etag: '"e"', start: 0, length: 100 };
  const accessTo = (origin: string) => ({
    origin,
    basePath: '/logs/',
    region: 'us-east-1',
    accessKeyId: 'AKIAEXAMPLE',
    secretAccessKey: 'secret',
  });

  it('with an error that has no end is left', async () => {
    const origin = await store((_, response) => flood(response, 403));
    const reader = new RangeReader(origin, 1);
    cleanups.push(() => reader.close());
    await expect(reader.read(range, accessTo(origin))).rejects.toThrow('403');
  });

  it('that comes byte by byte is left', async () => {
    let asked = 0;
    const origin = await store((_, response) => {
      asked++;
      response.writeHead(206);
      const timer = setInterval(() => response.write('x'), 5);
      response.on('close', () => clearInterval(timer));
    });
    const reader = new RangeReader(origin, 1, 30);
    cleanups.push(() => reader.close());
    await expect(reader.read(range, accessTo(origin))).rejects.toThrow('took too long');
    expect(asked).toBe(1);
  });

  it('is asked of no other host, whatever the answer says', async () => {
    let stolen = 0;
    const thief = await store((_, response) => {
      stolen++;
      response.end();
    });
    const origin = await store((_, response) => {
      response.writeHead(307, { location: `${thief}/x`, 'x-amz-bucket-region': 'evil-1' });
      response.end();
    });
    const reader = new RangeReader(origin, 1);
    cleanups.push(() => reader.close());
    await expect(reader.read(range, accessTo(origin))).rejects.toThrow('307');
    await expect(listAll(origin)).rejects.toMatchObject({ code: 'BUCKET_FAILED' });
    expect(stolen).toBe(0);
  });
});
