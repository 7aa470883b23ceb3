import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Ended, Sandbox } from '../support/cli.js';
import { IpinfoServer, place } from '../support/ipinfo-server.js';
import { found, type OpenCageScript, openCageServer, refused } from '../support/opencage-server.js';
import { logText } from '../support/truth.js';

/** Regions of a country whose regions our own tables lack. */
const REGIONS = ['Ancash', 'Cusco', 'Junín', 'Lima', 'Piura', 'Puno'];
const ADDRESSES = REGIONS.map((_, i) => `190.40.${i}.7`);
const TOKEN = '0penCageT0ken';

let sandbox: Sandbox;
let ipinfo: IpinfoServer;

beforeEach(async () => {
  sandbox = new Sandbox();
  const places = new Map(
    ADDRESSES.map((ip, i) => [ip, place(ip, 'PE', REGIONS[i] as string)] as const),
  );
  ipinfo = await new IpinfoServer((ip) => places.get(ip)).start();
  const lines = ADDRESSES.map((ip, i) => ({
    key: 'ds1/x',
    time: 1_700_000_000,
    client: i + 1,
    ip,
    bytes: 1n,
  }));
  sandbox.write('log', logText(lines));
  await sandbox.done('extract', 'logs');
  const ranges = { SERVICE_RANGES_DIRECTORY: sandbox.logs };
  const ended = await sandbox.run(['update', 'ip', 'regions', '--json'], {
    env: { ...ipinfo.env, ...ranges },
  });
  expect(ended.json.lookedUp).toBe(REGIONS.length);
});

afterEach(() => ipinfo.stop());

async function coordinates(url: string, pace = 100): Promise<Ended> {
  const args = ['update', 'ip', 'coordinates', `--requests-per-second=${pace}`, '--json'];
  const ended = await sandbox.run(args, {
    env: { OPENCAGE_API_KEY: TOKEN, OPENCAGE_API_URL: url },
  });
  expect(ended.stdout + ended.stderr).not.toContain(TOKEN);
  return ended;
}

function published(): string {
  const path = join(sandbox.cache, 'summaries', 'region_codes_to_coordinates.yaml');
  return readFileSync(path, 'utf8');
}

/** A geocoder that places the n-th region at latitude -n. */
const answers: OpenCageScript = ({ q }) => {
  const n = REGIONS.findIndex((region) => q.startsWith(region));
  return found(-n - 1, -75, { country_code: 'pe' });
};

describe('coordinates through the command line', () => {
  it('are asked for once each, in the country, and published', async () => {
    const server = await openCageServer(answers);
    expect((await coordinates(server.url)).status).toBe(0);
    expect(server.requests.map(({ q }) => q.split(',')[0]).sort()).toEqual(REGIONS);
    expect(new Set(server.requests.map(({ countrycode }) => countrycode))).toEqual(new Set(['pe']));
    expect(published()).toContain('PE/Junín:\n  latitude: -3.0\n  longitude: -75.0\n');
    expect((await coordinates(server.url)).status).toBe(0);
    expect(server.requests).toHaveLength(REGIONS.length);
  });

  it('stop kindly when the quota is used up, and go on from there', async () => {
    const first = await openCageServer((request, n) =>
      n <= 2 ? answers(request, n) : { status: 402, body: { status: { code: 402 }, results: [] } },
    );
    const ended = await coordinates(first.url);
    expect(ended.status).toBe(5);
    expect(ended.json).toMatchObject({ answered: 2, quota: true });
    const second = await openCageServer(answers);
    expect((await coordinates(second.url)).status).toBe(0);
    expect(second.requests).toHaveLength(REGIONS.length - 2);
  });

  it('survive 500, 429 and invalid JSON', async () => {
    const troubles = [
      { status: 500, body: 'oops' },
      { status: 429, headers: { 'retry-after': '0' }, body: {} },
      { body: '{"results": [' },
    ];
    const server = await openCageServer((request, n) => troubles[n - 1] ?? answers(request, n));
    expect((await coordinates(server.url)).status).toBe(0);
    expect(published().match(/latitude/g)).toHaveLength(REGIONS.length);
  });

  it('are not had with a wrong key, which is told without the key', async () => {
    const server = await openCageServer(() => refused(403, 'your key is disabled'));
    // One at a time: none of the others is asked.
    const ended = await coordinates(server.url, 1);
    expect(ended.status).toBe(1);
    expect(ended.json.error.code).toMatch(/^[A-Z_]+$/);
    expect(server.requests).toHaveLength(1);
  });

  it('that cannot be read are told of with a code, and keep no table from being published', async () => {
    writeFileSync(join(sandbox.cache, 'ips', 'coordinates.json'), '{');
    const ended = await sandbox.run(['update', '--json'], {
      env: { SERVICE_RANGES_DIRECTORY: sandbox.logs },
    });
    expect(ended.status).toBe(1);
    expect(ended.stderr).toMatch(/^warning: .*coordinates\.json.*\n\[COORDINATES_DAMAGED\]$/m);
    expect(ended.json.failures).toEqual([
      {
        code: 'COORDINATES_DAMAGED',
        message: expect.stringContaining('coordinates.json'),
        hint: expect.stringContaining('remove it'),
      },
    ]);
    expect(existsSync(join(sandbox.cache, 'summaries', 'archive', 'by_day.tsv'))).toBe(true);
  });
});
