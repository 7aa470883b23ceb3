import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { Canaries } from '../support/canaries.js';
import { Sandbox } from '../support/cli.js';
import { ingress } from '../support/ingress.js';
import { openPackage, packagesIn, requireConsistent } from '../support/packages.js';
import { publish, requestsOver } from '../support/published-cache.js';
import { rowsModule } from '../support/rows-module.js';

const TLS = join(import.meta.dirname, '../fixtures/tls');

const SECRETS = {
  token: 'canary-Token-7f3a9c',
  user: 'canary-user-8e2f',
  password: 'canary-Pass/word 3d:1',
  header: 'canary-header-6c0d',
};

let sandbox: Sandbox;

beforeEach(async () => {
  sandbox = new Sandbox();
  await publish(sandbox, 'one.log', requestsOver(['2023-06-01', '2024-06-01', '2025-06-01']));
});

describe('share --to https://…', () => {
  it('brings everything once to a server that answers 500, hangs, then takes it', async () => {
    const server = await ingress([500, 'hang unread', 'hang', 503, 202, 429]);
    const report = await sandbox.done('share', '--to', server.url, '--timeout', '1');
    expect(server.acceptances).toBe(server.accepted.size);
    expect(server.accepted.size).toBe(report.packages.length);
    expect(report.packages).toHaveLength(4);
    // What a folder gets is what the server got.
    const out = join(sandbox.root, 'out');
    await sandbox.done('share', '--to', out);
    const expected = await packagesIn(out);
    const received = [...server.accepted.values()];
    const opened = await Promise.all(
      received.map(({ headers, body }) => {
        const [, name = ''] = /filename="([^"]+)"/.exec(headers['content-disposition'] ?? '') ?? [];
        return openPackage(name, body ?? Buffer.alloc(0));
      }),
    );
    opened.forEach(requireConsistent);
    expect(opened.sort((one, other) => (one.name < other.name ? -1 : 1))).toEqual(expected);
    for (const { method, path, headers } of received) {
      expect([method, path]).toEqual(['POST', '/api/ingress']);
      expect(headers['content-type']).toBe('application/gzip');
      expect(headers.authorization).toBeUndefined();
    }
    expect((await sandbox.done('share', '--to', server.url)).packages).toEqual([]);
    expect(server.acceptances).toBe(4);
  });

  it('sends credentials, a content type and headers, to that server alone, and tells none of them', async () => {
    const other = await ingress();
    const server = await ingress([{ status: 307, headers: { location: other.url } }]);
    const env = {
      SHARE_TOKEN: SECRETS.token,
      SHARE_CONTENT_TYPE: 'application/vnd.example.usage+tgz',
      SHARE_HEADERS: `X-Secret: ${SECRETS.header}\nX-Tenant: t1`,
    };
    const basic = { SHARE_USER: SECRETS.user, SHARE_PASSWORD: SECRETS.password };
    const redirected = await sandbox.run(['share', '--to', server.url, '--json'], { env });
    expect([redirected.status, redirected.json.error.code]).toEqual([1, 'SHIPPING_REFUSED']);
    expect(other.requests).toEqual([]);
    server.answers = [401, 413];
    const refused = await sandbox.run(['share', '--to', server.url], { env });
    expect(refused.stderr).toContain('status 401');
    const large = await sandbox.run(['share', '--to', server.url], { env: basic });
    expect(large.stderr).toContain('status 413');
    const done = await sandbox.run(['share', '--to', server.url, '--json'], { env });
    expect(done.status).toBe(0);
    const last = server.requests.at(-1)?.headers;
    expect(last).toMatchObject({
      authorization: `Bearer ${SECRETS.token}`,
      'content-type': 'application/vnd.example.usage+tgz',
      'x-secret': SECRETS.header,
      'x-tenant': 't1',
    });
    expect(server.requests[2].headers.authorization).toBe(
      `Basic ${Buffer.from(`${SECRETS.user}:${SECRETS.password}`).toString('base64')}`,
    );
    const canaries = new Canaries(SECRETS);
    for (const { stdout, stderr } of [redirected, refused, large, done]) {
      expect(canaries.in('output', stdout + stderr)).toEqual([]);
    }
    expect(canaries.below(sandbox.root)).toEqual([]);
    // Neither where they cannot be used.
    for (const bad of [
      { ...env, SHARE_CONTENT_TYPE: SECRETS.header },
      { ...env, ...basic },
      { SHARE_CLIENT_CERT: SECRETS.header, SHARE_CLIENT_KEY: SECRETS.token },
      { SHARE_HEADERS: `Host: ${SECRETS.header}` },
    ]) {
      const ended = await sandbox.run(['share', '--to', server.url, '--json'], { env: bad });
      expect(ended.status).toBe(2);
      expect(canaries.in('output', ended.stdout + ended.stderr)).toEqual([]);
    }
  });

  it('shows a client certificate, and checks whose server it is', async () => {
    const [cert, key, ca] = ['server.pem', 'server.key', 'ca.pem'].map((name) =>
      readFileSync(join(TLS, name)),
    );
    const server = await ingress([], {
      cert,
      key,
      ca,
      requestCert: true,
      rejectUnauthorized: true,
    });
    const codeWith = async (env: NodeJS.ProcessEnv): Promise<unknown> => {
      const ended = await sandbox.run(
        ['share', '--to', server.url, '--json', '--timeout', '1', '--pick', 'totals'],
        { env },
      );
      expect(ended.stderr).not.toContain('of-tests');
      return ended.status === 0 ? 'done' : ended.json.error.code;
    };
    const client = (name: string) => ({
      SHARE_CA: join(TLS, 'ca.pem'),
      SHARE_CLIENT_CERT: join(TLS, 'client.pem'),
      SHARE_CLIENT_KEY: join(TLS, name),
    });
    const { SHARE_CA: _, ...untrusting } = client('client.key');
    expect(await codeWith(client('server.key'))).toBe('INVALID_CLIENT_CERTIFICATE');
    expect(await codeWith(client('client-encrypted.key'))).toBe('INVALID_CLIENT_CERTIFICATE');
    expect(await codeWith(untrusting)).toBe('SHIPPING_REFUSED');
    expect(server.requests).toEqual([]);
    const encrypted = { ...client('client-encrypted.key'), SHARE_CLIENT_KEY_PASSWORD: 'of-tests' };
    expect(await codeWith(encrypted)).toBe('done');
    expect(server.acceptances).toBe(1);
  });

  it('sends no credentials in the clear', async () => {
    const env = { SHARE_TOKEN: SECRETS.token };
    const ended = await sandbox.run(['share', '--to', 'http://ingress.invalid/x', '--json'], {
      env,
    });
    expect([ended.status, ended.json.error.code]).toEqual([2, 'CREDENTIALS_IN_CLEAR']);
  });

  it('goes on where it was, with the same names and keys, when a server does not answer any more', async () => {
    const server = await ingress([202, 404]);
    const first = await sandbox.run(['share', '--to', server.url, '--json']);
    expect([first.status, first.json.error.code]).toEqual([1, 'SHIPPING_REFUSED']);
    const [, failed] = server.requests;
    const dry = await sandbox.done('share', '--to', server.url, '--dry-run');
    expect(dry.packages).toHaveLength(3);
    const report = await sandbox.done('share', '--to', server.url);
    expect(report.packages).toEqual(
      dry.packages.map((one: object) => ({ ...one, outcome: 'shipped' })),
    );
    expect(server.acceptances).toBe(4);
    const key = String(failed.headers['idempotency-key']);
    expect(server.accepted.get(key)?.body?.equals(failed.body as Buffer)).toBe(true);
  });

  it('is sent again under its key when the answer was lost', async () => {
    const server = await ingress(['cut']);
    await sandbox.done('share', '--to', server.url);
    expect([server.acceptances, server.accepted.size]).toEqual([5, 4]);
  });

  it('listens to no answer without an end', async () => {
    const server = await ingress(['endless', 'endless']);
    await sandbox.done('share', '--to', server.url);
    expect([server.acceptances, server.accepted.size]).toEqual([4, 4]);
  });

  it('waits as long as a server asks for, but not too long', async () => {
    const server = await ingress([{ status: 429, headers: { 'retry-after': '1' } }]);
    await sandbox.done('share', '--to', server.url);
    server.answers = [{ status: 503, headers: { 'retry-after': '86400' } }];
    await publish(sandbox, 'two.log', requestsOver(['2025-06-02']));
    const ended = await sandbox.run(['share', '--to', server.url, '--json']);
    expect(ended.json.error.code).toBe('SHIPPING_FAILED');
  });

  it('takes as long as a slow server takes, if that takes something all the time', async () => {
    writeFileSync(join(sandbox.root, 'rows.mjs'), rowsModule(20e6));
    const server = await ingress(['slowly']);
    const args = ['--collectors', 'rows.mjs', '--pick', 'rows', '--timeout', '1'];
    const begin = performance.now();
    await sandbox.done('share', '--to', server.url, ...args);
    expect(server.requests).toHaveLength(1);
    // Else it proves nothing.
    expect(performance.now() - begin).toBeGreaterThan(2_000);
  });

  it('stops on SIGTERM, and the next run goes on', async () => {
    const server = await ingress([202, 'hang']);
    const { child, ended } = sandbox.start(['share', '--to', server.url, '--json']);
    while (server.requests.length < 2) await wait(10);
    child.kill('SIGTERM');
    const { status, json } = await ended;
    expect([status, json.stopped, json.packages.length]).toEqual([0, true, 1]);
    await sandbox.done('share', '--to', server.url);
    expect([server.acceptances, server.accepted.size]).toEqual([4, 4]);
  });

  it('is done by one process at a time; extraction goes on meanwhile', async () => {
    const server = await ingress(['hang']);
    const { child, ended } = sandbox.start(['share', '--to', server.url, '--json']);
    while (server.requests.length < 1) await wait(10);
    const other = await sandbox.run(['share', '--to', join(sandbox.root, 'out'), '--json']);
    expect([other.status, other.json.error.code]).toEqual([4, 'SHARE_LOCKED']);
    await publish(sandbox, 'two.log', requestsOver(['2025-06-02']));
    child.kill('SIGKILL');
    await ended;
    await sandbox.done('share', '--to', server.url);
    expect(server.acceptances).toBe(server.accepted.size);
    const [folder] = readdirSync(join(sandbox.cache, 'share')).filter((name) => name !== 'lock');
    expect(readdirSync(join(sandbox.cache, 'share', folder)).sort()).toEqual([
      'memory.json',
      'packages',
    ]);
    expect(readdirSync(join(sandbox.cache, 'share', folder, 'packages'))).toEqual([]);
  });
});
