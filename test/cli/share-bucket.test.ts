import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { Canaries } from '../support/canaries.js';
import { Sandbox } from '../support/cli.js';
import { publish, requestsOver } from '../support/published-cache.js';
import { readTree } from '../support/published-tree.js';
import { type S3Server, s3Server, sendError } from '../support/s3-server.js';

const SECRET = 'canary-S3secret-55d0b1';
const ENV = { AWS_ACCESS_KEY_ID: 'AKTEST', AWS_SECRET_ACCESS_KEY: SECRET };

let sandbox: Sandbox;
let store: S3Server;

beforeEach(async () => {
  sandbox = new Sandbox();
  store = await s3Server();
  await publish(sandbox, 'one.log', requestsOver(['2023-06-01', '2024-06-01']));
});

const share = (...more: string[]) =>
  sandbox.run(['share', '--to', 's3://logs/usage', '--endpoint', store.url, '--json', ...more], {
    env: ENV,
  });

it('brings everything once to a store that answers 503, cuts connections, hangs, then takes it', async () => {
  const faults = [503, 'cut', 'hang', 503, 0, 503];
  store.fault = (request, response) => {
    const fault = request.method === 'PUT' ? faults.shift() : 0;
    if (fault === 'cut') response.destroy();
    else if (fault === 503) sendError(response, 503, 'SlowDown');
    return fault === 'cut' || fault === 'hang' || fault === 503;
  };
  const { status, json, stderr } = await share('--timeout', '1');
  expect(status).toBe(0);
  expect(stderr).toContain('it is tried again');
  const folder = join(sandbox.root, 'out');
  await sandbox.done('share', '--to', folder);
  const expected = [...readTree(folder).keys()].map((name) => [
    `usage/${name}`,
    readFileSync(join(folder, name)),
  ]);
  const objects = [...store.objects].map(([key, { body }]) => [key, body]);
  expect(objects.sort()).toEqual(expected.sort());
  for (const { name, sha256 } of json.packages) {
    const object = store.objects.get(`usage/${name}`);
    expect(object?.contentType).toBe('application/gzip');
    expect(object?.metadata).toEqual({ 'x-amz-meta-sha256': sha256 });
  }
  expect((await share()).json.packages).toEqual([]);
});

it('writes nothing that is there, and again what is other than it should be', async () => {
  const first = await share();
  rmSync(join(sandbox.cache, 'share'), { recursive: true });
  const [{ name }] = first.json.packages;
  const whole = store.objects.get(`usage/${name}`)?.body;
  store.put(`usage/${name}`, 'something else');
  const again = await share();
  const outcomes = again.json.packages.map(({ outcome }: { outcome: string }) => outcome);
  expect(outcomes).toEqual(['shipped', 'there', 'there']);
  expect(store.objects.get(`usage/${name}`)?.body).toEqual(whole);
});

it('tells in words what a store refuses, and no secret', async () => {
  store.fault = (_, response) => {
    sendError(response, 403, 'AccessDenied');
    return true;
  };
  const refused = await share();
  expect([refused.status, refused.json.error.code]).toEqual([1, 'CREDENTIALS_REFUSED']);
  store.fault = undefined;
  const args = ['share', '--to', 's3://other/x', '--endpoint', store.url, '--json'];
  const missing = await sandbox.run(args, { env: ENV });
  expect(missing.json.error.code).toBe('NO_SUCH_BUCKET');
  const without = await sandbox.run(args, { env: { AWS_EC2_METADATA_DISABLED: 'true' } });
  expect(without.json.error.code).toBe('NO_CREDENTIALS');
  const canaries = new Canaries({ secret: SECRET });
  for (const { stdout, stderr } of [refused, missing, without]) {
    expect(canaries.in('output', stdout + stderr)).toEqual([]);
  }
  expect(canaries.below(sandbox.cache)).toEqual([]);
  expect((await share()).json.packages).toHaveLength(3);
});
