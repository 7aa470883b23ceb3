/** A column of a published table. */
export interface KindColumn {
  readonly name: string;
  readonly type: 'date' | 'name' | 'bytes' | 'count';
  readonly meaning: string;
}

/** A kind of table: all files of one name have it. */
export interface TableKind {
  readonly file: string;
  readonly title: string;
  readonly columns: readonly KindColumn[];
  /** Behind these there is a column for each thing, named as it, of bytes: what it says of them. */
  readonly otherColumns?: string;
  readonly hasHeader: boolean;
}

const SUMS: readonly KindColumn[] = [
  { name: 'bytes_sent', type: 'bytes', meaning: 'bytes sent in answer to these requests, exact' },
  {
    name: 'number_of_requests',
    type: 'count',
    meaning: 'successful requests (GET, any 2xx status), also for parts of files',
  },
  {
    name: 'number_of_downloads',
    type: 'count',
    meaning: 'those of them for whole files (status exactly 200)',
  },
];

const WEEK: KindColumn = {
  name: 'week_start',
  type: 'date',
  meaning: 'the Monday on which the week begins, UTC',
};

/** All kinds of tables, in the order in which they are explained. */
export const TABLE_KINDS: readonly TableKind[] = [
  {
    file: 'by_day.tsv',
    title: 'Usage by day',
    columns: [
      { name: 'date', type: 'date', meaning: 'the day, UTC; days without requests are left out' },
      ...SUMS,
    ],
    hasHeader: true,
  },
  {
    file: 'by_asset.tsv',
    title: 'Usage by asset',
    columns: [
      {
        name: 'asset_path',
        type: 'name',
        meaning:
          'path of the file within the dataset, percent-encoded as in the logs; `.` for the dataset itself',
      },
      ...SUMS,
    ],
    hasHeader: true,
  },
  {
    file: 'by_region.tsv',
    title: 'Usage by region',
    columns: [
      {
        name: 'region',
        type: 'name',
        meaning:
          'where requests came from: country/region (`US/California`), the region of a cloud (`AWS/us-east-2`, `GCP/...`, `Azure/...`), `GitHub`, `VPN`, `bogon` (no public address), `unknown` (to the lookup), `undetermined` or `missing` (not looked up yet)',
      },
      ...SUMS,
    ],
    hasHeader: true,
  },
  {
    file: 'by_asset_per_week.tsv',
    title: 'Bytes by week and asset',
    columns: [WEEK],
    otherColumns: 'one column for each asset path: bytes sent of it in that week, exact',
    hasHeader: true,
  },
  {
    file: 'by_asset_type_per_week.tsv',
    title: 'Bytes by week and type of asset',
    columns: [WEEK],
    otherColumns: 'one column for each type of asset: bytes sent of it in that week, exact',
    hasHeader: true,
  },
  {
    file: 'requester_count.tsv',
    title: 'Distinct requesters',
    columns: [
      {
        name: 'number_of_requesters',
        type: 'count',
        meaning:
          'distinct addresses that requests came from; the one value of this file, which has no header',
      },
    ],
    hasHeader: false,
  },
];

const KINDS = new Map(TABLE_KINDS.map((kind) => [kind.file, kind]));

/** @param file name of a published file, without its folder; undefined: it is no table */
export function kindOfTable(file: string): TableKind | undefined {
  return KINDS.get(file);
}

/** The six numbers of totals. */
export const TOTALS_COLUMNS: readonly KindColumn[] = [
  {
    name: 'number_of_requesters',
    type: 'count',
    meaning: 'distinct addresses that requests came from',
  },
  {
    name: 'number_of_unique_countries',
    type: 'bytes',
    meaning: 'countries that the regions name, exact',
  },
  {
    name: 'number_of_unique_regions',
    type: 'bytes',
    meaning: 'regions, special ones included, exact',
  },
  { name: 'total_bytes_sent', type: 'bytes', meaning: 'bytes sent, exact' },
  { name: 'total_number_of_downloads', type: 'count', meaning: 'requests for whole files' },
  { name: 'total_number_of_requests', type: 'count', meaning: 'successful requests' },
];
