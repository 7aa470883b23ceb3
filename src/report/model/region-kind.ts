/** What kind of place requests came from, in the order in which it is told. */
export const REGION_KINDS = {
  countries: 'Countries and their regions',
  AWS: 'Amazon Web Services',
  GCP: 'Google Cloud',
  Azure: 'Microsoft Azure',
  GitHub: 'GitHub',
  VPN: 'VPN services',
  unknown: 'Not located',
} as const;

export type RegionKind = keyof typeof REGION_KINDS;

const UNLOCATED = new Set(['', 'unknown', 'undetermined', 'missing', 'bogon']);

/** @param region as published: `US/California`, `AWS/us-east-2`, `VPN`, `missing` */
export function kindOfRegion(region: string): RegionKind {
  const [first] = region.split('/', 1);
  if (UNLOCATED.has(first)) return 'unknown';
  return first !== 'countries' && Object.hasOwn(REGION_KINDS, first)
    ? (first as RegionKind)
    : 'countries';
}
