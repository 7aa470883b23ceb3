import { expect, test } from 'vitest';
import { countCountries, countryOfRegion } from '../../src/summarize/country.js';

test('a region names its country, or none', () => {
  const countries: readonly (readonly [string, string | undefined])[] = [
    ['US/California', 'US'],
    ['US', 'US'],
    ['DE/Berlin', 'DE'],
    ['AWS/us-east-2', 'US'],
    ['AWS/eu-west-1', 'EU'],
    ['AWS/GLOBAL', 'GLOBAL'],
    ['GCP/us-central1', 'US'],
    ['Azure/westeurope', undefined],
    ['AWS', undefined],
    ['VPN', undefined],
    ['GitHub', undefined],
    ['unknown', undefined],
    ['undetermined', undefined],
    ['missing', undefined],
    ['bogon', undefined],
    ['', undefined],
  ];
  for (const [region, country] of countries) expect(countryOfRegion(region)).toBe(country);
});

test('countries are counted once each', () => {
  expect(countCountries(['US', 'US/Texas', 'AWS/us-east-1', 'DE/Berlin', 'VPN'])).toBe(2);
  expect(countCountries([])).toBe(0);
});
