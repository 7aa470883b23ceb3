import { cleanName } from '../ip/lookup/region-code.js';

const LABELS: ReadonlySet<string> = new Set(['GitHub', 'VPN', 'bogon']);
const CLOUD = /^(?:AWS|GCP|Azure)\/[A-Za-z0-9-]{1,60}$/;
const PLACE = /^([A-Z]{2})(?:\/(.+))?$/s;

/**
 * The region code that a label of the Python tool stands for; undefined of what it could not find out (`unknown`,
 * `undetermined`), and of anything that is no label of a service, a cloud or a country.
 */
export function regionLabel(label: string): string | undefined {
  if (LABELS.has(label) || CLOUD.test(label)) return label;
  const place = PLACE.exec(label);
  if (place === null) return undefined;
  const [, country, region] = place;
  const name = region === undefined ? undefined : cleanName(region);
  return name === undefined ? country : `${country}/${name}`;
}

/** Whether the tool told it from lists of addresses. */
export function isService(code: string): boolean {
  return LABELS.has(code) || CLOUD.test(code);
}
