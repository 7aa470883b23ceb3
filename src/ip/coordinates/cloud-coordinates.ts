import { AWS_REGIONS } from './aws-regions.js';
import { AZURE_REGIONS } from './azure-regions.js';
import { COUNTRY_POINTS } from './country-points.js';
import { GCP_REGIONS } from './gcp-regions.js';
import { countryName } from './place-name.js';
import type { Point, PointTable } from './point.js';

const CLOUDS: ReadonlyMap<string, PointTable> = new Map([
  ['AWS', AWS_REGIONS],
  ['GCP', GCP_REGIONS],
  ['Azure', AZURE_REGIONS],
]);

/** A region of a cloud: at its announced place, else in the middle of the country its name tells. */
export interface CloudCoordinates {
  readonly source: 'cloud' | 'cloud country';
  readonly point: Point;
}

/** Undefined for what is no cloud region, or a new one whose name tells no country. */
export function cloudCoordinates(code: string): CloudCoordinates | undefined {
  const [cloud, region] = splitCloud(code);
  const known = CLOUDS.get(cloud)?.get(region);
  if (known !== undefined) return { source: 'cloud', point: known };
  const country = CLOUDS.has(cloud) ? countryOfNewRegion(cloud, region) : undefined;
  const point = country === undefined ? undefined : COUNTRY_POINTS.get(country);
  return point === undefined ? undefined : { source: 'cloud country', point };
}

function splitCloud(code: string): [cloud: string, region: string] {
  const slash = code.indexOf('/');
  return slash === -1 ? [code, ''] : [code.slice(0, slash), code.slice(slash + 1)];
}

/**
 * First parts of AWS and GCP names that are countries. Most are not: `sa` is South America and not
 * Saudi Arabia, `me` the Middle East, `af` Africa.
 */
const COUNTRY_PARTS: Readonly<Record<string, ReadonlyMap<string, string>>> = {
  AWS: new Map(['ca', 'cn', 'il', 'mx', 'us'].map((part) => [part, part.toUpperCase()])),
  GCP: new Map([
    ['us', 'US'],
    ['australia', 'AU'],
  ]),
};

/** ISO code of the country that the name of a region tells, which no table has yet. */
function countryOfNewRegion(cloud: string, region: string): string | undefined {
  if (cloud !== 'Azure') return COUNTRY_PARTS[cloud]?.get(region.split('-', 1)[0] as string);
  // Azure writes a direction before or after a country: `eastus9`, `swedenfar`.
  if (/us[0-9]*$/.test(region)) return 'US';
  if (region.startsWith('uk')) return 'GB';
  if (region.startsWith('uae')) return 'AE';
  let best: [country: string, length: number] | undefined;
  for (const country of COUNTRY_POINTS.keys()) {
    const name = plainName(countryName(country));
    if (name.length > (best?.[1] ?? 3) && region.includes(name)) best = [country, name.length];
  }
  return best?.[0];
}

function plainName(name: string): string {
  return name
    .normalize('NFD')
    .toLowerCase()
    .replace(/[^a-z]/g, '');
}
