/** What we use of it; the package brings no types. */
declare module 'topojson-client' {
  interface Geometry {
    readonly type: 'MultiPolygon';
    readonly coordinates: readonly (readonly (readonly (readonly [number, number])[])[])[];
  }
  interface FeatureCollection {
    readonly features: readonly { readonly geometry: Geometry }[];
  }
  export function feature(topology: unknown, object: unknown): FeatureCollection;
}
