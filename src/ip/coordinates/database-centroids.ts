import { regionCodeOf } from '../lookup/region-code.js';
import type { MmdbValue } from './mmdb-decode.js';
import { openMmdbWalk } from './mmdb-walk.js';
import { type Point, pointOf } from './point.js';

export interface DatabaseAnswers {
  /** Which database it was: another edition may know more. */
  readonly edition: string;
  /** Centroids of the codes that have networks with a location. */
  readonly points: ReadonlyMap<string, Point>;
  /** Records with a location, of whatever region. */
  readonly located: number;
}

/** Names in records from which {@link regionCodeOf} and {@link locationOf} read. */
const WANTED = new Set(
  'bogon country countryCode country_code geo iso_code latitude lat lng location loc longitude names en region state1 subdivisions'.split(
    ' ',
  ),
);

/**
 * Where regions are, by a database: for each code the centroid of its networks' locations, that is
 * the direction of the sum of their unit vectors, so that regions across 180° come out
 * right. Goes through the whole database once; memory is bounded whatever its size.
 *
 * @returns undefined when stopped on request
 * @throws {MmdbError}
 */
export async function databaseCentroids(
  path: string,
  codesFor: (edition: string) => ReadonlySet<string>,
  shouldStop: () => boolean,
): Promise<DatabaseAnswers | undefined> {
  const database = openMmdbWalk(path);
  try {
    const { edition } = database;
    const sums = new Map([...codesFor(edition)].map((code) => [code, { x: 0, y: 0, z: 0, n: 0 }]));
    let located = 0;
    if (sums.size === 0) return { edition, points: new Map(), located };
    const add = (record: MmdbValue, networks: number): void => {
      const point = locationOf(record);
      if (point === undefined) return;
      located++;
      const sum = sums.get(regionCodeOf(record) ?? '');
      if (sum === undefined) return;
      const [latitude, longitude] = point.map((degrees) => (degrees * Math.PI) / 180);
      sum.x += networks * Math.cos(latitude) * Math.cos(longitude);
      sum.y += networks * Math.cos(latitude) * Math.sin(longitude);
      sum.z += networks * Math.sin(latitude);
      sum.n += networks;
    };
    if (!(await database.records((name) => WANTED.has(name), add, shouldStop))) return undefined;
    const points = new Map<string, Point>();
    for (const [code, sum] of sums) {
      const point = directionOf(sum);
      if (point !== undefined) points.set(code, point);
    }
    return { edition, points, located };
  } finally {
    database.close();
  }
}

interface Sum {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly n: number;
}

/** Undefined for nothing, and for places that cancel each other out all around the globe. */
function directionOf({ x, y, z, n }: Sum): Point | undefined {
  if (Math.hypot(x, y, z) < 1e-6 * n || n === 0) return undefined;
  const degrees = 180 / Math.PI;
  return pointOf(Math.atan2(z, Math.hypot(x, y)) * degrees, Math.atan2(y, x) * degrees);
}

/**
 * The location in a record: nested as GeoLite2 and DB-IP have it, flat as IPinfo has it
 * (`latitude`, or `lat` as text), or `loc` as in the answers of its service. 0°, 0° stands for "not known".
 */
function locationOf(record: MmdbValue): Point | undefined {
  if (!isMap(record)) return undefined;
  const { location, geo, loc } = record;
  const [locLatitude, locLongitude] = typeof loc === 'string' ? loc.split(',') : [];
  for (const place of [isMap(location) ? location : {}, record, isMap(geo) ? geo : {}]) {
    const latitude = place.latitude ?? place.lat ?? locLatitude;
    const longitude = place.longitude ?? place.lng ?? locLongitude;
    const point = pointOf(numberOf(latitude), numberOf(longitude));
    if (point !== undefined && (point[0] !== 0 || point[1] !== 0)) return point;
  }
  return undefined;
}

function numberOf(value: unknown): unknown {
  return typeof value === 'string' && /^-?[0-9]{1,3}(\.[0-9]{1,20})?$/.test(value)
    ? Number(value)
    : value;
}

function isMap(value: MmdbValue | undefined): value is Readonly<Record<string, MmdbValue>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
