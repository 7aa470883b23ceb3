import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openEngine } from '../../cache/engine.js';
import { cachePaths } from '../../cache/paths.js';
import { regionStateRelation, regionsDirectory } from '../../cache/region-table.js';
import { type Ended, type RunOptions, Sandbox } from '../support/cli.js';
import { crowd } from '../support/crowd.js';
import { IpinfoServer, type Place, place } from '../support/ipinfo-server.js';
import { writeMmdb } from '../support/mmdb-writer.js';
import { readTree } from '../support/published-tree.js';
import { rawIp } from '../support/raw-ip.js';
import { CLIENTS, LINES, LISTS, REGIONS } from '../support/region-clients.js';
import { expectedArchive, expectedSummaries, expectedTotals } from '../support/summary-oracle.js';
import { logText, recordsOf, type TruthLine } from '../support/truth.js';

const SAYS = new Map<string, Place | undefined>();

let sandbox: Sandbox;
let server: IpinfoServer;
const outputs: string[] = [];

beforeEach(async () => {
  SAYS.clear();
  for (const [address, , says] of CLIENTS) SAYS.set(address, says);
  sandbox = new Sandbox();
  server = await new IpinfoServer((address) => SAYS.get(address)).start();
  const lists = join(sandbox.root, 'lists');
  mkdirSync(lists);
  for (const [name, list] of Object.entries(LISTS)) {
    writeFileSync(join(lists, name), JSON.stringify(list));
  }
  writeFileSync(join(lists, 'vpn.txt'), '45.86.0.0/16\n');
  Object.assign(sandbox.env, { ...server.env, SERVICE_RANGES_DIRECTORY: lists });
  outputs.length = 0;
});

afterEach(() => server.stop());

async function run(args: string, options: RunOptions = {}): Promise<Ended> {
  const ended = await sandbox.run([...args.split(' '), '--json'], options);
  outputs.push(ended.stdout, ended.stderr);
  return ended;
}

async function done(args: string, options: RunOptions = {}) {
  const ended = await run(args, options);
  expect([ended.stderr, ended.status]).toEqual(['', 0]);
  return ended.json;
}

async function extract(lines: readonly TruthLine[]): Promise<void> {
  sandbox.write('log', logText(lines));
  await done('extract logs');
}

async function publish(): Promise<Map<string, string>> {
  for (const mode of ['dataset', 'archive']) {
    await done(`update summaries --mode ${mode}`);
    await done(`update totals --mode ${mode}`);
  }
  return readTree(join(sandbox.cache, 'summaries'));
}

/** Nothing on disk or in any output may hold an address, in text or as bytes, or the token. */
function expectSealed(addresses: readonly string[]): void {
  const disk = [...readTree(sandbox.cache).keys()].map((name) =>
    readFileSync(join(sandbox.cache, name)),
  );
  const bytes = Buffer.concat([...disk, Buffer.from(outputs.join('\n'))]);
  const secrets = addresses.flatMap((address) => [
    Buffer.from(address),
    Buffer.from(rawIp(address).reveal()),
  ]);
  const found = [...secrets, Buffer.from(IpinfoServer.token)].filter((s) => bytes.includes(s));
  expect(found).toEqual([]);
}

describe('regions through the command line', () => {
  it('are published as the truth has them, with no record read again', async () => {
    await extract(LINES);
    expect(await done('update ip regions')).toMatchObject({
      toDo: 14,
      bogons: 2,
      services: 6,
      lookedUp: 4,
      unknown: 2,
      remaining: 0,
      quotaReached: false,
      missingLists: [],
    });
    const asked = CLIENTS.filter(([, , says]) => says !== undefined).map(([address]) => address);
    expect(server.answered.sort()).toEqual(asked.sort());
    // Whatever reads a record from here on fails.
    const segments = readTree(join(sandbox.cache, 'segments'));
    for (const name of segments.keys()) {
      if (name.endsWith('.records.parquet'))
        writeFileSync(join(sandbox.cache, 'segments', name), '');
    }
    const tree = await publish();
    const options = { regions: REGIONS, folderOf: (dataset: string) => dataset };
    const records = recordsOf(LINES);
    const expected = new Map([
      ...expectedSummaries(records, options),
      ...expectedArchive(records, options),
    ]);
    for (const [file, content] of expected) expect([file, tree.get(file)]).toEqual([file, content]);
    expect(tree.get('archive/by_region.tsv')).toContain('\nCL/Valparaíso\t');
    expect(totalsOf(tree.get('archive_totals.json'))).toEqual(expectedTotals(records, options));
    expect(await done('stats')).toMatchObject({
      requesters: 14,
      determined: 4,
      cloud: 4,
      vpn: 1,
      github: 1,
      bogon: 2,
      unknown: 2,
      undetermined: 0,
      missing: 0,
    });
    expectSealed(CLIENTS.map(([address]) => address));
  });

  it('change the summaries when they come, and by themselves alone', async () => {
    await extract(LINES);
    const before = await publish();
    expect(before.get('archive/by_region.tsv')?.split('\n').length).toBe(3);
    await done('update ip regions');
    const after = await publish();
    const changed = [...after].filter(([file, text]) => before.get(file) !== text);
    expect(changed.map(([file]) => file).filter((file) => !/by_region|totals/.test(file))).toEqual(
      [],
    );
    expect(changed.length).toBeGreaterThan(3);
    expect((await done('update ip regions')).toDo).toBe(0);
    expect(await publish()).toEqual(after);
  });

  it('come with "update" alone, with coordinates, the same as step by step', async () => {
    sandbox.write('log', logText(LINES));
    expect(await done('update --from logs --quiet')).toMatchObject({ stopped: false });
    const summaries = join(sandbox.cache, 'summaries');
    const tree = readTree(summaries);
    const yaml = tree.get('region_codes_to_coordinates.yaml') ?? '';
    for (const region of ['AU', 'AWS/us-west-2', 'US/California', 'VPN', 'bogon']) {
      expect(yaml).toContain(`${region}:\n`);
    }
    // Nothing is new: nothing is asked, nothing is written.
    const asked = server.requests.length;
    await done('update --from logs --quiet');
    expect(server.requests.length).toBe(asked);
    expect(readTree(summaries)).toEqual(tree);
    rmSync(summaries, { recursive: true });
    await publish();
    expect((await run('update ip coordinates')).status).toBe(0);
    expect(readTree(summaries)).toEqual(tree);
  });

  it('of services come with "update" where only the lists are there, asking nobody', async () => {
    sandbox.write('log', logText(LINES));
    const env = { IPINFO_API_KEY: '' };
    await done('update --from logs --quiet', { env });
    expect(await done('stats')).toMatchObject({
      cloud: 4,
      vpn: 1,
      github: 1,
      bogon: 2,
      missing: 6,
    });
    expect(server.requests).toEqual([]);
  });

  it('do not keep "update" from publishing when the service fails', async () => {
    sandbox.write('log', logText(LINES));
    server.always = { from: 0, trouble: { status: 403 } };
    const ended = await run('update --from logs --quiet');
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/^warning: /);
    const table = readTree(join(sandbox.cache, 'summaries')).get('archive/by_region.tsv');
    expect(table).toContain('\nmissing\t');
    expect(table).toContain('\nAWS/us-west-2\t');
    server.always = { from: 0, trouble: { status: 429, headers: { 'retry-after': '0' } } };
    expect((await run('update --from logs --quiet')).status).toBe(5);
    server.always = undefined;
    await done('update --from logs --quiet');
    expect(readTree(join(sandbox.cache, 'summaries')).get('archive/by_region.tsv')).not.toContain(
      '\nmissing\t',
    );
  });

  it('survive 500, 429, invalid JSON and a hang', async () => {
    await extract(LINES);
    server.troubles.push(
      { status: 500, text: 'oops' },
      { status: 429, headers: { 'retry-after': '0' } },
      'invalid JSON',
      'hang',
    );
    expect(await done('update ip regions --timeout 1')).toMatchObject({
      lookedUp: 4,
      remaining: 0,
    });
    expect(server.requests.length).toBe(5);
    expectSealed(CLIENTS.map(([address]) => address));
  });

  it('keep what was found when the quota ends in mid-batch, and go on from there', async () => {
    const { addresses, lines } = crowd(2500);
    for (const address of addresses) SAYS.set(address, place(address, 'PE', 'Lima'));
    await extract(lines);
    server.troubles.push(undefined, { quotaAfter: 400 });
    const ended = await run('update ip regions');
    expect(ended.status).toBe(5);
    expect(ended.json).toMatchObject({ lookedUp: 1400, remaining: 1100, quotaReached: true });
    expect(ended.stderr).toContain('1,100 requesters still to do');
    expect(await done('stats')).toMatchObject({
      determined: 1400,
      undetermined: 600,
      missing: 500,
    });
    expect(await done('update ip regions')).toMatchObject({ toDo: 1100, lookedUp: 1100 });
    expect(server.answered.length).toBe(2500);
    expect(new Set(server.answered)).toEqual(new Set(addresses));
    expectSealed(addresses);
  });

  it('say so when the quota is used up from the start, and change nothing', async () => {
    await extract(LINES);
    server.always = { from: 0, trouble: { status: 429, headers: { 'retry-after': '0' } } };
    const ended = await run('update ip regions');
    expect(ended.status).toBe(5);
    expect(ended.json).toMatchObject({ services: 6, bogons: 2, remaining: 6, quotaReached: true });
    expect(await done('stats')).toMatchObject({ missing: 6, undetermined: 0 });
  });

  it('are not asked for with a wrong token, which is not told', async () => {
    await extract(LINES);
    const ended = await run('update ip regions', { env: { IPINFO_API_KEY: 'wr0ngT0ken' } });
    expect(ended.status).toBe(1);
    expect(ended.json.error.code).toBe('INVALID_IPINFO_KEY');
    expect(ended.stdout + ended.stderr).not.toContain('wr0ngT0ken');
    expect(server.requests.length).toBe(1);
  });

  it('need a lookup, unless offline', async () => {
    await extract(LINES);
    const env = { IPINFO_API_KEY: '' };
    const ended = await run('update ip regions', { env });
    expect([ended.status, ended.json.error.code]).toEqual([2, 'NO_LOOKUP']);
    expect(await done('update ip regions --offline', { env })).toMatchObject({
      services: 6,
      bogons: 2,
      remaining: 6,
    });
    expect(server.requests).toEqual([]);
  });

  it('need a cache, and make none', async () => {
    for (const command of ['update ip regions', 'update ip refresh', 'stats']) {
      const ended = await run(command);
      expect([command, ended.status, ended.json.error.code]).toEqual([command, 1, 'NO_CACHE']);
    }
    expect(readTree(sandbox.cache).size).toBe(0);
  });

  it.each(['--batch-limit -1', '--batch-limit 1.5', '--timeout 0'])('refuse %s', async (option) => {
    const ended = await run(`update ip regions ${option.replace(' ', '=')}`);
    expect([ended.status, ended.json.error.code]).toEqual([2, 'INVALID_LOOKUP_OPTION']);
  });

  it('are asked for no address twice that was saved, wherever the command is killed', async () => {
    const { addresses, lines } = crowd(8000);
    for (const address of addresses) SAYS.set(address, place(address, 'PE', 'Lima'));
    await extract(lines);
    server.delayMs = 60;
    for (const requests of [2, 5, 6]) {
      const { child, ended } = sandbox.start(['update', 'ip', 'regions']);
      while (server.requests.length < requests) await wait(5);
      await wait((requests % 3) * 30);
      child.kill('SIGKILL');
      expect((await ended).signal).toBe('SIGKILL');
    }
    const before = new Set(server.answered);
    const { determined } = await done('stats');
    // Each kill lost at most the batch in hand.
    expect(determined).toBeGreaterThanOrEqual(before.size - 3000);
    const firstOfRest = server.answered.length;
    expect((await done('update ip regions')).toDo).toBe(addresses.length - determined);
    expect(server.answered.length - firstOfRest).toBe(addresses.length - determined);
    expect(new Set(server.answered)).toEqual(new Set(addresses));
    expect(await done('stats')).toMatchObject({ determined: 8000, missing: 0 });
    expectSealed(addresses.slice(0, 500));
  });

  it('stop after the batch in hand when asked to', async () => {
    const { addresses, lines } = crowd(5000);
    for (const address of addresses) SAYS.set(address, place(address, 'PE', 'Lima'));
    await extract(lines);
    server.delayMs = 200;
    const { child, ended } = sandbox.start(['update', 'ip', 'regions', '--json']);
    while (server.requests.length < 2) await wait(5);
    child.kill('SIGTERM');
    const { status, json } = await ended;
    expect(status).toBe(0);
    expect(json.stopped).toBe(true);
    expect(server.requests.length).toBe(2);
    expect(await done('stats')).toMatchObject({ determined: 2000, missing: 3000 });
  });

  it('are refreshed, once due, with the changes logged and published', async () => {
    await extract(LINES);
    await done('update ip regions');
    expect(await done('update ip refresh')).toMatchObject({ due: 0 });
    await makeOld();
    SAYS.set('8.8.8.8', place('8.8.8.8', 'JP', 'Tokyo'));
    SAYS.set('1.1.1.1', { ip: '1.1.1.1' });
    expect(await done('update ip refresh')).toMatchObject({ due: 12, checked: 12, changed: 1 });
    expect(await done('update ip refresh')).toMatchObject({ due: 0 });
    const logs = [...readTree(join(sandbox.cache, 'ips', 'changes')).values()];
    expect(logs).toEqual(['from_region\tto_region\trequesters\nUS/California\tJP/Tokyo\t1\n']);
    const table = (await publish()).get('archive/by_region.tsv');
    expect(table).toMatch(/\nAU\t.*\nJP\/Tokyo\t/s);
    expect(table).not.toContain('US/California');
    expectSealed(CLIENTS.map(([address]) => address));
  });

  it('come from a database, 200,000 of them, without token and network', async () => {
    const count = 200_000;
    const { addresses, lines } = crowd(count);
    await extract(lines);
    const database = join(sandbox.root, 'city.mmdb');
    writeFileSync(
      database,
      writeMmdb([
        [
          '2a01::/16',
          { country: { iso_code: 'CL' }, subdivisions: [{ names: { en: 'Valparaíso' } }] },
        ],
        ['80.0.0.0/8', { country: { iso_code: 'US' } }],
        ['80.1.0.0/16', { country: { iso_code: 'US' }, subdivisions: [{ names: { en: 'Ohio' } }] }],
      ]),
    );
    const env = { IPINFO_API_KEY: '' };
    const args = `update ip regions --database ${database}`;
    expect(await done(args, { env })).toMatchObject({ toDo: count, lookedUp: count, remaining: 0 });
    expect(server.requests).toEqual([]);
    expect(await done(args, { env })).toMatchObject({ toDo: 0 });
    const inOhio = addresses.filter((address) => address.startsWith('80.1.')).length;
    const inChile = addresses.filter((address) => address.includes(':')).length;
    const tree = await publish();
    const rows = [
      ['CL/Valparaíso', inChile],
      ['US', count - inChile - inOhio],
      ['US/Ohio', inOhio],
    ] as const;
    const text = rows.map(([region, n]) => `${region}\t${5 * n}\t${round(n)}\t${round(n)}\n`);
    expect(tree.get('archive/by_region.tsv')?.split('\n').slice(1).join('\n')).toBe(text.join(''));
    expectSealed(addresses.slice(0, 100));
  }, 180_000);
});

/** Let all regions have been looked up in 1970. */
async function makeOld(): Promise<void> {
  const paths = cachePaths(sandbox.cache);
  const directory = regionsDirectory(paths);
  const files = readdirSync(directory);
  const engine = await openEngine(paths);
  try {
    await engine.run(
      'make old',
      `COPY (SELECT * REPLACE (1::BIGINT AS checked) FROM ${regionStateRelation(paths)})
       TO '${join(directory, 'old.parquet')}' (FORMAT parquet)`,
    );
  } finally {
    engine.close();
  }
  for (const file of files) rmSync(join(directory, file));
}

/** As {@link expectedTotals} has them: numbers as strings. */
function totalsOf(text: string | undefined): Record<string, string> {
  const quoted = (text ?? '').replace(/: (\d+)/g, ': "$1"');
  return JSON.parse(quoted) as Record<string, string>;
}

/** The nearest multiple of 20, half to even. */
function round(n: number): number {
  const below = Math.floor(n / 20);
  const rest = n - 20 * below;
  return 20 * (rest > 10 || (rest === 10 && below % 2 === 1) ? below + 1 : below);
}
