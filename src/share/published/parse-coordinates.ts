import { parse } from 'yaml';

/** Degrees north and east; null for labels that are at no place. */
export type CoordinatesByRegion = ReadonlyMap<
  string,
  { readonly latitude: number; readonly longitude: number } | null
>;

/** @param text of `region_codes_to_coordinates.yaml`, known to be what was published */
export function parseCoordinates(text: string): CoordinatesByRegion {
  const points = parse(text, { mapAsMap: true, maxAliasCount: 0 }) as ReadonlyMap<
    string,
    ReadonlyMap<string, number | null>
  >;
  return new Map(
    [...points].map(([code, point]) => {
      const latitude = point.get('latitude') ?? null;
      const longitude = point.get('longitude') ?? null;
      return [code, latitude === null || longitude === null ? null : { latitude, longitude }];
    }),
  );
}
