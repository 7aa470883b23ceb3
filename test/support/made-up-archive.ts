import { AWS_REGIONS } from '../../src/ip/coordinates/aws-regions.js';
import { COUNTRY_POINTS } from '../../src/ip/coordinates/country-points.js';
import { GCP_REGIONS } from '../../src/ip/coordinates/gcp-regions.js';
import type { ReportSource } from '../../src/report/index.js';
import type { PublishedTable } from '../../src/share/published/parse-table.js';
import type { PublishedTotals } from '../../src/share/published/parse-totals.js';
import { publishedCount } from '../../src/summarize/privacy.js';
import { compareCodePoints } from '../../src/summarize/text-order.js';

export interface MadeUpOptions {
  readonly datasets?: number;
  readonly days?: number;
  /** Names of the first datasets, those with most bytes. */
  readonly names?: readonly string[];
  readonly assetPath?: (dataset: number, asset: number) => string;
  readonly assets?: number;
  readonly regions?: boolean;
  readonly coordinates?: boolean;
  readonly totals?: boolean;
}

interface Sums {
  bytes: bigint;
  requests: number;
  downloads: number;
}

const COLUMNS = ['bytes_sent', 'number_of_requests', 'number_of_downloads'];
const FIRST_DAY = Date.UTC(2023, 2, 6) / 86_400_000;

/** Published tables of an archive that there is not: the same for the same options, few datasets large and many small. */
export function madeUpArchive(options: MadeUpOptions = {}): ReportSource {
  const { datasets = 1000, days = 1000, names = [], assets = 24 } = options;
  const random = generator(7);
  const tables = new Map<string, PublishedTable>();
  const requesters = new Map<string, string>();
  const totals = new Map<string, PublishedTotals>();
  const all = { day: new Map<string, Sums>(), region: new Map<string, Sums>() };
  const places = options.regions === false ? [['missing', null] as const] : [...allPlaces()];
  const list = Array.from({ length: datasets }, (_, d) => {
    const name = names[d] ?? String(d + 1 - names.length).padStart(6, '0');
    return { name, folder: `folder-${d}`, tables: [] as string[] };
  });
  list.forEach(({ name, folder }, d) => {
    const weight = 1 / (d + 1.5);
    const begin = Math.floor(random() ** 2 * days * 0.8);
    const chance = Math.min(1, 0.15 + 12 * weight);
    const own = { day: new Map<string, Sums>(), region: new Map<string, Sums>() };
    for (let day = begin; day < days; day++) {
      if (day !== begin && random() > chance) continue;
      const bursts = random() > 0.97 ? 12 : 1;
      const season = 1 + 0.5 * Math.sin(day / 50) + day / days;
      const requests = 1 + Math.floor(4000 * weight * season * bursts * random() ** 2);
      const bytes = BigInt(Math.floor(requests * (2e6 + 9e7 * random())));
      const downloads = Math.floor(requests * (0.2 + 0.5 * random()));
      const region = places[Math.floor(random() ** 3 * places.length)][0];
      const sums = { bytes, requests, downloads };
      const date = new Date((FIRST_DAY + day) * 86_400_000).toISOString().slice(0, 10);
      for (const map of [own, all]) {
        add(map.day, date, sums);
        add(map.region, region, sums);
      }
    }
    const sum = total(own.day);
    tables.set(`${folder}/by_day.tsv`, table('date', own.day));
    tables.set(`${folder}/by_region.tsv`, table('region', own.region));
    tables.set(
      `${folder}/by_asset.tsv`,
      table('asset_path', assetsOf(sum, d, assets, random, options)),
    );
    totals.set(name, totalsOf(sum, own.region, d + 30));
    requesters.set(folder, String(publishedCount(BigInt(d + 30))));
  });
  tables.set('archive/by_day.tsv', table('date', all.day));
  tables.set('archive/by_region.tsv', table('region', all.region));
  return {
    rules: { threshold: 50, modulus: 20 },
    robots: 'include',
    changedAt: '2025-12-01T04:05:06.789Z',
    datasets: list.sort((a, b) => compareCodePoints(a.name, b.name)),
    table: (name) => tables.get(name),
    requesterCount: (folder) => requesters.get(folder),
    totals: () => (options.totals === false ? undefined : totals),
    archiveTotals: () =>
      options.totals === false ? undefined : totalsOf(total(all.day), all.region, 18_345),
    coordinates: () =>
      options.coordinates === false || options.regions === false ? undefined : new Map(places),
  };
}

function assetsOf(
  sum: Sums,
  dataset: number,
  count: number,
  random: () => number,
  { assetPath = usualPath }: MadeUpOptions,
): Map<string, Sums> {
  const assets = new Map<string, Sums>();
  for (let a = 0; a < count; a++) {
    const part = Math.floor((1000 * random()) / count);
    add(assets, assetPath(dataset, a), {
      bytes: (sum.bytes * BigInt(part)) / 1000n,
      requests: Math.floor((sum.requests * part) / 1000),
      downloads: Math.floor((sum.downloads * part) / 1000),
    });
  }
  return assets;
}

function usualPath(dataset: number, asset: number): string {
  const subject = String((dataset * 31 + asset * 7) % 900).padStart(3, '0');
  return `sub-${subject}/sub-${subject}_ses-2023${String(asset % 12).padStart(2, '0')}${dataset % 28}T${dataset * 977 + asset}_behavior+ecephys.nwb`;
}

type Point = { readonly latitude: number; readonly longitude: number } | null;

/** Likeliest first. */
function* allPlaces(): Generator<readonly [region: string, point: Point]> {
  yield ['US/California', { latitude: 37.2, longitude: -119.5 }];
  yield ['AWS/us-east-2', { latitude: 39.96, longitude: -83 }];
  yield ['US/Massachusetts', { latitude: 42.3, longitude: -71.8 }];
  yield ['GB/England', { latitude: 52.5, longitude: -1.3 }];
  yield ['DE/Bavaria', { latitude: 48.9, longitude: 11.4 }];
  yield ['GitHub', null];
  yield ['GCP/us-central1', { latitude: 41.26, longitude: -95.86 }];
  yield ['CN/Shanghai', { latitude: 31.2, longitude: 121.5 }];
  yield ['VPN', null];
  yield ['missing', null];
  yield ['Azure/westeurope', { latitude: 52.37, longitude: 4.9 }];
  for (const [code, [latitude, longitude]] of COUNTRY_POINTS) yield [code, { latitude, longitude }];
  for (const [name, [latitude, longitude]] of [...AWS_REGIONS].slice(0, 12)) {
    yield [`AWS/${name}`, { latitude, longitude }];
  }
  for (const [name, [latitude, longitude]] of [...GCP_REGIONS].slice(0, 9)) {
    yield [`GCP/${name}`, { latitude, longitude }];
  }
}

function add(map: Map<string, Sums>, name: string, { bytes, requests, downloads }: Sums): void {
  const sums = map.get(name) ?? { bytes: 0n, requests: 0, downloads: 0 };
  map.set(name, {
    bytes: sums.bytes + bytes,
    requests: sums.requests + requests,
    downloads: sums.downloads + downloads,
  });
}

function total(map: ReadonlyMap<string, Sums>): Sums {
  const sums = new Map<string, Sums>();
  for (const one of map.values()) add(sums, '', one);
  return sums.get('') ?? { bytes: 0n, requests: 0, downloads: 0 };
}

function table(first: string, map: ReadonlyMap<string, Sums>): PublishedTable {
  const rows = [...map]
    .sort(([a], [b]) => compareCodePoints(a, b))
    .map(([name, { bytes, requests, downloads }]) => [
      name,
      String(bytes),
      String(publishedCount(BigInt(requests))),
      String(publishedCount(BigInt(downloads))),
    ]);
  return { columns: [first, ...COLUMNS], rows };
}

function totalsOf(
  sum: Sums,
  regions: ReadonlyMap<string, Sums>,
  requesters: number,
): PublishedTotals {
  const count = (n: number): number | string => {
    const published = publishedCount(BigInt(n));
    return typeof published === 'bigint' ? Number(published) : published;
  };
  return {
    number_of_requesters: count(requesters),
    number_of_unique_countries: Math.min(regions.size, 190),
    number_of_unique_regions: regions.size,
    total_bytes_sent: sum.bytes,
    total_number_of_downloads: count(sum.downloads),
    total_number_of_requests: count(sum.requests),
  };
}

/** Numbers from 0 to 1 that are the same each time. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
