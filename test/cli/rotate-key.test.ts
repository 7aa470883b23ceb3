import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { beforeEach, describe, expect, it } from 'vitest';
import { createSealer, RawIp } from '../../cache/seal.js';
import { openSealingKey } from '../../cache/sealing-key.js';
import { type Ended, Sandbox } from '../support/cli.js';
import { readTree } from '../support/published-tree.js';
import { expectedTree, logText, recordsOf, type TruthLine } from '../support/truth.js';

const OLD = 'correct old battery staples';
const NEW = 'quite another five random words';
let sandbox: Sandbox;
const lines: TruthLine[] = [];
for (let n = 0; n < 400; n++) {
  const time = 1_700_000_000 + n * 3000;
  lines.push({ key: `ds${n % 3}/file${n % 17}`, time, client: n % 90, bytes: BigInt(n * 7) });
}

beforeEach(() => {
  sandbox = new Sandbox();
});

function run(
  password: string | undefined,
  args: readonly string[],
  more: NodeJS.ProcessEnv = {},
): Promise<Ended> {
  const own = password === undefined ? {} : { S3_LOG_EXTRACTION_PASSWORD: password };
  return sandbox.run(args, { env: { ...own, ...more } });
}

async function done(password: string | undefined, ...args: string[]): Promise<void> {
  const { status, stderr } = await run(password, args);
  expect([args, status, stderr]).toEqual([args, 0, expect.anything()]);
}

function rotate(from: string | undefined, to: string | undefined): Promise<Ended> {
  return to === undefined
    ? run(from, ['config', 'key', 'rotate', '--to', 'keyfile'])
    : run(from, ['config', 'key', 'rotate'], { S3_LOG_EXTRACTION_NEW_PASSWORD: to });
}

/** Every sealed address in the cache that is not rollups, as hex. */
async function sealedAddresses(): Promise<Set<string>> {
  const connection = await (await DuckDBInstance.create()).connect();
  const found = new Set<string>();
  for (const [folder, part] of [
    ['segments', '*.records'],
    ['ips/indexes', '*'],
    ['ips/regions', '*'],
  ]) {
    const path = join(sandbox.cache, folder as string);
    if (!existsSync(path) || readdirSync(path).length === 0) continue;
    const files = join(sandbox.cache, folder as string, `${part}.parquet`);
    const reader = await connection.runAndReadAll(
      `SELECT DISTINCT hex(requester::BLOB) FROM read_parquet('${files}', union_by_name = true)`,
    );
    for (const [hex] of reader.getRows()) found.add(String(hex).toLowerCase());
  }
  connection.closeSync();
  found.delete('0'.repeat(32));
  return found;
}

/** What a password seals client 1 to. */
async function sealOf(password: string): Promise<string> {
  const { key } = JSON.parse(readFileSync(join(sandbox.cache, 'cache.json'), 'utf8'));
  const env = { S3_LOG_EXTRACTION_PASSWORD: password };
  const sealer = await createSealer(await openSealingKey(key, env, 'cache.json'));
  const address = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 255, 255, 198, 51, 0, 1];
  return Buffer.from(sealer.seal(new RawIp(Uint8Array.from(address)))).toString('hex');
}

async function fill(password: string | undefined): Promise<void> {
  sandbox.write('night1', logText(lines.slice(0, 150)));
  await done(password, 'extract', 'logs');
  sandbox.write('night2', logText(lines.slice(150, 300)));
  const skip = await run(password, ['config', 'skip-ips', 'set'], { IPS_TO_SKIP: '^10[.]' });
  expect(skip.status).toBe(0);
  await done(password, 'update', '--from', 'logs');
}

async function requireWhole(password: string | undefined): Promise<void> {
  sandbox.write('night3', logText(lines.slice(300)));
  await done(password, 'update', '--from', 'logs');
  expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(expectedTree(recordsOf(lines)));
  await done(password, 'validate', 'cache');
  expect((await run(password, ['config', 'skip-ips', 'show'])).stdout).toContain('sealed');
}

describe('config key rotate', () => {
  it('changes every seal, and nothing that is published', async () => {
    await fill(OLD);
    const before = await sealedAddresses();
    const old = await sealOf(OLD);
    expect(before.has(old)).toBe(true);
    const indexes = readdirSync(join(sandbox.cache, 'ips/indexes')).length;
    const ended = await rotate(OLD, NEW);
    expect([ended.status, ended.stderr]).toEqual([0, '']);
    expect(ended.stdout).not.toContain(NEW);
    const after = await sealedAddresses();
    expect(after.size).toBe(before.size);
    expect([...after].filter((address) => before.has(address))).toEqual([]);
    expect(after.has(await sealOf(NEW))).toBe(true);
    expect(readdirSync(join(sandbox.cache, 'ips/indexes')).length).toBe(indexes);
    const refused = await run(OLD, ['extract', 'logs']);
    expect(refused.stderr).toContain('WRONG_PASSWORD');
    await requireWhole(NEW);
    for (const name of ['rotate', 'tmp']) {
      const left = readdirSync(sandbox.cache).includes(name)
        ? readdirSync(join(sandbox.cache, name))
        : [];
      expect([name, left]).toEqual([name, []]);
    }
  });

  it('keeps what is known of regions', async () => {
    const ranges = join(sandbox.root, 'ranges');
    mkdirSync(ranges);
    const lists = {
      'github.json': '{"web":["198.51.0.0/27"]}',
      'aws.json':
        '{"prefixes":[{"ip_prefix":"198.51.0.32/27","region":"us-east-2"}],"ipv6_prefixes":[]}',
      'gcp.json': '{"prefixes":[]}',
      'azure.json': '{"values":[]}',
      'vpn.txt': '203.0.113.0/24\n',
    };
    for (const [name, text] of Object.entries(lists)) writeFileSync(join(ranges, name), text);
    await fill(OLD);
    const env = { SERVICE_RANGES_DIRECTORY: ranges };
    expect((await run(OLD, ['update', 'ip', 'regions', '--offline'], env)).status).toBe(0);
    await done(OLD, 'update');
    const before = readTree(join(sandbox.cache, 'summaries'));
    expect(before.get('archive/by_region.tsv')).toContain('GitHub');
    const seals = await sealedAddresses();
    expect((await rotate(OLD, NEW)).status).toBe(0);
    await done(NEW, 'update');
    expect(readTree(join(sandbox.cache, 'summaries'))).toEqual(before);
    expect([...(await sealedAddresses())].filter((address) => seals.has(address))).toEqual([]);
    await done(NEW, 'validate', 'cache');
  });

  it('goes from the key file to a password and back', async () => {
    await fill(undefined);
    expect((await rotate(undefined, NEW)).status).toBe(0);
    expect((await run(undefined, ['extract', 'logs'])).stderr).toContain('KEY_SOURCE_MISMATCH');
    expect((await rotate(NEW, undefined)).status).toBe(0);
    await requireWhole(undefined);
  });

  it('changes nothing when something is wrong', async () => {
    await fill(OLD);
    const before = await sealedAddresses();
    for (const [from, to, code] of [
      ['not the password at all', NEW, 'WRONG_PASSWORD'],
      [OLD, OLD, 'SAME_KEY'],
      [OLD, 'short', 'WEAK_PASSWORD'],
    ] as const) {
      const { status, stderr } = await rotate(from, to);
      expect([status === 0, stderr]).toEqual([false, expect.stringContaining(code)]);
      expect(stderr).not.toContain(to);
    }
    expect(await sealedAddresses()).toEqual(before);
    await requireWhole(OLD);
  });
});
