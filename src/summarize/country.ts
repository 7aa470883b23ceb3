const SPECIAL = new Set(['VPN', 'GitHub', 'unknown', 'undetermined', 'missing', 'bogon']);

/**
 * The country of a region as totals count it, or undefined where the region names none: the code
 * before `/`; of an AWS or GCP region the first part of the cloud's region, upper case
 * (`AWS/us-east-2` is `US`). Azure's names and the special labels say no country.
 */
export function countryOfRegion(region: string): string | undefined {
  const slash = region.indexOf('/');
  const first = slash === -1 ? region : region.slice(0, slash);
  const rest = slash === -1 ? '' : region.slice(slash + 1);
  if (first === '' || first === 'Azure' || SPECIAL.has(first)) return undefined;
  if (first !== 'AWS' && first !== 'GCP') return first;
  const part = rest.split('-', 1)[0] as string;
  return part === '' ? undefined : part.toUpperCase();
}

/** How many different countries the regions name. */
export function countCountries(regions: Iterable<string>): number {
  const countries = new Set<string>();
  for (const region of regions) {
    const country = countryOfRegion(region);
    if (country !== undefined) countries.add(country);
  }
  return countries.size;
}
