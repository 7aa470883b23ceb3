import fc from 'fast-check';
import { expect, test } from 'vitest';
import { cleanName, regionCodeOf } from '../../../src/ip/lookup/region-code.js';

const PLACES: readonly (readonly [what: string, place: unknown, code: string | undefined])[] = [
  ['ipinfo', { country: 'US', region: 'California', city: 'X' }, 'US/California'],
  ['ipinfo, non-ASCII', { country: 'CL', region: 'Valparaíso' }, 'CL/Valparaíso'],
  ['its client', { country: 'Chile', countryCode: 'CL', region: 'Maule' }, 'CL/Maule'],
  ['ipinfo, a country alone', { country: 'US' }, 'US'],
  ['ipinfo, an empty region', { country: 'US', region: '' }, 'US'],
  ['ipinfo, a bogon', { ip: 'x', bogon: true }, 'bogon'],
  ['ipinfo Core', { geo: { country: 'Peru', country_code: 'PE', region: 'Lima' } }, 'PE/Lima'],
  ['IPinfo Lite', { country: 'Peru', country_code: 'PE', continent: 'South America' }, 'PE'],
  [
    'GeoLite2 City and DB-IP',
    {
      country: { iso_code: 'FR', names: { en: 'France' } },
      subdivisions: [{ iso_code: 'BRE', names: { en: 'Brittany', fr: 'Bretagne' } }, {}],
    },
    'FR/Brittany',
  ],
  ['GeoLite2 Country', { country: { iso_code: 'FR', names: { en: 'France' } } }, 'FR'],
  ['flat', { country_code: 'DE', state1: 'Hesse' }, 'DE/Hesse'],
  ['no country', { region: 'California' }, undefined],
  ['nothing', {}, undefined],
  ['null', null, undefined],
  ['text', 'US', undefined],
  ['a country that is none', { country: 'AWS', region: 'us-east-1' }, undefined],
  ['a country in small letters', { country: 'us' }, undefined],
  ['odd members', { country: 'US', region: 7, subdivisions: 'x' }, 'US'],
];

test.each(PLACES)('%s is understood', (_, place, code) => {
  expect(regionCodeOf(place)).toBe(code);
});

test.each([
  ['Hawke\u0027s Bay', "Hawke's Bay"],
  ['Brussels/Bruxelles', 'Brussels-Bruxelles'],
  [' a\tb\r\nc\u0000 d ', 'a b c d'],
  ['Valparai\u0301so', 'Valparaíso'],
  ['\u202eabc\u2066', 'abc'],
  ['a\ud800b', 'a b'],
  ['\t\n', undefined],
])('the name %j becomes %j', (name, cleaned) => {
  expect(cleanName(name)).toBe(cleaned);
});

test('a cleaned name stands in one cell of one line and stays as it is', () => {
  const text = fc.oneof(fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }));
  fc.assert(
    fc.property(text, (name) => {
      const cleaned = cleanName(name);
      if (cleaned === undefined) return;
      expect(cleaned).not.toMatch(/[\p{Cc}\p{Cs}\u2028\u2029/]|^\s|\s$/u);
      expect(cleaned.normalize('NFC')).toBe(cleaned);
      expect(cleanName(cleaned)).toBe(cleaned);
    }),
  );
});
