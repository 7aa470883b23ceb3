import { inspect } from 'node:util';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { S3LogExtractionError } from '../../../cache/error.js';
import { createIpinfoLookup } from '../../../src/ip/lookup/ipinfo-lookup.js';
import { IpinfoServer, place, type Trouble, WRONG_TOKEN } from '../../support/ipinfo-server.js';
import { rawIp } from '../../support/raw-ip.js';

const PLACES: Record<string, object> = {
  '8.8.8.8': place('8.8.8.8', 'US', 'California'),
  '9.9.9.9': place('9.9.9.9', 'CL', 'Valparaíso'),
  '1.1.1.1': place('1.1.1.1', 'AU'),
  '2a00::5': place('2a00::5', 'DE', 'Hesse'),
  '5.5.5.5': { status: 404, error: { title: 'Wrong ip', message: 'Please provide a valid IP' } },
};
const ASKED = ['8.8.8.8', '9.9.9.9', '1.1.1.1', '2a00::5', '5.5.5.5', '6.6.6.6'];
const FOUND = ['US/California', 'CL/Valparaíso', 'AU', 'DE/Hesse', 'unknown', 'unknown'];
const FAST = { baseMs: 1, capMs: 5 };

let server: IpinfoServer;

beforeEach(async () => {
  server = await new IpinfoServer((address) => PLACES[address] as never).start();
});

afterEach(() => server.stop());

function ask(addresses = ASKED, options: { token?: string; timeoutMs?: number } = {}) {
  const { token = IpinfoServer.token, timeoutMs = 2000 } = options;
  return createIpinfoLookup({ token, url: server.url, timeoutMs, retry: FAST }).lookUp(
    addresses.map(rawIp),
  );
}

/** Neither an address that was asked for nor the token. */
function expectNothingTold(failure: S3LogExtractionError | undefined): void {
  const told = inspect(failure, { depth: 10, showHidden: true }) + failure?.stack;
  for (const secret of [...ASKED, IpinfoServer.token]) expect(told).not.toContain(secret);
}

describe('ipinfo', () => {
  it('is asked for many addresses with one request', async () => {
    expect(await ask()).toEqual({ results: FOUND, failure: undefined });
    expect(server.requests).toEqual([ASKED]);
  });

  it('is asked for a single address alone, of either kind', async () => {
    for (const [i, address] of ASKED.entries()) {
      expect((await ask([address])).results).toEqual([FOUND[i]]);
    }
    expect(server.requests).toEqual(ASKED.map((address) => [address]));
  });

  it('is asked alone for what a batch leaves out', async () => {
    server.troubles.push({ without: ['9.9.9.9', '2a00::5'] });
    expect((await ask()).results).toEqual(FOUND);
    expect(server.requests.slice(1).sort()).toEqual([['2a00::5'], ['9.9.9.9']]);
  });

  it.each<[string, Trouble]>([
    ['500', { status: 500, text: 'oops' }],
    ['503 with Retry-After', { status: 503, headers: { 'retry-after': '0' }, text: '' }],
    ['429 with Retry-After', { status: 429, headers: { 'retry-after': '0' } }],
    ['429', { status: 429 }],
    ['invalid JSON', 'invalid JSON'],
    ['an empty answer', 'empty'],
    ['a connection that breaks', 'cut'],
    ['a hang', 'hang'],
    ['half an answer', 'half an answer'],
  ])('is asked again after %s', async (_, trouble) => {
    server.troubles.push(trouble, trouble);
    expect(await ask(ASKED, { timeoutMs: 300 })).toEqual({ results: FOUND, failure: undefined });
    expect(server.requests.length).toBe(3);
  });

  it('is left alone as long as Retry-After says', async () => {
    server.troubles.push({ status: 429, headers: { 'retry-after': '1' } });
    await ask();
    expect((server.times[1] as number) - (server.times[0] as number)).toBeGreaterThan(990);
  });

  it.each<[string, Trouble, string, number]>([
    ['500', { status: 500, text: 'for 8.8.8.8 with tok3nOfTests' }, 'LOOKUP_FAILED', 1],
    ['429', { status: 429, headers: { 'retry-after': '0' } }, 'LOOKUP_QUOTA', 5],
    ['404', { status: 404, text: '' }, 'LOOKUP_FAILED', 1],
    ['403', { status: 403, text: WRONG_TOKEN }, 'INVALID_IPINFO_KEY', 1],
  ])('that answers %s for good is a failure without secrets', async (_, trouble, code, exit) => {
    server.always = { from: 0, trouble };
    const { results, failure } = await ask();
    expect(results.every((result) => result === undefined)).toBe(true);
    expect(failure).toMatchObject({ code, exitCode: exit });
    expectNothingTold(failure);
  });

  it('is not asked again with a token it does not know', async () => {
    const { failure } = await ask(ASKED, { token: 'another' });
    expect(failure?.code).toBe('INVALID_IPINFO_KEY');
    expect(server.requests.length).toBe(1);
    expect(inspect(failure)).not.toContain('another');
  });

  it('that cannot be reached is a failure without secrets', async () => {
    const { url } = server;
    await server.stop();
    const lookup = createIpinfoLookup({ token: IpinfoServer.token, url, retry: FAST });
    const { failure } = await lookup.lookUp(ASKED.map(rawIp));
    expect(failure).toMatchObject({
      code: 'LOOKUP_FAILED',
      message: expect.stringMatching(/ECONN/),
    });
    expectNothingTold(failure);
    await server.start();
  });

  it('whose quota ends in mid-batch gave good answers before', async () => {
    server.troubles.push({ quotaAfter: 3 });
    const { results, failure } = await ask();
    const rest = ['undetermined', 'undetermined', 'undetermined'];
    expect(results).toEqual([...FOUND.slice(0, 3), ...rest]);
    expect(failure?.code).toBe('LOOKUP_QUOTA');
  });

  it('refuses a token that could not be sent, without telling it', () => {
    for (const token of ['', 'a b', 'x\r\ny', 'é']) {
      expect(() => createIpinfoLookup({ token })).toThrow(/does not accept/);
    }
  });

  it('has an address of its own kind', () => {
    for (const url of ['ftp://x', 'x', '']) {
      expect(() => createIpinfoLookup({ token: 'x', url })).toThrow(/IPINFO_API_URL/);
    }
  });
});
