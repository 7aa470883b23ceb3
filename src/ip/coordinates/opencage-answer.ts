import { countryCodes, type Place } from './place-name.js';
import { type Point, pointOf } from './point.js';

/** What OpenCage says where a place is: a point, nothing that fits, or something unintelligible. */
export type OpenCageAnswer =
  | { readonly kind: 'found'; readonly point: Point }
  | { readonly kind: 'none' }
  | { readonly kind: 'invalid' };

/**
 * Read the first result of a geocoding response. A result in another country, or one that is only
 * the country itself, is no answer to the question where a region is.
 *
 * @param response parsed JSON of any shape
 */
export function readOpenCageAnswer(response: unknown, place: Place): OpenCageAnswer {
  const results = member(response, 'results');
  if (!Array.isArray(results)) return { kind: 'invalid' };
  if (results.length === 0) return { kind: 'none' };
  const geometry = member(results[0], 'geometry');
  const point = pointOf(member(geometry, 'lat'), member(geometry, 'lng'));
  if (point === undefined) return { kind: 'invalid' };
  const components = member(results[0], 'components');
  const type = member(components, '_type');
  if (type === 'country' || type === 'continent') return { kind: 'none' };
  const countries = ['ISO_3166-1_alpha-2', 'country_code']
    .map((name) => member(components, name))
    .filter((code) => typeof code === 'string')
    .map((code) => code.toUpperCase());
  const accepted = countryCodes(place.country);
  const fits = countries.length === 0 || countries.some((code) => accepted.includes(code));
  return fits ? { kind: 'found', point } : { kind: 'none' };
}

function member(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null
    ? (value as Record<string, unknown>)[name]
    : undefined;
}
