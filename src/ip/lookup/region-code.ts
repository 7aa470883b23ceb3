import { holdsAddress } from '../holds-address.js';

/**
 * The region code of what a lookup service or a database says of an address: `bogon`,
 * `<country>/<region>` or a bare `<country>`; undefined where no country is named.
 *
 * Understood are the answers of ipinfo (`country`, `region`; where its client has replaced the code
 * by a name, `countryCode`; `geo` in its newer plans) and the records of MaxMind databases, nested
 * as DB-IP and GeoLite2 have them (`country.iso_code`, `subdivisions[0].names.en`) or flat as
 * IPinfo and conversions have them (`country_code` or `country`, `region` or `state1`).
 *
 * Countries are two capital letters (ISO 3166-1), so that no answer can pose as `AWS` or `VPN`.
 */
export function regionCodeOf(place: unknown): string | undefined {
  if (!isObject(place)) return undefined;
  if (place.bogon === true) return 'bogon';
  const country = countryOf(place) ?? countryOf(place.geo);
  if (country === undefined) return undefined;
  const region = regionOf(place) ?? regionOf(place.geo);
  return region === undefined ? country : `${country}/${region}`;
}

/** What tables, logs and terminals must not meet: control, separator and direction characters. */
const UNSAFE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u200b\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]+/gu;

const LONGEST_NAME = 100;

/**
 * A name as it may stand in a region code: NFC, on one line, without `/`, which separates it from
 * the country (a hyphen takes its place); otherwise as given. Undefined when nothing is left, or an address stands in it.
 */
export function cleanName(name: string): string | undefined {
  const safe = name.normalize('NFC').replace(UNSAFE, ' ').replaceAll('/', '-');
  const words = safe.split(' ').filter((word) => word !== '');
  const short = [...words.join(' ')].slice(0, LONGEST_NAME).join('').trim();
  // A service that gives the address back as a name would have it published.
  return short === '' || holdsAddress(short) ? undefined : short;
}

type Place = Readonly<Record<string, unknown>>;

function countryOf(place: unknown): string | undefined {
  if (!isObject(place)) return undefined;
  const { country } = place;
  const nested = isObject(country) ? country.iso_code : country;
  const codes = [place.countryCode, place.country_code, nested];
  return codes.find((code): code is string => typeof code === 'string' && /^[A-Z]{2}$/.test(code));
}

function regionOf(place: unknown): string | undefined {
  if (!isObject(place)) return undefined;
  const { region, state1, subdivisions } = place;
  const first: unknown = Array.isArray(subdivisions) ? subdivisions[0] : undefined;
  const names = isObject(first) ? first.names : undefined;
  for (const name of [region, state1, isObject(names) ? names.en : undefined]) {
    const cleaned = typeof name === 'string' ? cleanName(name) : undefined;
    if (cleaned !== undefined) return cleaned;
  }
  return undefined;
}

function isObject(value: unknown): value is Place {
  return typeof value === 'object' && value !== null;
}
