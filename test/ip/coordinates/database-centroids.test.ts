import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { databaseCentroids } from '../../../src/ip/coordinates/database-centroids.js';
import { decodeMmdb } from '../../../src/ip/coordinates/mmdb-decode.js';
import { MmdbError, MmdbFile } from '../../../src/ip/coordinates/mmdb-file.js';
import { type MmdbOptions, type MmdbValue, writeMmdb } from '../../support/mmdb-writer.js';
import { scratchDirectory } from '../../support/scratch.js';

function city(country: string, region: string, latitude: number, longitude: number): MmdbValue {
  return {
    city: { names: { de: 'Irgendwo', en: 'Somewhere' } },
    country: { iso_code: country, names: { en: 'A country' } },
    location: { accuracy_radius: 20, latitude, longitude, time_zone: 'Etc/UTC' },
    subdivisions: [{ iso_code: 'X', names: { en: region } }],
  };
}

function database(
  networks: readonly (readonly [string, MmdbValue])[],
  options?: MmdbOptions,
): string {
  const path = join(scratchDirectory(), 'test.mmdb');
  writeFileSync(path, writeMmdb(networks, options));
  return path;
}

async function centroids(path: string, ...codes: string[]) {
  const found = await databaseCentroids(
    path,
    () => new Set(codes),
    () => false,
  );
  return found === undefined ? undefined : Object.fromEntries(found.points);
}

describe('databaseCentroids', () => {
  const networks = [
    ['1.0.0.0/16', city('DE', 'Bavaria', 48, 11)],
    ['1.1.0.0/16', city('DE', 'Bavaria', 50, 11)],
    ['2a00::/32', city('DE', 'Bavaria', 49, 11)],
    ['2.0.0.0/8', city('DE', 'Hesse', 50.5, 9)],
    ['3.0.0.0/8', city('FJ', 'Northern', -16.5, 179.5)],
    ['4.0.0.0/8', city('FJ', 'Northern', -16.5, -179.5)],
  ] as const;

  it.each([24, 28, 32] as const)('finds them in a tree with records of %i bits', async (bits) => {
    const path = database(networks, { recordSize: bits });
    expect(await centroids(path, 'DE/Bavaria', 'DE/Hesse', 'FJ/Northern', 'FR/Corsica')).toEqual({
      'DE/Bavaria': [49, 11],
      'DE/Hesse': [50.5, 9],
      // Between the two across 180°, not on the other side of the earth.
      'FJ/Northern': [expect.closeTo(-16.5, 1), 180],
    });
  });

  it('reads a database of IPv4 alone, and flat records with text for numbers', async () => {
    const path = database(
      [
        ['1.0.0.0/8', { country_code: 'DE', region: 'Bavaria', lat: '48.5', lng: '11.5' }],
        ['2.0.0.0/8', { country: 'DE', region: 'Hesse', loc: '50.5,9.25' }],
      ],
      { ipVersion: 4 },
    );
    expect(await centroids(path, 'DE/Bavaria', 'DE/Hesse')).toEqual({
      'DE/Bavaria': [48.5, 11.5],
      'DE/Hesse': [50.5, 9.25],
    });
  });

  it('weighs each network once, however its record is stored', async () => {
    const path = database([
      ['1.0.0.0/8', city('DE', 'Bavaria', 0.5, 0)],
      ['5.0.0.0/8', city('DE', 'Bavaria', 0.5, 0)],
      ['9.0.0.0/8', city('DE', 'Bavaria', 0.5, 0)],
      ['13.0.0.0/8', city('DE', 'Bavaria', 0.5, 4)],
    ]);
    // A quarter of the way from 0° to 4°, less what the arc is off the parallel.
    expect((await centroids(path, 'DE/Bavaria'))?.['DE/Bavaria']).toEqual([0.5002, 0.9997]);
  });

  it('leaves places out that are none: out of range, not known, opposite each other', async () => {
    const path = database([
      ['1.0.0.0/8', city('DE', 'Bavaria', 91, 11)],
      ['2.0.0.0/8', city('DE', 'Hesse', 0, 0)],
      ['3.0.0.0/8', city('DE', 'Saxony', 0, 20.5)],
      ['4.0.0.0/8', city('DE', 'Saxony', 0, -159.5)],
      ['5.0.0.0/8', { country: { iso_code: 'DE' } }],
    ]);
    expect(await centroids(path, 'DE/Bavaria', 'DE/Hesse', 'DE/Saxony', 'DE')).toEqual({});
  });

  it('stops on request', async () => {
    const path = database(networks);
    expect(
      await databaseCentroids(
        path,
        () => new Set(['DE/Hesse']),
        () => true,
      ),
    ).toBeUndefined();
  });

  it.each([
    ['empty', Buffer.alloc(0)],
    ['something else', Buffer.from('PK\x03\x04 not a database at all')],
    ['metadata without its values', Buffer.from('\xab\xcd\xefMaxMind.com\xe0', 'latin1')],
    ['a tree longer than the file', writeMmdb([['1.0.0.0/8', 'x']]).subarray(400)],
  ])('refuses a file that is %s', async (_, bytes) => {
    const path = join(scratchDirectory(), 'bad.mmdb');
    writeFileSync(path, bytes);
    await expect(centroids(path, 'DE/Hesse')).rejects.toBeInstanceOf(MmdbError);
  });

  it('ends on every damaged byte in a result or in an error that names the file', async () => {
    const good = writeMmdb(networks.slice(0, 3), { ipVersion: 6 });
    const path = join(scratchDirectory(), 'damaged.mmdb');
    let refused = 0;
    for (let at = good.length - 600; at < good.length; at += 3) {
      const bytes = Buffer.from(good);
      bytes[at] ^= 0xff;
      writeFileSync(path, bytes);
      await centroids(path, 'DE/Bavaria').catch((error: unknown) => {
        expect(error).toBeInstanceOf(MmdbError);
        refused++;
      });
    }
    expect(refused).toBeGreaterThan(0);
  });

  it('says why a file that is not there cannot be read', async () => {
    await expect(centroids('/no/such/file.mmdb', 'DE/Hesse')).rejects.toThrow(/ENOENT/);
  });
});

describe('decodeMmdb', () => {
  function decode(bytes: number[], offset = 0): unknown {
    const path = join(scratchDirectory(), 'data');
    writeFileSync(path, Buffer.from(bytes));
    const file = new MmdbFile(path);
    try {
      return decodeMmdb(file, 0, offset, (name) => name !== 'skip');
    } finally {
      file.close();
    }
  }
  const text = (value: string) => [0x40 + value.length, ...Buffer.from(value)];

  it('follows pointers of every size, also for names', () => {
    // "en" at 0; a map at 3: pointer to it as a name, "x" as its value; then the pointers.
    const data = [...text('en'), 0xe1, 0x20, 0x00, ...text('x')];
    const at = data.length;
    expect(decode([...data, 0x20, 3], at)).toEqual({ en: 'x' });
    expect(decode([...data, 0x38, 0, 0, 0, 3], at)).toEqual({ en: 'x' });
    // Two bytes count from 2048, three from 526336: beyond this file.
    expect(() => decode([...data, 0x28, 0, 3], at)).toThrow(MmdbError);
    const far = Buffer.alloc(2048 + 3);
    far.set([0x28, 0, 0]);
    far.set([0x42, 0x68, 0x69], 2048);
    expect(decode([...far])).toBe('hi');
  });

  it('passes over what is not wanted, whatever its type', () => {
    const skipped = [
      [...text('text')],
      [0x68, 0x40, 0x48, 0, 0, 0, 0, 0, 0],
      [0xc2, 1, 2],
      [0x01, 0x07],
      [0xe1, ...text('a'), ...text('b')],
      [0x02, 0x04, ...text('a'), ...text('b')],
      [0x20, 0],
      [0x5d, 1, ...Buffer.alloc(30)],
    ];
    for (const value of skipped) {
      const map = [0xe2, ...text('skip'), ...value, ...text('k'), ...text('v')];
      expect(decode(map), String(value)).toEqual({ k: 'v' });
    }
  });

  it('reads numbers, and leaves what it cannot hold', () => {
    expect(decode([0x68, 0x40, 0x48, 0, 0, 0, 0, 0, 0])).toBe(48);
    expect(decode([0x04, 0x08, 0x41, 0x40, 0, 0])).toBe(12);
    expect(decode([0xa2, 1, 0])).toBe(256);
    expect(decode([0x04, 0x01, 0xff, 0xff, 0xff, 0xfe])).toBe(-2);
    expect(decode([0x08, 0x02, 1, 2, 3, 4, 5, 6, 7, 8])).toBeNull();
    expect(decode([0x01, 0x07])).toBe(true);
    expect(decode([0x00, 0x07])).toBe(false);
  });

  it('refuses pointers in a circle and records that never end', () => {
    expect(() => decode([0x20, 0])).toThrow(MmdbError);
    // Each level holds the one below twice: 2^20 values in 100 bytes.
    const bomb = text('x');
    let below = 0;
    for (let level = 0; level < 20; level++) {
      const at = bomb.length;
      bomb.push(0x02, 0x04, 0x20, below, 0x20, below);
      below = at;
    }
    expect(() => decode(bomb, below)).toThrow(MmdbError);
  });
});
