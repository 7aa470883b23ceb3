import { readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadServiceRanges } from '../../../src/ip/ranges/load-service-ranges.js';
import { SERVICE_LISTS } from '../../../src/ip/ranges/service-lists.js';
import { scratchDirectory } from '../../support/scratch.js';
import { blocks, bytesOf, publishedLists } from './published-lists.js';

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

const HOUR_MS = 3_600_000;
const ONE_OF_EACH = [
  '11.0.0.1',
  '13.0.0.1',
  '14.0.0.1',
  '15.0.0.1',
  '17.0.0.1',
  '2600:1f00::1',
  '9.9.9.9',
];
const CODES = [
  'GitHub',
  'AWS/us-east-2',
  'GCP/us-central1',
  'Azure/westeurope',
  'VPN',
  'AWS/eu-west-1',
  undefined,
];

let server: Server;
let base: string;
let root: string;
let time: number;
let answers: Record<string, Answer>;
let asked: string[];
let warnings: string[];

beforeEach(async () => {
  root = scratchDirectory();
  time = Date.parse('2026-11-20T12:00:00Z');
  asked = [];
  warnings = [];
  answers = {};
  for (const [file, text] of Object.entries(publishedLists()))
    answers[`/${file}`] = ok(text, `"${file}-1"`);
  server = createServer((request, response) => {
    const path = (request.url ?? '').split('?')[0] as string;
    const etag = request.headers['if-none-match'];
    asked.push(etag === undefined ? path : `${path} ${etag}`);
    (answers[path] ?? status(404))(request, response);
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((done) => server.close(done));
});

describe('service ranges', () => {
  it('are downloaded, and then taken from the cache while they are fresh', async () => {
    expect(codesOf(await load())).toEqual(CODES);
    expect(asked.sort()).toEqual([
      '/aws.json',
      '/azure.json',
      '/gcp.json',
      '/github.json',
      '/vpn.txt',
    ]);
    const files = readdirSync(join(root, 'ips', 'ranges')).sort();
    expect(files).toEqual([
      'aws.json',
      'azure.json',
      'gcp.json',
      'github.json',
      'state.json',
      'vpn.txt',
    ]);
    for (const file of files)
      expect(statSync(join(root, 'ips', 'ranges', file)).mode & 0o777).toBe(0o600);
    asked = [];
    time += 24 * HOUR_MS - 1;
    expect(codesOf(await load())).toEqual(CODES);
    expect(asked).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('are asked for by their ETag when they are old, and count as fresh when nothing changed', async () => {
    await load();
    asked = [];
    time += 24 * HOUR_MS;
    expect(codesOf(await load())).toEqual(CODES);
    expect(asked.sort()).toContain('/github.json "github.json-1"');
    expect(asked).toHaveLength(5);
    asked = [];
    time += 23 * HOUR_MS;
    expect(codesOf(await load())).toEqual(CODES);
    expect(asked).toEqual([]);
    expect(warnings).toEqual([]);
  });

  it('are replaced when the server has a new version', async () => {
    await load();
    time += 24 * HOUR_MS;
    answers['/github.json'] = ok(JSON.stringify({ hooks: blocks(19, 60) }), '"github.json-2"');
    const ranges = await load();
    expect(ranges.find(bytesOf('19.0.0.1'))).toBe('GitHub');
    expect(ranges.find(bytesOf('11.0.0.1'))).toBeUndefined();
    asked = [];
    time += 24 * HOUR_MS;
    await load();
    expect(asked).toContain('/github.json "github.json-2"');
  });

  it('are asked for again when the clock was wrong, and when the address is another', async () => {
    await load();
    asked = [];
    time -= HOUR_MS;
    await load();
    expect(asked).toHaveLength(5);
    asked = [];
    await load({ SERVICE_RANGES_URL_GITHUB: `${base}/github.json?other` });
    expect(asked).toEqual(['/github.json']);
  });

  it.each<[string, Answer, string]>([
    ['403', status(403), 'answered with status 403'],
    ['500', status(500), 'answered with status 500'],
    ['404', status(404), 'answered with status 404'],
    ['a broken connection', (request) => request.socket.destroy(), 'no answer from'],
    ['a hang', () => {}, 'did not answer within 0.3 s'],
    [
      'a hang in the middle',
      (_, response) => response.write('{"hooks":['),
      'did not answer within 0.3 s',
    ],
    ['a connection cut in the middle', cut, 'no answer from'],
    ['a cut list', ok(publishedLists()['github.json'].slice(0, 500)), 'not JSON, or cut off'],
    ['a page', ok('<!DOCTYPE html><html><body>Sorry</body></html>'), 'not JSON, or cut off'],
    ['nothing', ok(''), 'the answer is empty'],
    ['another shape', ok('{"message":"API rate limit exceeded"}'), 'none of the members'],
    ['far too few ranges', ok(JSON.stringify({ hooks: ['11.0.0.0/22'] })), 'has only 1 ranges'],
    ['no text', (_, response) => response.end(Buffer.from([0xff, 0xfe, 0x00])), 'it is not text'],
    ['too much', ok(' '.repeat(300_000)), 'sent more than 200000 bytes'],
    ['too much, compressed', bomb, 'sent more than 200000 bytes'],
  ])('are the last good ones, with a warning, when the answer is %s', async (_, answer, reason) => {
    await load();
    makeOld('github.json', '2026-11-17T12:00:00.000Z');
    asked = [];
    answers['/github.json'] = answer;
    const before = readFileSync(join(root, 'ips', 'ranges', 'github.json'), 'utf8');
    // A busy machine must not take an answer for a hang.
    const timeoutMs = reason.startsWith('did not answer') ? 300 : 30_000;
    const limits = { timeoutMs, limitBytes: 200_000 };
    const ranges = await load({}, limits);
    expect(codesOf(ranges)).toEqual(CODES);
    expect(asked).toEqual(['/github.json "github.json-1"']);
    expect(ranges.missingLists).toEqual([]);
    expect(ranges.staleLists).toEqual(['GitHub']);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain('The list of GitHub ranges could not be had:');
    expect(warnings[0]).toContain(reason);
    expect(warnings[0]).toContain('The copy of 2026-11-17, 3 days old, is used instead.');
    expect(readFileSync(join(root, 'ips', 'ranges', 'github.json'), 'utf8')).toBe(before);
    // Old it stays: the next time it is asked for again.
    asked = [];
    answers['/github.json'] = ok(publishedLists()['github.json']);
    await load();
    expect(asked).toEqual(['/github.json "github.json-1"']);
  });

  it('name the lists that are missing when there is no copy', async () => {
    answers['/aws.json'] = status(304);
    answers['/vpn.txt'] = ok('<html>');
    const ranges = await load();
    expect(ranges.missingLists).toEqual(['AWS', 'VPN']);
    expect(codesOf(ranges)).toEqual(
      CODES.map((code) => (/AWS|VPN/.test(code ?? '') ? undefined : code)),
    );
    expect(warnings).toHaveLength(2);
    expect(warnings[0]).toContain('answered with status 304');
    expect(warnings[0]).toContain('SERVICE_RANGES_URL_AWS');
    expect(readdirSync(join(root, 'ips', 'ranges'))).not.toContain('aws.json');
  });

  it('are downloaded again when the copy was damaged, and are missing when they cannot be', async () => {
    await load();
    const path = join(root, 'ips', 'ranges', 'github.json');
    writeFileSync(path, readFileSync(path, 'utf8').slice(0, 100));
    asked = [];
    expect(codesOf(await load())).toEqual(CODES);
    expect(asked).toEqual(['/github.json']);
    writeFileSync(path, '');
    answers['/github.json'] = status(500);
    expect((await load()).missingLists).toEqual(['GitHub']);
  });

  it('are taken from a copy whose state was lost, when no better one can be had', async () => {
    await load();
    rmSync(join(root, 'ips', 'ranges', 'state.json'));
    for (const file of Object.keys(answers)) answers[file] = status(500);
    const ranges = await load();
    expect(codesOf(ranges)).toEqual(CODES);
    expect(ranges.staleLists).toEqual(['GitHub', 'AWS', 'GCP', 'Azure', 'VPN']);
  });

  it('do not believe a state that is damaged', async () => {
    await load();
    const path = join(root, 'ips', 'ranges', 'state.json');
    for (const text of [
      '',
      '{',
      'null',
      '{"version":2,"lists":{}}',
      '{"version":1,"lists":{"aws.json":7}}',
    ]) {
      writeFileSync(path, text);
      asked = [];
      expect(codesOf(await load())).toEqual(CODES);
      expect(asked).toHaveLength(5);
    }
  });

  it('come in several parts, all of which are asked for when one has changed', async () => {
    const env = { SERVICE_RANGES_URL_VPN: `${base}/four.txt ${base}/six.txt` };
    answers['/four.txt'] = ok(blocks(17, 1000).join('\n'), '"four"');
    answers['/six.txt'] = ok('2a02:6ea0::/32', '"six"');
    expect((await load(env)).find(bytesOf('2a02:6ea0::1'))).toBe('VPN');
    time += 24 * HOUR_MS;
    asked = [];
    await load(env);
    expect(asked.filter((path) => path.includes('txt')).sort()).toEqual([
      '/four.txt "four"',
      '/six.txt "six"',
    ]);
    time += 24 * HOUR_MS;
    answers['/six.txt'] = ok('2a02:6ea1::/32', '"six-2"');
    const ranges = await load(env);
    expect(
      ['17.0.0.1', '2a02:6ea1::1', '2a02:6ea0::1'].map((one) => ranges.find(bytesOf(one))),
    ).toEqual(['VPN', 'VPN', undefined]);
    answers['/six.txt'] = status(500);
    time += 24 * HOUR_MS;
    expect((await load(env)).staleLists).toEqual(['VPN']);
  });

  it('of Azure are found through the page that links to them', async () => {
    const env = { SERVICE_RANGES_URL_AZURE: `${base}/page` };
    const link = `${base}/download/a-b/ServiceTags_Public_20261116.json`;
    answers['/page'] = ok(
      `<!DOCTYPE html>\n<a href="https://x.test/a.json">x</a><a href="${link}">Download</a>`,
      '"p"',
    );
    answers['/download/a-b/ServiceTags_Public_20261116.json'] = ok(
      publishedLists()['azure.json'],
      '"tags"',
    );
    expect(codesOf(await load(env))).toEqual(CODES);
    asked = [];
    time += 24 * HOUR_MS;
    expect(codesOf(await load(env))).toEqual(CODES);
    expect(asked.filter((path) => /page|download/.test(path))).toEqual([
      '/page',
      '/download/a-b/ServiceTags_Public_20261116.json "tags"',
    ]);
    expect(warnings).toEqual([]);
  });

  it('of Azure do not follow a page to another server', async () => {
    const env = { SERVICE_RANGES_URL_AZURE: `${base}/page` };
    answers['/page'] = ok(
      '<a href="http://127.0.0.2:1/ServiceTags_Public_20261116.json">Download</a>',
    );
    expect((await load(env)).missingLists).toEqual(['Azure']);
    expect(warnings[0]).toContain('the page that should link to it does not');
    expect(warnings[0]).toContain('SERVICE_RANGES_URL_AZURE');
  });

  it('say neither what an address holds nor what a server says', async () => {
    answers['/github.json'] = (_, response) => response.writeHead(403, 'SECRET').end('SECRET');
    const env = {
      SERVICE_RANGES_URL_GITHUB: `${base}/github.json?token=SECRET`,
      SERVICE_RANGES_URL_AWS: 'file:///SECRET',
      SERVICE_RANGES_URL_GCP: 'SECRET',
    };
    expect((await load(env)).missingLists).toEqual(['GitHub', 'AWS', 'GCP']);
    expect(warnings.join()).not.toContain('SECRET');
    await load();
    expect(readFileSync(join(root, 'ips', 'ranges', 'state.json'), 'utf8')).not.toContain('SECRET');
  });

  it('end at once when the caller stops', async () => {
    answers['/aws.json'] = () => {};
    const stop = new AbortController();
    const loading = load({}, { signal: stop.signal });
    setTimeout(() => stop.abort(new Error('stopped')), 50);
    await expect(loading).rejects.toThrow('stopped');
    expect(warnings).toEqual([]);
  });
});

function load(env: Record<string, string> = {}, options: object = {}) {
  const urls = SERVICE_LISTS.map(({ variable, file }) => [variable, `${base}/${file}`] as const);
  return loadServiceRanges({
    paths: { root },
    env: { ...Object.fromEntries(urls), ...env },
    onWarning: (message) => warnings.push(message),
    now: () => new Date(time),
    timeoutMs: 10_000,
    ...options,
  });
}

/** Only this list is asked for again, so that a short time limit bears on nothing else. */
function makeOld(file: string, fetchedAt: string): void {
  const path = join(root, 'ips', 'ranges', 'state.json');
  const state = JSON.parse(readFileSync(path, 'utf8'));
  state.lists[file].fetchedAt = fetchedAt;
  writeFileSync(path, JSON.stringify(state));
}

function codesOf(ranges: Awaited<ReturnType<typeof loadServiceRanges>>): (string | undefined)[] {
  return ONE_OF_EACH.map((address) => ranges.find(bytesOf(address)));
}

function ok(text: string, etag?: string): Answer {
  return (request, response) => {
    if (etag !== undefined && request.headers['if-none-match'] === etag) {
      response.writeHead(304).end();
      return;
    }
    response.writeHead(200, etag === undefined ? {} : { etag }).end(text);
  };
}

function status(code: number): Answer {
  return (_, response) => response.writeHead(code).end('no');
}

function cut(_: IncomingMessage, response: ServerResponse): void {
  response.writeHead(200, { 'content-length': '5000' });
  response.write('{"hooks":["11.0.0.0/22"', () => response.destroy());
}

function bomb(_: IncomingMessage, response: ServerResponse): void {
  response
    .writeHead(200, { 'content-encoding': 'gzip' })
    .end(gzipSync(Buffer.alloc(20_000_000, 32)));
}
