import { COUNTRY_POINTS } from './country-points.js';

/** A region of a country, as the lookup service names them: `US/California`. */
export interface Place {
  /** ISO 3166-1 alpha-2. */
  readonly country: string;
  readonly region: string;
}

/** The place that a region code names, when its country is one of ISO 3166-1. */
export function placeOf(code: string): Place | undefined {
  const slash = code.indexOf('/');
  if (slash === -1) return undefined;
  const country = code.slice(0, slash);
  const region = code.slice(slash + 1).trim();
  return region === '' || !COUNTRY_POINTS.has(country) ? undefined : { country, region };
}

const names = new Intl.DisplayNames('en', { type: 'region' });

/** English name of a country of ISO 3166-1. */
export function countryName(country: string): string {
  return names.of(country) ?? country;
}

/**
 * Places with an ISO code of their own that the map data behind geocoders may file under another
 * one. About data, not about anybody's claims.
 */
const FILED_UNDER: ReadonlyMap<string, string> = new Map([
  ...['AS', 'GU', 'MP', 'PR', 'UM', 'VI'].map((code) => [code, 'US'] as const),
  ...['BL', 'GF', 'GP', 'MF', 'MQ', 'NC', 'PF', 'PM', 'RE', 'TF', 'WF', 'YT'].map(
    (code) => [code, 'FR'] as const,
  ),
  ...['AW', 'BQ', 'CW', 'SX'].map((code) => [code, 'NL'] as const),
  ...['AI', 'BM', 'FK', 'GG', 'GI', 'GS', 'IM', 'IO', 'JE', 'KY', 'MS', 'PN', 'SH', 'TC', 'VG'].map(
    (code) => [code, 'GB'] as const,
  ),
  ...['CC', 'CX', 'HM', 'NF'].map((code) => [code, 'AU'] as const),
  ...['HK', 'MO', 'TW'].map((code) => [code, 'CN'] as const),
  ...['BV', 'SJ'].map((code) => [code, 'NO'] as const),
  ...['FO', 'GL'].map((code) => [code, 'DK'] as const),
  ...['CK', 'NU', 'TK'].map((code) => [code, 'NZ'] as const),
  ['AX', 'FI'],
  ['EH', 'MA'],
  ['XK', 'RS'],
]);

/** The codes under which a geocoder may know a country: its own first. */
export function countryCodes(country: string): string[] {
  const other = FILED_UNDER.get(country);
  return other === undefined ? [country] : [country, other];
}
