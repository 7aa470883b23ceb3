import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { openMmdbLookup } from '../../../src/ip/lookup/mmdb-lookup.js';
import { type MmdbOptions, type MmdbValue, writeMmdb } from '../../support/mmdb-writer.js';
import { rawIp } from '../../support/raw-ip.js';
import { scratchDirectory } from '../../support/scratch.js';

const NETWORKS: readonly (readonly [string, MmdbValue])[] = [
  ['5.0.0.0/8', { country: { iso_code: 'US' } }],
  ['5.6.0.0/16', { country: { iso_code: 'CL' }, subdivisions: [{ names: { en: 'Valparaíso' } }] }],
  ['6.6.6.0/24', {}],
  ['2a00::/16', { country_code: 'DE', region: 'Hesse' }],
];

function file(content: Uint8Array): string {
  const path = join(scratchDirectory(), 'city.mmdb');
  writeFileSync(path, content);
  return path;
}

async function regions(addresses: string[], options: MmdbOptions = {}) {
  const networks = NETWORKS.filter(([cidr]) => options.ipVersion !== 4 || !cidr.includes(':'));
  const lookup = await openMmdbLookup(file(writeMmdb(networks, options)));
  return (await lookup.lookUp(addresses.map(rawIp))).results;
}

describe('a database file', () => {
  for (const recordSize of [24, 28, 32] as const) {
    it(`tells regions of both kinds of addresses, records of ${recordSize} bits`, async () => {
      const asked = [
        '5.1.1.1',
        '5.6.255.255',
        '5.7.0.0',
        '6.6.6.6',
        '7.7.7.7',
        '2a00::1',
        '2b00::',
      ];
      expect(await regions(asked, { recordSize })).toEqual([
        'US',
        'CL/Valparaíso',
        'US',
        'unknown',
        'unknown',
        'DE/Hesse',
        'unknown',
      ]);
    });
  }

  it('for IPv4 alone says nothing of IPv6', async () => {
    const asked = ['5.6.7.8', '500::', '2a00::1'];
    expect(await regions(asked, { ipVersion: 4 })).toEqual(['CL/Valparaíso', 'unknown', 'unknown']);
  });

  it.each([
    ['is not there', () => join(scratchDirectory(), 'none.mmdb'), /ENOENT/],
    ['is something else', () => file(Buffer.from('not a database')), /no MaxMind database/],
    ['is packed', () => file(gzipSync(writeMmdb(NETWORKS))), /no MaxMind database/],
    [
      'has no countries',
      () => file(writeMmdb([['1.0.0.0/8', { autonomous_system_number: 64500 }]])),
      /name no country/,
    ],
  ])('that %s is refused', async (_, make, why) => {
    const path = make();
    const error = await openMmdbLookup(path).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'INVALID_DATABASE' });
    expect((error as Error).message).toMatch(why);
    expect((error as Error).message).toContain(path);
  });
});
