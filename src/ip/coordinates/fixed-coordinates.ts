import { cloudCoordinates } from './cloud-coordinates.js';
import { COUNTRY_POINTS } from './country-points.js';
import type { Point } from './point.js';
import { REGION_POINTS } from './region-points.js';

/** Labels that stand for no place: published with null coordinates. */
const LABELS: ReadonlySet<string> = new Set([
  'GitHub',
  'VPN',
  'bogon',
  'missing',
  'undetermined',
  'unknown',
  // What a cloud announces from everywhere, or does not place.
  'AWS/GLOBAL',
  'Azure',
  'GCP/global',
]);

/** What we know without asking anybody. */
export type FixedCoordinates =
  | { readonly source: 'label' }
  | { readonly source: 'built-in' | 'cloud' | 'cloud country'; readonly point: Point };

/**
 * Coordinates of a region code from our own tables: labels without a place, countries and
 * troublesome regions, cloud regions. Undefined when it takes a geocoder or a database.
 */
export function fixedCoordinates(code: string): FixedCoordinates | undefined {
  if (LABELS.has(code)) return { source: 'label' };
  const point = COUNTRY_POINTS.get(code) ?? REGION_POINTS.get(code);
  return point === undefined ? cloudCoordinates(code) : { source: 'built-in', point };
}
