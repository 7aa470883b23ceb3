import { describe, expect, it } from 'vitest';
import { AWS_REGIONS } from '../../../src/ip/coordinates/aws-regions.js';
import { AZURE_REGIONS } from '../../../src/ip/coordinates/azure-regions.js';
import { COUNTRY_POINTS } from '../../../src/ip/coordinates/country-points.js';
import { fixedCoordinates } from '../../../src/ip/coordinates/fixed-coordinates.js';
import { GCP_REGIONS } from '../../../src/ip/coordinates/gcp-regions.js';
import { countryName, placeOf } from '../../../src/ip/coordinates/place-name.js';
import { pointOf } from '../../../src/ip/coordinates/point.js';
import { REGION_POINTS } from '../../../src/ip/coordinates/region-points.js';

const TABLES = { COUNTRY_POINTS, REGION_POINTS, AWS_REGIONS, GCP_REGIONS, AZURE_REGIONS };

describe('our own tables', () => {
  it.each(Object.entries(TABLES))('%s holds points on the globe, none of them 0, 0', (_, table) => {
    expect(table.size).toBeGreaterThan(30);
    for (const [code, point] of table) {
      expect(pointOf(...point), code).toEqual(point);
      expect(Math.abs(point[0]) + Math.abs(point[1]), code).toBeGreaterThan(0);
    }
  });

  it('hold every country of ISO 3166-1, and Kosovo', () => {
    expect(COUNTRY_POINTS.size).toBe(250);
    for (const code of COUNTRY_POINTS.keys()) {
      // What is no country's code has no name but itself.
      expect(countryName(code), code).not.toBe(code);
    }
  });

  it('hold no code that the engine of names takes for another, or none', () => {
    const letters = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZ'];
    const all = letters.flatMap((a) => letters.map((b) => a + b));
    // Reserved, transitional or grouping codes, which are in no list of countries.
    const others = new Set(
      'AC AN BU CP CQ CS DD DG DY EA EU EZ FX HV IC NH NT QO QU RH SU TA TP UK UN VD WK YD YU XA XB ZR ZZ'.split(
        ' ',
      ),
    );
    const missing = all.filter(
      (code) => countryName(code) !== code && !COUNTRY_POINTS.has(code) && !others.has(code),
    );
    expect(missing).toEqual([]);
  });

  it('put regions near their country', () => {
    for (const [code, [latitude, longitude]] of REGION_POINTS) {
      const [countryLatitude, countryLongitude] = COUNTRY_POINTS.get(
        placeOf(code)?.country as string,
      ) as [number, number];
      const turn = Math.abs(longitude - countryLongitude);
      expect(Math.abs(latitude - countryLatitude), code).toBeLessThan(30);
      expect(Math.min(turn, 360 - turn), code).toBeLessThan(80);
    }
  });

  it('write names as Unicode composes them', () => {
    for (const code of REGION_POINTS.keys()) expect(code).toBe(code.normalize('NFC'));
  });
});

describe('fixedCoordinates', () => {
  it.each(['VPN', 'GitHub', 'unknown', 'undetermined', 'missing', 'bogon', 'Azure', 'AWS/GLOBAL'])(
    'knows that %s is no place',
    (label) => {
      expect(fixedCoordinates(label)).toEqual({ source: 'label' });
    },
  );

  it.each([
    ['US', 'built-in', 39.8, -98.6],
    ['US/California', 'built-in', 36.7, -119.4],
    ['CL/Valparaíso', 'built-in', -32.8, -71.2],
    ['AWS/us-east-2', 'cloud', 39.96, -83],
    ['GCP/us-central1', 'cloud', 41.26, -95.86],
    ['Azure/westeurope', 'cloud', 52.37, 4.9],
    ['Azure/germanywc', 'cloud', 50.11, 8.68],
  ])('places %s: %s', (code, source, latitude, longitude) => {
    expect(fixedCoordinates(code)).toEqual({ source, point: [latitude, longitude] });
  });

  it.each([
    ['AWS/us-north-9', 'US'],
    ['AWS/mx-west-1', 'MX'],
    ['GCP/us-north9', 'US'],
    ['GCP/australia-west1', 'AU'],
    ['Azure/eastus9', 'US'],
    ['Azure/uknorth9', 'GB'],
    ['Azure/malaysiafar', 'MY'],
    ['Azure/northcolombia', 'CO'],
  ])('puts the new cloud region %s in the middle of %s', (code, country) => {
    const point = COUNTRY_POINTS.get(country);
    expect(fixedCoordinates(code)).toEqual({ source: 'cloud country', point });
  });

  it.each([
    'AWS/sa-north-1',
    'AWS/me-east-9',
    'AWS/eu-west-99',
    'GCP/europe-west99',
    'Azure/nowhere',
    'DE/Bavaria',
    'XX',
    '',
    'toString',
    'AWS/',
    '/',
    'AWS/constructor',
  ])('does not guess where %j is', (code) => {
    expect(fixedCoordinates(code)).toBeUndefined();
  });
});
