import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type CachePaths, cachePaths } from '../../../cache/paths.js';
import {
  type UpdateCoordinatesOptions,
  updateCoordinates,
} from '../../../src/ip/coordinates/update-coordinates.js';
import { writeMmdb } from '../../support/mmdb-writer.js';
import {
  found,
  nothingFound,
  type OpenCageScript,
  openCageServer,
  quotaUsedUp,
  refused,
} from '../../support/opencage-server.js';
import { scratchDirectory } from '../../support/scratch.js';

const KEY = 'k3y-that-must-not-show-0123456';
const DAY_MS = 86_400_000;
const NOW = Date.UTC(2026, 10, 23);

function newPaths(): CachePaths {
  const paths = cachePaths(join(scratchDirectory(), 'cache'));
  mkdirSync(paths.root);
  return paths;
}

type Options = Partial<UpdateCoordinatesOptions> & { readonly url?: string };

function update(paths: CachePaths, regions: readonly string[], options: Options = {}) {
  const { url, ...rest } = options;
  return updateCoordinates({
    paths,
    regions,
    env: url === undefined ? {} : { OPENCAGE_API_KEY: KEY, OPENCAGE_API_URL: url },
    opencage: { requestsPerSecond: 1000, backoffMs: 1, timeoutMs: 5_000 },
    now: () => NOW,
    ...rest,
  });
}

function published(paths: CachePaths): Record<string, unknown> {
  return parse(readFileSync(join(paths.summaries, 'region_codes_to_coordinates.yaml'), 'utf8'));
}

function kept(paths: CachePaths): Record<string, unknown> {
  return JSON.parse(readFileSync(join(paths.root, 'ips', 'coordinates.json'), 'utf8'));
}

/** Answers by region: latitude is the length of the question, longitude its country's letters. */
const answering: OpenCageScript = ({ q, countrycode }) =>
  found(q.length, countrycode.charCodeAt(0) / 10, { country_code: countrycode.slice(0, 2) });

const REGIONS = ['DE/Bavaria', 'DE/Hesse', 'FR/Brittany', 'JP/東京', 'PL/Łódź'];

function cityDatabase(epochName = 'Test-City'): string {
  const record = (country: string, region: string, latitude: number, longitude: number) => ({
    country: { iso_code: country },
    location: { latitude, longitude },
    subdivisions: [{ names: { en: region } }],
  });
  const path = join(scratchDirectory(), 'city.mmdb');
  writeFileSync(
    path,
    writeMmdb(
      [
        ['1.0.0.0/8', record('DE', 'Bavaria', 48.5, 11.5)],
        ['2.0.0.0/8', record('FR', 'Brittany', 48.25, 0.5)],
      ],
      { type: epochName },
    ),
  );
  return path;
}

describe('updateCoordinates', () => {
  it('publishes every kind of region code, without any service', async () => {
    const paths = newPaths();
    const warnings: string[] = [];
    const codes = [
      ...['GitHub', 'VPN', 'US/California', 'US', 'bogon', 'unknown', 'undetermined', 'missing'],
      ...[
        'AWS/us-east-2',
        'GCP/us-central1',
        'Azure/westeurope',
        'CL/Valparaíso',
        'NO',
        'AWS/us-new-7',
      ],
      'DE/Bavaria',
    ];
    const result = await update(paths, codes, { onWarning: (text) => warnings.push(text) });
    expect(result).toEqual({
      codes: 15,
      sources: { label: 6, 'built-in': 4, cloud: 3, 'cloud country': 1 },
      answered: 0,
      unresolved: ['DE/Bavaria'],
      pending: [],
      quota: false,
      stopped: false,
      file: 'written',
    });
    expect(warnings).toEqual([expect.stringContaining('OPENCAGE_API_KEY')]);
    const none = { latitude: null, longitude: null };
    expect(published(paths)).toEqual({
      'AWS/us-east-2': { latitude: 39.96, longitude: -83 },
      'AWS/us-new-7': { latitude: 39.8, longitude: -98.6 },
      'Azure/westeurope': { latitude: 52.37, longitude: 4.9 },
      'CL/Valparaíso': { latitude: -32.8, longitude: -71.2 },
      'GCP/us-central1': { latitude: 41.26, longitude: -95.86 },
      GitHub: none,
      NO: { latitude: 61.5, longitude: 9 },
      US: { latitude: 39.8, longitude: -98.6 },
      'US/California': { latitude: 36.7, longitude: -119.4 },
      VPN: none,
      bogon: none,
      missing: none,
      undetermined: none,
      unknown: none,
    });
    // Nothing was asked for, so nothing is kept.
    expect(readdirSync(paths.root).sort()).toEqual(['rollups', 'summaries']);
  });

  it('asks OpenCage for the rest, once, in order, and keeps the answers in private', async () => {
    const paths = newPaths();
    const { url, requests } = await openCageServer(answering);
    const regions = (async function* () {
      yield* [...REGIONS].reverse();
      yield* REGIONS;
    })();
    const result = await update(paths, [], { url, regions });
    expect(result).toMatchObject({ codes: 5, sources: { opencage: 5 }, answered: 5, pending: [] });
    expect(requests.map(({ q }) => q)).toEqual([
      'Bavaria, Germany',
      'Hesse, Germany',
      'Brittany, France',
      '東京, Japan',
      'Łódź, Poland',
    ]);
    expect(kept(paths)['DE/Bavaria']).toEqual({ latitude: 16, longitude: 10, source: 'opencage' });
    expect(published(paths)['JP/東京']).toEqual({ latitude: 9, longitude: 10.6 });
    expect(statSync(join(paths.root, 'ips', 'coordinates.json')).mode & 0o777).toBe(0o600);
    expect(statSync(join(paths.summaries, 'region_codes_to_coordinates.yaml')).mode & 0o777).toBe(
      0o644,
    );

    const again = await update(paths, REGIONS, { url });
    expect(again).toMatchObject({ answered: 0, file: 'unchanged' });
    expect(requests).toHaveLength(5);
  });

  it('publishes the codes in use only, and no file when there are none', async () => {
    const paths = newPaths();
    await update(paths, ['US', 'DE']);
    expect((await update(paths, ['DE'])).file).toBe('written');
    expect(Object.keys(published(paths))).toEqual(['DE']);
    expect((await update(paths, [])).file).toBe('removed');
    expect(readdirSync(paths.summaries)).toEqual([]);
    expect((await update(paths, [])).file).toBe('unchanged');
  });

  it('asks no service for what is no region of a country', async () => {
    const { url, requests } = await openCageServer(answering);
    const codes = ['AWS/eu-new-1', 'XX/Nowhere', 'EU', 'A1', 'DE/', '/Bavaria', ''];
    const result = await update(newPaths(), codes, { url });
    expect(requests).toEqual([]);
    expect(result).toMatchObject({ unresolved: [...codes].sort(), pending: [] });
  });

  it('remembers for 30 days what OpenCage does not know', async () => {
    const paths = newPaths();
    const { url, requests } = await openCageServer((_, n) => (n < 3 ? nothingFound : found(50, 9)));
    const on = (day: number) =>
      update(paths, ['DE/Atlantis'], { url, now: () => NOW + day * DAY_MS });
    expect(await on(0)).toMatchObject({ answered: 1, unresolved: ['DE/Atlantis'], pending: [] });
    expect(await on(29)).toMatchObject({ answered: 0, unresolved: ['DE/Atlantis'], pending: [] });
    expect(requests).toHaveLength(1);
    expect(await on(30)).toMatchObject({ answered: 1, unresolved: ['DE/Atlantis'] });
    // A clock that was wrong then does not keep it from being asked for.
    expect(await on(-100)).toMatchObject({ answered: 1, unresolved: [], sources: { opencage: 1 } });
  });

  it('stops kindly when the quota is used up, and goes on from there another day', async () => {
    const paths = newPaths();
    let isUsedUp = true;
    const { url, requests } = await openCageServer((request, n) =>
      n > 2 && isUsedUp ? quotaUsedUp : answering(request, n),
    );
    const result = await update(paths, [...REGIONS, 'US'], { url });
    expect(result).toMatchObject({
      answered: 2,
      quota: true,
      pending: ['FR/Brittany', 'JP/東京', 'PL/Łódź'],
      unresolved: [],
    });
    expect(requests).toHaveLength(3);
    expect(Object.keys(published(paths))).toEqual(['DE/Bavaria', 'DE/Hesse', 'US']);
    isUsedUp = false;
    expect(await update(paths, REGIONS, { url })).toMatchObject({ answered: 3, quota: false });
    expect(requests).toHaveLength(6);
  });

  it('publishes what it can before it says that the key is refused', async () => {
    const paths = newPaths();
    const { url, requests } = await openCageServer((request, n) =>
      n > 1 ? refused(401, `invalid API key ${KEY}`) : answering(request, n),
    );
    const error = await update(paths, [...REGIONS, 'US'], { url }).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'OPENCAGE_KEY_REFUSED' });
    expect(requests).toHaveLength(2);
    expect(Object.keys(published(paths))).toEqual(['DE/Bavaria', 'US']);
    expect(readFileSync(join(paths.root, 'ips', 'coordinates.json'), 'utf8')).not.toContain(KEY);
  });

  it('passes over a region that makes the service fail, and says so at the end', async () => {
    const paths = newPaths();
    const { url } = await openCageServer((request, n) =>
      request.q.startsWith('Hesse') ? refused(500, 'oops') : answering(request, n),
    );
    await expect(update(paths, REGIONS, { url })).rejects.toMatchObject({
      code: 'OPENCAGE_UNAVAILABLE',
      message: expect.stringContaining('status 500'),
    });
    expect(Object.keys(published(paths))).toHaveLength(4);
  });

  it('gives up on a service that is down', async () => {
    const { url, requests } = await openCageServer(() => refused(503, 'down'));
    await expect(update(newPaths(), REGIONS, { url })).rejects.toMatchObject({
      code: 'OPENCAGE_UNAVAILABLE',
    });
    // Three regions, three times each.
    expect(requests).toHaveLength(9);
  });

  it('ends on request after the answer that is on its way, and keeps it', async () => {
    const paths = newPaths();
    let isStopping = false;
    const { url, requests } = await openCageServer((request, n) => {
      isStopping = n === 2;
      return answering(request, n);
    });
    const result = await update(paths, REGIONS, { url, shouldStop: () => isStopping });
    expect(result).toMatchObject({ stopped: true, answered: 2, quota: false });
    expect(result.pending).toHaveLength(3);
    expect(requests).toHaveLength(2);
    expect(Object.keys(published(paths))).toHaveLength(2);
  });

  it('writes nothing once the lock is lost', async () => {
    const paths = newPaths();
    const { url } = await openCageServer(answering);
    const assertHeld = () => {
      throw new Error('lost');
    };
    await expect(update(paths, REGIONS, { url, assertHeld })).rejects.toThrow('lost');
    expect(readdirSync(paths.root)).toEqual([]);
  });

  it('finds the rest in a database, which needs no key', async () => {
    const paths = newPaths();
    const database = cityDatabase();
    const result = await update(paths, REGIONS, { database });
    expect(result).toMatchObject({
      sources: { database: 2 },
      unresolved: ['DE/Hesse', 'JP/東京', 'PL/Łódź'],
      pending: [],
    });
    expect(kept(paths)['FR/Brittany']).toEqual({
      latitude: 48.25,
      longitude: 0.5,
      source: 'database',
    });
    // Another edition is asked again for what this one does not have.
    await update(paths, REGIONS, { database: cityDatabase('Other-City') });
    const { tried } = kept(paths)['DE/Hesse'] as { tried: Record<string, string> };
    expect(Object.keys(tried)).toEqual([expect.stringContaining('Other-City')]);
  });

  it('lets the database step in for what OpenCage does not know or has no quota for', async () => {
    const { url } = await openCageServer((_, n) => (n === 1 ? nothingFound : quotaUsedUp));
    const result = await update(newPaths(), ['DE/Bavaria', 'DE/Hesse', 'FR/Brittany'], {
      url,
      database: cityDatabase(),
    });
    expect(result).toMatchObject({ sources: { database: 2 }, quota: true, pending: ['DE/Hesse'] });
  });

  it('tells of a wrong database before any question is spent', async () => {
    const { url, requests } = await openCageServer(answering);
    const database = join(scratchDirectory(), 'none.mmdb');
    await expect(update(newPaths(), REGIONS, { url, database })).rejects.toMatchObject({
      code: 'MMDB_UNREADABLE',
    });
    expect(requests).toEqual([]);
  });

  it('says that a database of countries has no locations, and asks it again', async () => {
    const path = join(scratchDirectory(), 'country.mmdb');
    writeFileSync(path, writeMmdb([['1.0.0.0/8', { country: { iso_code: 'DE' } }]]));
    const paths = newPaths();
    for (let run = 0; run < 2; run++) {
      const warnings: string[] = [];
      await update(paths, ['DE/Hesse'], {
        database: path,
        onWarning: (text) => warnings.push(text),
      });
      expect(warnings).toEqual([expect.stringContaining('no locations')]);
    }
  });

  it.each([
    '{',
    '[]',
    '{"DE/Hesse": {"latitude": 91, "longitude": 0, "source": "x"}}',
    '{"DE/Hesse": 5}',
  ])('refuses to go on from %s, and says what to do', async (text) => {
    const paths = newPaths();
    mkdirSync(join(paths.root, 'ips'));
    writeFileSync(join(paths.root, 'ips', 'coordinates.json'), text);
    await expect(update(paths, ['DE'])).rejects.toMatchObject({
      code: 'COORDINATES_DAMAGED',
      hint: expect.stringContaining('remove it'),
    });
  });
});
