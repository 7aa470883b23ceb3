/** Latitude, then longitude, in degrees (WGS 84). */
export type Point = readonly [latitude: number, longitude: number];

export type PointTable = ReadonlyMap<string, Point>;

/** Four decimals are eleven metres: more than a region needs, and text that does not change. */
const SCALE = 10_000;

/** The point, rounded, or undefined when it is none on the globe. */
export function pointOf(latitude: unknown, longitude: unknown): Point | undefined {
  if (typeof latitude !== 'number' || typeof longitude !== 'number') return undefined;
  // Written so that NaN is refused, too.
  if (!(Math.abs(latitude) <= 90) || !(Math.abs(longitude) <= 180)) return undefined;
  const east = rounded(longitude);
  return [rounded(latitude), east === -180 ? 180 : east];
}

function rounded(degrees: number): number {
  // Adding zero makes a negative zero positive.
  return Math.round(degrees * SCALE) / SCALE + 0;
}
