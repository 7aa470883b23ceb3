import type { SyntheticRecord } from './synthetic-cache.js';

/** What is to be published of some records: path below `summaries/` -> content. */
export type Expected = Map<string, string>;

export interface OracleOptions {
  readonly regions?: ReadonlyMap<number, string>;
  readonly threshold?: number;
  readonly modulus?: number;
  /** Folder of a dataset. */
  readonly folderOf: (dataset: string) => string;
}

interface Sums {
  bytes: bigint;
  requests: number;
  downloads: number;
}

/** A second route to every published file: maps and sorts, no engine, nothing shared with it. */
export function expectedSummaries(
  records: readonly SyntheticRecord[],
  options: OracleOptions,
): Expected {
  const files: Expected = new Map();
  const byDataset = groupBy(records, (record) => record.key.split('/')[0] as string);
  for (const [dataset, own] of byDataset) {
    const folder = options.folderOf(dataset);
    addTables(files, folder, own, options);
    const byAsset = groupBy(own, ({ key }) => key.split('/').slice(1).join('/') || '.');
    const paths = [...byAsset.keys()].sort((a, b) => compareLists(a.split('/'), b.split('/')));
    const rows = paths.map((path) => row(path, byAsset.get(path) ?? [], options));
    files.set(`${folder}/by_asset.tsv`, table('asset_path', rows));
  }
  return files;
}

export function expectedArchive(
  records: readonly SyntheticRecord[],
  options: OracleOptions,
): Expected {
  const files: Expected = new Map();
  if (records.length > 0) addTables(files, 'archive', records, options);
  return files;
}

/** totals.json and archive_totals.json, as values of JSON with bigint as strings of digits. */
export function expectedTotals(
  records: readonly SyntheticRecord[],
  options: OracleOptions,
): Record<string, string> {
  const sums = sumUp(records);
  const regions = new Set(records.map((record) => regionOf(record, options)));
  const countries = new Set(
    [...regions].flatMap((region) => {
      const [first, second] = region.split('/') as [string, string | undefined];
      if (/^(VPN|GitHub|unknown|undetermined|missing|bogon|Azure)$/.test(first)) return [];
      if (first === 'AWS' || first === 'GCP') return [(second ?? '').split('-')[0]?.toUpperCase()];
      return [first];
    }),
  );
  return {
    number_of_requesters: count(requesters(records), options),
    number_of_unique_countries: String(countries.size),
    number_of_unique_regions: String(regions.size),
    total_bytes_sent: String(sums.bytes),
    total_number_of_downloads: count(sums.downloads, options),
    total_number_of_requests: count(sums.requests, options),
  };
}

function addTables(
  files: Expected,
  folder: string,
  records: readonly SyntheticRecord[],
  options: OracleOptions,
): void {
  const byDay = groupBy(records, ({ time }) => new Date(time * 1000).toISOString().slice(0, 10));
  const days = [...byDay.keys()].sort();
  files.set(
    `${folder}/by_day.tsv`,
    table(
      'date',
      days.map((day) => row(day, byDay.get(day) ?? [], options)),
    ),
  );
  const byRegion = groupBy(records, (record) => regionOf(record, options));
  const regions = [...byRegion.keys()].sort(compareRegions);
  files.set(
    `${folder}/by_region.tsv`,
    table(
      'region',
      regions.map((region) => row(region, byRegion.get(region) ?? [], options)),
    ),
  );
  files.set(`${folder}/requester_count.tsv`, count(requesters(records), options));
}

/** The regions of tests have digits at their end only, and are ASCII. */
function compareRegions(a: string, b: string): number {
  if (prefix(a) === prefix(b)) return numberIn(a) - numberIn(b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function prefix(region: string): string {
  return region.replace(/\d+$/, '');
}

function numberIn(region: string): number {
  return Number(/\d+$/.exec(region)?.[0] ?? '-1');
}

function requesters(records: readonly SyntheticRecord[]): number {
  return new Set(records.map(({ requester }) => requester).filter((n) => n !== 0)).size;
}

function regionOf({ requester }: SyntheticRecord, { regions }: OracleOptions): string {
  return (requester === 0 ? undefined : regions?.get(requester)) ?? 'missing';
}

function table(first: string, rows: string[]): string {
  const header = [first, 'bytes_sent', 'number_of_requests', 'number_of_downloads'].join('\t');
  return `${[header, ...rows].join('\n')}\n`;
}

function row(name: string, records: readonly SyntheticRecord[], options: OracleOptions): string {
  const { bytes, requests, downloads } = sumUp(records);
  return [cell(name), bytes, count(requests, options), count(downloads, options)].join('\t');
}

function cell(text: string): string {
  const isFormula = '=+-@\t\r\n\uff1d\uff0b\uff0d\uff20'.includes(text[0] ?? ' ');
  const safe = isFormula ? `'${text}` : text;
  const isSpecial = /["\t\r\n\ufeff]/.test(safe) || safe.startsWith(' ') || safe.endsWith(' ');
  return isSpecial ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function count(n: number, { threshold = 50, modulus = 20 }: OracleOptions): string {
  if (n < threshold) return `<${threshold}`;
  const multiples = [Math.floor(n / modulus), Math.floor(n / modulus) + 1];
  const distances = multiples.map((multiple) => Math.abs(n - multiple * modulus));
  let best: number | undefined =
    (distances[0] as number) < (distances[1] as number) ? multiples[0] : multiples[1];
  if (distances[0] === distances[1]) best = multiples.find((multiple) => multiple % 2 === 0);
  const rounded = (best as number) * modulus;
  return String(rounded < threshold ? rounded + modulus : rounded);
}

function sumUp(records: readonly SyntheticRecord[]): Sums {
  return {
    bytes: records.reduce((sum, { bytesSent }) => sum + bytesSent, 0n),
    requests: records.length,
    downloads: records.filter(({ download }) => download).length,
  };
}

function groupBy<T>(values: readonly T[], keyOf: (value: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const value of values) {
    const group = groups.get(keyOf(value));
    if (group === undefined) groups.set(keyOf(value), [value]);
    else group.push(value);
  }
  return groups;
}

function compareLists(a: readonly string[], b: readonly string[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = Buffer.compare(Buffer.from(a[i] ?? ''), Buffer.from(b[i] ?? ''));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
