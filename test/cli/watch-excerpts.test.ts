import { createHash, randomBytes } from 'node:crypto';
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Canaries } from '../support/canaries.js';
import type { Json } from '../support/cli.js';
import { SpoolSandbox } from '../support/spool.js';
import { textStore } from '../support/text-store.js';
import { soundLine } from '../validation/sound-logs.js';

const TOKEN = 'canary-Token/5f1d+8e';
const ADDRESSES = ['198.51.100.77', '2001:db8::beef:77'];
const QUERY = 'canaryQuery7b';
const canaries = new Canaries({
  token: TOKEN,
  query: QUERY,
  ...Object.fromEntries(ADDRESSES.map((address) => [address, address])),
});

/** Rejected, and larger than what stands in a reason file. */
const LARGE = soundLine(1, {
  ip: ADDRESSES[0] as string,
  status: '20x',
  target: `/${'large/'.repeat(30)}?X-Amz-Signature=${QUERY}`,
});
const SMALL = `a line from ${ADDRESSES[1]}, no more`;
const LOG = `${soundLine(2)}\n${LARGE}\n${soundLine(3)}\n${SMALL}\n`;

let sandbox: SpoolSandbox;
beforeEach(() => {
  sandbox = new SpoolSandbox();
});
afterEach(() => sandbox.kill());

function own(path: string): string {
  return join(sandbox.spool, '.s3logextraction', path);
}

function rejected(name: string): Json {
  return JSON.parse(readFileSync(own(`rejected/${name}.json`), 'utf8'));
}

function nameOf(text: string): string {
  return `${createHash('sha256').update(text).digest('hex')}.txt`;
}

/** In files, outputs and what a store was sent; the token may be where it belongs. */
function secretsIn(outputs: readonly string[], bodies: readonly string[] = []): string[] {
  return [
    // The logs themselves are where they were put.
    ...['rejected', 'excerpts', 'lock', 'stop'].flatMap((name) =>
      existsSync(own(name)) ? canaries.below(own(name)) : [],
    ),
    ...sandbox
      .files()
      .filter((path) => path.endsWith('.reason.json'))
      .flatMap((path) => canaries.in(path, readFileSync(join(sandbox.spool, path)))),
    ...canaries.below(sandbox.cache),
    ...outputs.flatMap((text) => canaries.in('output', text)),
    ...bodies.flatMap((text) => canaries.in('a request', text)),
  ];
}

describe('excerpts of rejected lines', () => {
  it('are not kept unless they are asked for', async () => {
    const store = await textStore();
    sandbox.put('a.log', LOG);
    sandbox.put('notes.txt', `${SMALL}\n`);
    Object.assign(sandbox.env, { STORAGE_BASE_URL: 'not looked at', STORAGE_TOKEN: ' ' });
    const { status, report } = await sandbox.once();
    expect(status).toBe(3);
    expect(report).not.toHaveProperty('excerpts');
    expect(sandbox.reason('notes.txt')).not.toHaveProperty('excerpts');
    expect(readdirSync(own('.')).sort()).toEqual(['lock', 'stop']);
    expect(store.requests).toEqual([]);
  });

  it('stand beside what failed, and for logs in a folder of their own; large ones by hash, once', async () => {
    sandbox.put('sub/a.log.gz', gzipSync(LOG));
    sandbox.put('b.log', `${LARGE}\n`);
    sandbox.put('notes.txt', `${SMALL}\n\n${'long '.repeat(60)}\n`);
    sandbox.put('sound.log', `${soundLine(7)}\n`);
    const { status, report, stderr } = await sandbox.once('--excerpts');
    expect(status).toBe(3);
    expect(report).toMatchObject({
      extracted: 3,
      excerpts: { lines: 6, sent: 0, local: 3, withheld: 0 },
    });
    expect(stderr).toContain('; excerpts of 6 rejected lines.');
    const large = soundLine(1, {
      ip: '[address]',
      status: '20x',
      target: `/${'large/'.repeat(30)}?[query]`,
    });
    const long = 'long '.repeat(60);
    const url = `.s3logextraction/excerpts/${nameOf(large)}`;
    expect(rejected('sub/a.log.gz')).toEqual({
      version: 1,
      file: 'sub/a.log.gz',
      linesRejected: 2,
      extractedAt: expect.stringMatching(/^\d{4}-.*Z$/),
      excerpts: [
        { offset: soundLine(2).length + 1, reason: 'invalid_http_status', url },
        {
          offset: LOG.length - SMALL.length - 1,
          reason: 'invalid_time',
          text: 'a line from [address], no more',
        },
      ],
    });
    expect(rejected('b.log').excerpts).toEqual([{ offset: 0, reason: 'invalid_http_status', url }]);
    expect(sandbox.reason('notes.txt')).toMatchObject({
      code: 'NOT_A_LOG',
      excerpts: [
        { offset: 0, reason: 'invalid_time', text: 'a line from [address], no more' },
        { offset: SMALL.length + 1, reason: 'truncated_before_bucket_owner', text: '' },
        { offset: SMALL.length + 2, reason: 'invalid_time', url: expect.stringMatching(/\.txt$/) },
      ],
    });
    const kept = readdirSync(own('excerpts')).sort();
    expect(kept).toEqual([nameOf(large), nameOf(long)].sort());
    expect(readFileSync(own(`excerpts/${nameOf(large)}`), 'utf8')).toBe(large);
    for (const path of [
      'excerpts',
      'rejected',
      `excerpts/${nameOf(long)}`,
      'rejected/sub',
      'rejected/b.log.json',
    ]) {
      expect(lstatSync(own(path)).mode & 0o077).toBe(0);
    }
    expect(readdirSync(own('rejected')).sort()).toEqual(['b.log.json', 'sub']);
    // No log is anywhere but in the archive.
    expect(sandbox.files(join(sandbox.spool, 'archive'))).toEqual([
      'b.log',
      'sound.log',
      'sub/a.log.gz',
    ]);
    expect(secretsIn([stderr, JSON.stringify(report)])).toEqual([]);
    expect(await sandbox.once('--excerpts')).toMatchObject({ status: 0, report: undefined });
  });

  it('are of the records of structured logs, too', async () => {
    const record = (more: Json): string =>
      JSON.stringify({
        schema_version_id: 'V_1_0',
        bucket_name: 'bucket',
        request_time: '2026-11-01T10:00:00Z',
        remote_ip: ADDRESSES[1],
        operation: 'REST.GET.OBJECT',
        key_name: `a/${'b'.repeat(80)}`,
        http_status: 200,
        bytes_sent_size: 5,
        ...more,
      });
    const bad = record({ request_time: 'today', request_uri: `GET /a/b?x=${QUERY} HTTP/1.1` });
    sandbox.put('a.json', `[${record({})},${bad}]\n`);
    const { stderr } = await sandbox.once('--excerpts');
    const [{ url, ...rest }] = rejected('a.json').excerpts;
    expect(rest).toEqual({ offset: 0, reason: 'invalid_time' });
    expect(JSON.parse(readFileSync(join(sandbox.spool, url), 'utf8'))).toMatchObject({
      request_time: 'today',
      remote_ip: '[address]',
      request_uri: 'GET /a/b?[query]',
      key_name: `a/${'b'.repeat(80)}`,
    });
    expect(secretsIn([stderr])).toEqual([]);
  });

  it('are the first ten, and withheld where they may hold an address all the same', async () => {
    const hidden = `%${'25'.repeat(30)}31`;
    sandbox.put('a.txt', `${hidden}\n${'x\n'.repeat(30)}`);
    const { report } = await sandbox.once('--excerpts');
    const { excerpts } = sandbox.reason('a.txt');
    expect(excerpts).toHaveLength(10);
    expect(excerpts[0]).toEqual({
      offset: 0,
      reason: 'truncated_before_bucket',
      text: null,
      withheld: true,
    });
    expect(report.excerpts).toEqual({ lines: 10, sent: 0, local: 0, withheld: 1 });
  });

  it('of a file that cannot be read to its end are those before that', async () => {
    const lines = Array.from({ length: 2000 }, (_, n) =>
      soundLine(n, { key: randomBytes(500).toString('hex') }),
    );
    const stored = gzipSync(`${SMALL}\n${lines.join('\n')}\n`);
    expect(stored.length).toBeGreaterThan(1 << 20);
    sandbox.put('cut.gz', stored.subarray(0, -1000));
    await sandbox.once('--excerpts');
    expect(sandbox.reason('cut.gz')).toMatchObject({
      code: 'UNREADABLE',
      excerpts: [{ offset: 0, text: 'a line from [address], no more' }],
    });
  });

  it('are written nowhere else: links in the place of folders are not followed', async () => {
    await sandbox.once('--excerpts');
    const elsewhere = join(sandbox.root, 'elsewhere');
    mkdirSync(elsewhere);
    symlinkSync(elsewhere, own('rejected/sub'));
    sandbox.put('sub/a.log', LOG);
    const { report, stderr } = await sandbox.once('--excerpts');
    expect(report.archived).toBe(1);
    expect(stderr).toContain('No excerpts of');
    expect(readdirSync(elsewhere)).toEqual([]);
    const linked = new SpoolSandbox();
    mkdirSync(join(linked.spool, '.s3logextraction'), { mode: 0o700 });
    symlinkSync(elsewhere, join(linked.spool, '.s3logextraction/excerpts'));
    expect((await linked.once('--excerpts')).stderr).toContain('[SPOOL_FOLDER]');
    expect((await linked.once()).status).toBe(0);
  });
});

describe('a store of excerpts', () => {
  it('gets each text once, with the token', async () => {
    const store = await textStore();
    const env = { STORAGE_BASE_URL: `${store.url}/some/folder/`, STORAGE_TOKEN: TOKEN };
    Object.assign(sandbox.env, env);
    for (const name of ['a', 'b', 'c']) sandbox.put(`${name}.log`, LOG);
    sandbox.put('d.txt', `${'words '.repeat(60)}\n`);
    const { status, report, stderr } = await sandbox.once('--excerpts');
    expect(status).toBe(3);
    expect(report.excerpts).toEqual({ lines: 7, sent: 4, local: 0, withheld: 0 });
    expect(store.requests).toHaveLength(2);
    for (const { method, path, headers, body } of store.requests) {
      expect([method, path]).toEqual(['PUT', `/some/folder/${nameOf(body)}`]);
      expect(headers).toMatchObject({
        authorization: `Bearer ${TOKEN}`,
        'content-type': 'text/plain; charset=utf-8',
        'content-length': String(Buffer.byteLength(body)),
      });
    }
    const { excerpts } = rejected('b.log');
    expect(excerpts[0].url).toMatch(`${store.url}/some/folder/`);
    expect(readdirSync(own('excerpts'))).toEqual([]);
    const bodies = store.requests.map(({ body }) => body);
    expect(secretsIn([stderr, JSON.stringify(report)], bodies)).toEqual([]);
  });

  it.each([
    ['fails', 500, 'it answered with status 500'],
    ['refuses', 401, 'it answered with status 401'],
    ['sends elsewhere', 307, 'it answered with status 307'],
  ] as const)('that %s leaves them in the spool', async (_what, answer, words) => {
    const store = await textStore(answer);
    const other = await textStore();
    if (answer === 307) store.location = `${other.url}/x`;
    Object.assign(sandbox.env, { STORAGE_BASE_URL: store.url, STORAGE_TOKEN: TOKEN });
    for (let n = 0; n < 6; n++) sandbox.put(`${n}.txt`, `${`${n} words `.repeat(60)}\n`);
    const { report, stderr } = await sandbox.once('--excerpts');
    expect(report).toMatchObject({
      failed: { NOT_A_LOG: 6 },
      excerpts: { lines: 6, sent: 0, local: 6 },
    });
    // After some failures it is left alone for the rest of the round.
    expect(store.requests).toHaveLength(3);
    expect(other.requests).toEqual([]);
    expect(stderr.split(words)).toHaveLength(2);
    for (let n = 0; n < 6; n++) {
      const [{ url }] = sandbox.reason(`${n}.txt`).excerpts;
      expect(readFileSync(join(sandbox.spool, url), 'utf8')).toBe(`${n} words `.repeat(60));
    }
    expect(secretsIn([stderr, JSON.stringify(report)])).toEqual([]);
    // The next round asks again, and has what it gets then.
    store.answer = 200;
    sandbox.put('again.txt', `${'0 words '.repeat(60)}\n`);
    await sandbox.once('--excerpts');
    expect(sandbox.reason('again.txt').excerpts[0].url).toContain(store.url);
  });

  it('that is not there leaves them in the spool', async () => {
    Object.assign(sandbox.env, { STORAGE_BASE_URL: 'http://127.0.0.1:1/x', STORAGE_TOKEN: TOKEN });
    sandbox.put('a.log', LOG);
    const { status, report, stderr } = await sandbox.once('--excerpts');
    expect([status, report.excerpts.local]).toEqual([0, 1]);
    expect(stderr).toMatch(/Could not send excerpts to 127\.0\.0\.1:1: no answer|the connection/);
    expect(secretsIn([stderr])).toEqual([]);
  });

  it('whose answer never ends has it, and nobody waits for the end', async () => {
    const store = await textStore('without end');
    Object.assign(sandbox.env, { STORAGE_BASE_URL: store.url });
    sandbox.put('a.log', LOG);
    const { report } = await sandbox.once('--excerpts');
    expect(report.excerpts).toMatchObject({ sent: 1, local: 0 });
    expect(store.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('that never answers holds up neither a round nor the end for long', async () => {
    const store = await textStore('nothing');
    Object.assign(sandbox.env, { STORAGE_BASE_URL: store.url, STORAGE_TOKEN: TOKEN });
    for (let n = 0; n < 6; n++) sandbox.put(`${n}.txt`, `${`${n} words `.repeat(60)}\n`);
    const { report, stderr } = await sandbox.once('--excerpts');
    expect(report.excerpts).toMatchObject({ sent: 0, local: 6 });
    expect(store.requests.length).toBeLessThan(4);
    expect(stderr).toContain('it did not answer in time');
    // Asked to stop while it waits for an answer.
    const before = store.requests.length;
    for (let n = 6; n < 12; n++) sandbox.put(`${n}.txt`, `${`${n} words `.repeat(60)}\n`);
    const { child, ended } = sandbox.watch('--excerpts');
    while (store.requests.length === before) await new Promise((done) => setTimeout(done, 20));
    child.kill('SIGTERM');
    const { status, stderr: said } = await ended;
    expect(status).toBe(0);
    expect(said).not.toContain('Could not send');
    expect(store.requests).toHaveLength(before + 1);
    const [{ url }] = sandbox.reason('6.txt').excerpts;
    expect(readFileSync(join(sandbox.spool, url), 'utf8')).toBe('6 words '.repeat(60));
    expect(secretsIn([stderr, said])).toEqual([]);
  });

  it.each([
    ['ftp://host/x', undefined, 'STORAGE_BASE_URL'],
    ['host/x', undefined, 'STORAGE_BASE_URL'],
    ['https://', undefined, 'STORAGE_BASE_URL'],
    [`https://canaryuser:${TOKEN}@host/x`, undefined, 'STORAGE_BASE_URL'],
    [`https://canaryuser@host/x`, undefined, 'STORAGE_BASE_URL'],
    [`https://host/x?sig=${TOKEN}`, undefined, 'STORAGE_BASE_URL'],
    ['https://host/x#', undefined, 'STORAGE_BASE_URL'],
    ['https://host/x', `${TOKEN}\nX: y`, 'STORAGE_TOKEN'],
    ['https://host/x', `ü${TOKEN}`, 'STORAGE_TOKEN'],
  ])('at %s is refused before anything is touched', async (url, token, variable) => {
    sandbox.put('a.log', LOG);
    Object.assign(sandbox.env, { STORAGE_BASE_URL: url });
    if (token !== undefined) sandbox.env.STORAGE_TOKEN = token;
    const { status, stderr } = await sandbox.once('--excerpts');
    expect(status).toBe(2);
    expect(stderr).toMatch(new RegExp(`^error: ${variable} must be .*\\[INVALID_STORAGE\\]`, 's'));
    expect(stderr).not.toMatch(/canary/i);
    expect(readdirSync(sandbox.spool)).toEqual(['a.log']);
  });
});

it('nothing that is kept or sent holds an address or the value of a query', async () => {
  const store = await textStore();
  Object.assign(sandbox.env, { STORAGE_BASE_URL: store.url });
  const encode = (text: string, way: number): string =>
    way === 0
      ? text
      : text.replace(/[.:]|\d/g, (character) =>
          way === 1 && /\d/.test(character)
            ? character
            : `%${way === 3 ? '25' : ''}${character.charCodeAt(0).toString(16)}`,
        );
  const fields = ['ip', 'requester', 'operation', 'key', 'target', 'referer', 'agent'];
  const part = fc.tuple(
    fc.constantFrom(...fields),
    fc.oneof(fc.ipV4(), fc.ipV6()).filter((ip) => ip.length > 12),
    fc.nat(3),
  );
  const line = fc.tuple(fc.array(part, { minLength: 1, maxLength: 3 }), fc.nat(60), fc.nat(300));
  const lines = fc.sample(line, { numRuns: 300, seed: Math.floor(Math.random() * 1e9) });
  const planted = new Set<string>();
  const texts = lines.map(([parts, cut, padding], n) => {
    const given: Record<string, string> = { status: 'none', key: `k/${'p'.repeat(padding)}` };
    for (const [field, ip, way] of parts) {
      planted.add(ip);
      given[field] = encode(ip, way);
    }
    given.target = `${given.target ?? '/'}?q=${QUERY}${n} ${QUERY}`;
    const text = soundLine(n, given);
    return text.slice(0, text.length - (n % 2) * cut);
  });
  for (let at = 0; at < texts.length; at += 10) {
    const text = `${texts.slice(at, at + 10).join('\n')}\n`;
    sandbox.put(
      at % 20 === 0 ? `${at}.log` : `${at}.log.gz`,
      at % 20 === 0 ? text : gzipSync(text),
    );
    sandbox.put(`${at}.txt`, text.replace(/^.*?\] /gm, 'x '));
  }
  const { report, stderr } = await sandbox.once('--excerpts');
  expect(report.excerpts.lines).toBeGreaterThan(500);
  expect(report.excerpts.withheld).toBeLessThan(60);
  expect(report.excerpts.sent).toBeGreaterThan(0);
  const kept = [
    ...readdirSync(own('rejected')).map((name) => readFileSync(own(`rejected/${name}`), 'utf8')),
    ...sandbox
      .files(join(sandbox.spool, 'failed'))
      .filter((name) => name.endsWith('.reason.json'))
      .map((name) => readFileSync(join(sandbox.spool, 'failed', name), 'utf8')),
    ...readdirSync(own('excerpts')).map((name) => readFileSync(own(`excerpts/${name}`), 'utf8')),
    ...store.requests.map(({ body }) => body),
    stderr,
  ].join('\n');
  const unescaped = (text: string): string =>
    text.replace(/%([0-9a-f]{2})/gi, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)));
  const all = [kept, unescaped(kept), unescaped(unescaped(kept))].join('\n');
  expect([...planted].filter((ip) => all.includes(ip))).toEqual([]);
  expect(all).not.toContain(QUERY);
});
