import {
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type Engine, openEngine } from '../../cache/engine.js';
import { checksFile, knownChecks, PublishedChecksWriter } from '../../cache/published-checks.js';
import { PublishedState } from '../../cache/published-state.js';
import { publishCoordinates } from '../../src/ip/coordinates/publish-coordinates.js';
import { holdsAddress } from '../../src/ip/holds-address.js';
import { privacyRules } from '../../src/summarize/privacy.js';
import { OUTPUTS, publishSummaries } from '../../src/summarize/publish-summaries.js';
import { updateTotals } from '../../src/summarize/update-totals.js';
import { publishedFindings } from '../../validation/published-files.js';
import { readTree } from '../support/published-tree.js';
import { SyntheticCache, type SyntheticRecord } from '../support/synthetic-cache.js';

let cache: SyntheticCache;
let engine: Engine;

beforeEach(async () => {
  cache = new SyntheticCache();
  engine = await openEngine(cache.paths, { threads: 1 });
  await cache.commit([record('a/x'), record('b/x')]);
});

afterEach(() => {
  engine.close();
  cache.remove();
});

function record(key: string, change: Partial<SyntheticRecord> = {}): SyntheticRecord {
  return { key, time: 1_700_000_000, requester: 1, bytesSent: 10n, download: true, ...change };
}

/** As the nightly update does. */
async function publish(): Promise<void> {
  const since = new PublishedState(cache.paths, []);
  await publishSummaries(cache.paths, engine, OUTPUTS, {
    rules: privacyRules(),
    since,
    threads: 1,
  });
  since.note();
}

function isCurrent(): boolean {
  return new PublishedState(cache.paths, []).isCurrent();
}

/** Claims that do not hold, with the files; and how many files are not known. */
function look(): { found: string[]; unknown: number } {
  const found: string[] = [];
  const findings = publishedFindings(cache.paths);
  for (;;) {
    const next = findings.next();
    if (next.done) return { found: found.sort(), unknown: next.value.unknown };
    found.push(`${next.value.claim} ${next.value.file.slice(cache.paths.root.length + 1)}`);
    expect(next.value.what).not.toMatch(/198\.51|2001:db8/);
  }
}

function published(name: string): string {
  return join(cache.paths.summaries, name);
}

/** Change a file so that neither its size nor its time tells. */
function damage(path: string): void {
  const { atime, mtime } = statSync(path);
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] as number) ^ 1;
  writeFileSync(path, bytes);
  utimesSync(path, atime, mtime);
}

describe('published-intact', () => {
  it('holds for what was published, night after night, in parts or together', async () => {
    expect(look()).toEqual({ found: [], unknown: 0 });
    await publish();
    expect(look()).toEqual({ found: [], unknown: 0 });
    await cache.commit([record('b/y'), record('c/x')]);
    await updateTotals(cache.paths, engine, { threads: 1 });
    expect(look()).toEqual({ found: [], unknown: 0 });
    await publish();
    await publishCoordinates(cache.paths, new Map([['US/Ohio', [1, 2]]]), () => {});
    expect(look()).toEqual({ found: [], unknown: 0 });
    await publishCoordinates(cache.paths, new Map(), () => {});
    for (const name of readdirSync(cache.paths.commits)) rmSync(join(cache.paths.commits, name));
    await publish();
    expect(readTree(cache.paths.summaries).size).toBe(0);
    expect(look()).toEqual({ found: [], unknown: 0 });
    expect(knownChecks(cache.paths)?.files.size).toBe(0);
  });

  it('is refuted by any file that was changed, removed, exchanged or put there', async () => {
    await publish();
    await publishCoordinates(cache.paths, new Map([['US/Ohio', [1, 2]]]), () => {});
    const all = [...readTree(cache.paths.summaries).keys()];
    expect(all).toHaveLength(14);
    for (const name of all) {
      const intact = readFileSync(published(name));
      damage(published(name));
      expect(look().found).toEqual([`published-intact summaries/${name}`]);
      rmSync(published(name));
      expect(look().found).toEqual([`published-intact summaries/${name}`]);
      symlinkSync('elsewhere', published(name));
      expect(look().found).toEqual([`published-intact summaries/${name}`]);
      rmSync(published(name));
      writeFileSync(published(name), intact);
    }
    mkdirSync(published('gone'));
    writeFileSync(published('gone/by_day.tsv'), 'an orphan');
    writeFileSync(published('gone/README'), 'not one of ours');
    renameSync(published('a'), published('swapped'));
    expect(look().found).toEqual(
      [
        'gone/by_day.tsv',
        ...all.filter((name) => name.startsWith('a/')),
        ...all
          .filter((name) => name.startsWith('a/'))
          .map((name) => name.replace('a/', 'swapped/')),
      ]
        .map((name) => `published-intact summaries/${name}`)
        .sort(),
    );
  });

  it('is not known for what an earlier version published, until the next update', async () => {
    await publish();
    const expected = readTree(cache.paths.summaries);
    rmSync(checksFile(cache.paths));
    expect(look()).toEqual({ found: [], unknown: expected.size });
    // The earlier version's damage must not be taken for what is right.
    damage(published('a/by_day.tsv'));
    expect(isCurrent()).toBe(false);
    await updateTotals(cache.paths, engine, { threads: 1 });
    expect(look()).toEqual({ found: [], unknown: expected.size - 1 });
    expect(isCurrent()).toBe(false);
    await publish();
    expect(readTree(cache.paths.summaries)).toEqual(expected);
    expect(look()).toEqual({ found: [], unknown: 0 });
    expect(isCurrent()).toBe(true);
  });

  it('is refuted by damaged checks, which are made anew with all tables', async () => {
    await publish();
    const expected = readTree(cache.paths.summaries);
    damage(checksFile(cache.paths));
    expect(look().found).toEqual(['published-intact rollups/published-checks.json']);
    damage(published('a/by_day.tsv'));
    await publish();
    expect(readTree(cache.paths.summaries)).toEqual(expected);
    expect(look()).toEqual({ found: [], unknown: 0 });
  });

  it('holds between noting checks and replacing files, and after a run was killed there', async () => {
    await publish();
    const writer = new PublishedChecksWriter(cache.paths);
    writer.add('a/by_day.tsv', '0123456789abcdef');
    writer.add('z/by_day.tsv', '0123456789abcdef');
    writer.begin();
    expect(look().found).toEqual([]);
    expect(isCurrent()).toBe(false);
    await publish();
    expect(look().found).toEqual([]);
    expect(isCurrent()).toBe(true);
    expect(
      [...(knownChecks(cache.paths)?.files ?? [])].filter(([, { length }]) => length > 1),
    ).toEqual([]);
  });
});

describe('no-raw-address', () => {
  it('is refuted by an address where neither dataset nor asset is named', async () => {
    await publish();
    writeFileSync(published('a/by_region.tsv'), 'region\tbytes_sent\n198.51.100.7\t1\n');
    writeFileSync(published('archive/by_region.tsv'), 'region\tbytes_sent\n2001:db8::7\t1\n');
    writeFileSync(published('a/by_asset.tsv'), 'asset_path\n198.51.100.7\t1\n');
    expect(look().found.filter((finding) => finding.startsWith('no-raw'))).toEqual([
      'no-raw-address summaries/a/by_region.tsv',
      'no-raw-address summaries/archive/by_region.tsv',
    ]);
  });

  it('knows an address when it sees one', () => {
    const addresses = [
      ...['198.51.100.7', '"8.8.8.8"', '\t1.2.3.4\n', '[::1]', '::ffff:8.8.8.8', 'fe80::1%eth0'],
      ...['2001:db8::', '2001:DB8:0:0:1:2:3:4', 'x 2001:db8::1.', 'US/1.2.3.4'],
      ...['198.51.100.7:443', 'ip198.51.100.7', 'US/ip:2001:db8::1', '2001:db8:1:2:3:4:5:6:443'],
      ...['v1.2.3.4x', '198.051.100.007'],
      ...['ip2001:db8::7x', 'q2001:db8:1:2:3:4:5:6z', '2001%3adb8%3A%3a7', '198%2e51.100%2E7'],
      `${'x'.repeat(200)}2001:db8::7`,
    ];
    for (const text of addresses) expect([text, holdsAddress(text)]).toEqual([text, true]);
    const others = [
      ...[
        '2024-01-01\t12\t34',
        'AWS/us-east-2',
        '1.2.3',
        '1.2.3.4.5',
        '256.1.1.1',
        'a::b: c',
        '12:34:56',
      ],
      ...[
        '12:34:56',
        'std::vector',
        '::',
        'a::b::c',
        'ace::dec::x1',
        'latitude: 12.5\nlongitude: -1.25',
      ],
    ];
    for (const text of others) expect([text, holdsAddress(text)]).toEqual([text, false]);
  });
});
