import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createOpenCage, type OpenCageOptions } from '../../../src/ip/coordinates/opencage.js';
import { openCageEndpoint } from '../../../src/ip/coordinates/opencage-url.js';
import {
  found,
  nothingFound,
  type OpenCageReply,
  type OpenCageServer,
  openCageServer,
  quotaUsedUp,
  refused,
} from '../../support/opencage-server.js';

const KEY = 'k3y-that-must-not-show-0123456';
const BAVARIA = { country: 'DE', region: 'Bavaria' };

async function locate(
  replies: readonly OpenCageReply[],
  options: Partial<OpenCageOptions> = {},
  place = BAVARIA,
) {
  const server = await openCageServer((_, n) => replies[Math.min(n, replies.length) - 1]);
  const result = await client(server, options).locate(place, () => false);
  return { result, requests: server.requests };
}

function client(server: OpenCageServer, options: Partial<OpenCageOptions> = {}) {
  return createOpenCage({
    key: KEY,
    url: openCageEndpoint(server.url),
    requestsPerSecond: 1000,
    backoffMs: 1,
    ...options,
  });
}

describe('a question to OpenCage', () => {
  it('names region and country, is restricted to that country, and asks for no more than needed', async () => {
    const { result, requests } = await locate([found(48.9467562, 11.4038717)]);
    expect(result).toEqual({ kind: 'found', point: [48.9468, 11.4039] });
    expect(requests.map(({ path, parameters }) => [path, parameters])).toEqual([
      [
        '/geocode/v1/json',
        {
          key: KEY,
          q: 'Bavaria, Germany',
          countrycode: 'de',
          language: 'en',
          limit: '1',
          no_annotations: '1',
          no_record: '1',
        },
      ],
    ]);
  });

  it('asks for a territory also under the country that maps may file it under', async () => {
    const place = { country: 'PR', region: 'San Juan & more' };
    const { result, requests } = await locate(
      [found(18.4, -66.1, { country_code: 'us', 'ISO_3166-1_alpha-2': 'US' })],
      {},
      place,
    );
    expect(result.kind).toBe('found');
    expect(requests[0]).toMatchObject({ q: 'San Juan & more, Puerto Rico', countrycode: 'pr,us' });
  });

  it.each([
    ['https://example.org', 'https://example.org/geocode/v1/json'],
    ['http://example.org/', 'http://example.org/geocode/v1/json'],
    ['http://example.org/proxy/', 'http://example.org/proxy/geocode/v1/json'],
    ['http://example.org/geocode/v1', 'http://example.org/geocode/v1/json'],
    ['http://example.org/geocode/v1/json?x=1', 'http://example.org/geocode/v1/json'],
    ['', undefined],
    [undefined, undefined],
  ])('goes, for OPENCAGE_API_URL %j, to %s', (base, endpoint) => {
    expect(openCageEndpoint(base)).toBe(endpoint);
  });

  it.each(['example.org', 'ftp://example.org', 'file:///etc/passwd', 'http://'])(
    'is refused for the address %j, which the message does not repeat',
    (base) => {
      expect(() => openCageEndpoint(base)).toThrow(/^(?!.*(example|passwd)).*not an http/);
    },
  );
});

describe('an answer of OpenCage', () => {
  it.each([
    ['no results', nothingFound],
    ['another country', found(1, 1, { country_code: 'at', 'ISO_3166-1_alpha-2': 'AT' })],
    ['the country itself', found(1, 1, { _type: 'country', country_code: 'de' })],
    ['a question it cannot read', refused(400, 'invalid request')],
  ])('with %s is none', async (_, reply) => {
    const { result, requests } = await locate([reply]);
    expect(result).toEqual({ kind: 'none' });
    expect(requests).toHaveLength(1);
  });

  it.each([
    ['out of range', found(91, 0)],
    ['not a number', found('48', 11)],
    ['null', found(null, null)],
    ['not JSON', { body: '<html>Bad gateway</html>' }],
    ['cut off', { body: '{"results": [' }],
    ['another shape', { body: { status: 'fine' } }],
    ['null itself', { body: 'null' }],
  ])('that is %s is asked for again, and then counts as not given', async (_, reply) => {
    const again = await locate([reply, found(48, 11)]);
    expect(again.result).toEqual({ kind: 'found', point: [48, 11] });
    const never = await locate([reply]);
    expect(never.result).toMatchObject({ kind: 'unanswered' });
    expect(never.requests).toHaveLength(3);
  });

  it('that fails with 500 or does not come is asked for again', async () => {
    const { result, requests } = await locate(
      [refused(500, 'internal error'), { hang: true }, found(48, 11)],
      { timeoutMs: 200 },
    );
    expect(result.kind).toBe('found');
    expect(requests).toHaveLength(3);
  });

  it('that never comes ends the question, with the reason', async () => {
    const { result } = await locate([{ hang: true }], { timeoutMs: 50 });
    expect(result).toEqual({ kind: 'unanswered', why: 'no answer within 0.05 s' });
  });

  it('cannot come without a connection', async () => {
    const opencage = createOpenCage({
      key: KEY,
      url: openCageEndpoint('http://127.0.0.1:1'),
      backoffMs: 1,
      requestsPerSecond: 1000,
    });
    const result = await opencage.locate(BAVARIA, () => false);
    expect(result).toEqual({ kind: 'unanswered', why: 'no connection' });
  });

  it.each([
    ['plain', {}, 'x'.repeat(2 << 20)],
    ['compressed', { 'content-encoding': 'gzip' }, gzipSync(Buffer.alloc(64 << 20, 0x20))],
  ])('that is far too long and %s is not read to its end', async (_, headers, body) => {
    const { result } = await locate([{ headers, body }]);
    expect(result).toEqual({ kind: 'unanswered', why: 'an answer that is too long' });
  });

  it('that is a redirection is not followed: the key is for one server', async () => {
    const other = await openCageServer(() => found(48, 11));
    const { result } = await locate([
      { status: 302, headers: { location: `${other.url}/geocode/v1/json?key=${KEY}` } },
    ]);
    expect(result).toMatchObject({ kind: 'unanswered' });
    expect(other.requests).toEqual([]);
  });

  it('of 404 is no reason to ask again: the address is wrong', async () => {
    const { result, requests } = await locate([refused(404, 'not found')]);
    expect(result).toEqual({ kind: 'unanswered', why: 'status 404' });
    expect(requests).toHaveLength(1);
  });

  it.each([401, 403])('of %i is an error about the key that does not tell it', async (status) => {
    const error = await locate([refused(status, `unknown API key ${KEY}`)]).catch((e) => e);
    expect(error).toMatchObject({ code: 'OPENCAGE_KEY_REFUSED', exitCode: 1 });
    expect(error.message).toContain(String(status));
    expect(JSON.stringify([error.message, error.hint, error.stack, error.cause])).not.toContain(
      KEY,
    );
  });
});

describe('the limits of OpenCage', () => {
  it('are its quota: 402 is asked no further', async () => {
    const { result, requests } = await locate([quotaUsedUp]);
    expect(result).toEqual({ kind: 'quota' });
    expect(requests).toHaveLength(1);
  });

  it('are waits of Retry-After, which are kept to', async () => {
    const slow = refused(429, 'too many requests', { 'retry-after': '1' });
    const { result, requests } = await locate([slow, found(48, 11)]);
    expect(result.kind).toBe('found');
    expect(requests[1].at - requests[0].at).toBeGreaterThanOrEqual(990);
  });

  it('are a quota when the wait is longer than anybody waits', async () => {
    const slow = refused(429, 'too many requests', { 'retry-after': '86400' });
    const { result, requests } = await locate([slow]);
    expect(result).toEqual({ kind: 'quota' });
    expect(requests).toHaveLength(1);
  });

  it('are a quota when every attempt is too fast', async () => {
    const { result, requests } = await locate([refused(429, 'too many requests')]);
    expect(result).toEqual({ kind: 'quota' });
    expect(requests).toHaveLength(3);
  });

  it('are a pace, however many ask at a time', async () => {
    const server = await openCageServer(() => found(48, 11));
    const opencage = client(server, { requestsPerSecond: 20 });
    await Promise.all(Array.from({ length: 5 }, () => opencage.locate(BAVARIA, () => false)));
    const times = server.requests.map(({ at }) => at).sort((a, b) => a - b);
    // Arrivals, not starts: only the whole stretch is certain.
    expect(times[4] - times[0]).toBeGreaterThanOrEqual(150);
  });

  it('do not keep a stop waiting', async () => {
    let isStopping = false;
    const server = await openCageServer(() => {
      isStopping = true;
      return refused(429, 'too many requests', { 'retry-after': '50' });
    });
    const result = await client(server).locate(BAVARIA, () => isStopping);
    expect(result).toEqual({ kind: 'stopped' });
  });
});
