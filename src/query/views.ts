/** A column of a view, as people read of it. */
export interface ViewColumn {
  readonly name: string;
  /** DuckDB's type. */
  readonly type: string;
  readonly meaning: string;
}

export type ViewName = 'records' | 'regions' | 'files' | 'rejects' | 'summaries' | 'totals';

export interface View {
  readonly name: ViewName;
  readonly meaning: string;
  readonly columns: readonly ViewColumn[];
}

const COUNT = "rounded; NULL where it is below the threshold, which tables show as '<50'";

/** What there is to query. Sealed addresses, never addresses; nothing that a copy of the cache would not tell. */
export const VIEWS: readonly View[] = [
  {
    name: 'records',
    meaning: 'one row for each request that was kept',
    columns: [
      column('key', 'VARCHAR', 'object key as logged'),
      column('dataset', 'VARCHAR', 'by the rule of the cache'),
      column('asset_path', 'VARCHAR', 'the rest of the key'),
      column('time', 'TIMESTAMP', 'UTC, to the second'),
      column('day', 'DATE', 'UTC'),
      column('requester', 'UUID', 'sealed address; NULL where the log named none'),
      column('bytes_sent', 'BIGINT', 'bytes sent'),
      column('download', 'BOOLEAN', 'the status was exactly 200'),
      column('counted', 'BOOLEAN', 'summaries count it (see --robots)'),
    ],
  },
  {
    name: 'regions',
    meaning: 'where requesters are, as far as it was looked up',
    columns: [
      column('requester', 'UUID', 'sealed address, as in records'),
      column('region', 'VARCHAR', 'US/California, AWS/us-east-2, VPN...'),
      column('country', 'VARCHAR', 'code; NULL where the region names none'),
    ],
  },
  {
    name: 'files',
    meaning: 'one row for each log file in the cache',
    columns: [
      column('name', 'VARCHAR', 'what the log file is known by'),
      column('size', 'BIGINT', 'stored bytes'),
      column('modified', 'TIMESTAMP', 'when it was modified, UTC'),
      column('compression', 'VARCHAR', 'none, gzip, zstd, or imported'),
      column('content_bytes', 'BIGINT', 'uncompressed bytes'),
      column('lines', 'BIGINT', 'kept + skipped + rejected'),
      column('kept', 'BIGINT', 'lines that became records'),
      column('skipped', 'BIGINT', 'fine, but no successful GET of an object'),
      column('rejected', 'BIGINT', 'refused for a reason'),
    ],
  },
  {
    name: 'rejects',
    meaning: 'one row for each line that was rejected',
    columns: [
      column('name', 'VARCHAR', 'the log file, as in files'),
      column('byte_offset', 'BIGINT', 'where the line begins in the uncompressed file'),
      column('reason', 'VARCHAR', 'why it was rejected'),
    ],
  },
  {
    name: 'summaries',
    meaning: 'the published tables, one below the other',
    columns: [
      column('dataset', 'VARCHAR', 'NULL: the archive as a whole'),
      column('kind', 'VARCHAR', 'day, asset, region, week of an asset, week of an asset type'),
      column('name', 'VARCHAR', 'the day, asset path, region or asset type'),
      column('date', 'DATE', 'the day, or the Monday of the week; else NULL'),
      column('bytes_sent', 'HUGEINT', 'exact'),
      column('number_of_requests', 'BIGINT', COUNT),
      column('number_of_downloads', 'BIGINT', COUNT),
    ],
  },
  {
    name: 'totals',
    meaning: 'the published totals',
    columns: [
      column('dataset', 'VARCHAR', 'NULL: the archive as a whole'),
      column('number_of_requesters', 'BIGINT', COUNT),
      column('number_of_unique_countries', 'BIGINT', 'exact'),
      column('number_of_unique_regions', 'BIGINT', 'exact'),
      column('total_bytes_sent', 'HUGEINT', 'exact'),
      column('total_number_of_downloads', 'BIGINT', COUNT),
      column('total_number_of_requests', 'BIGINT', COUNT),
    ],
  },
];

/** Queries to begin with. */
export const EXAMPLES: readonly (readonly [what: string, sql: string])[] = [
  [
    'Bytes by hour of the day',
    'SELECT hour(time) AS hour, sum(bytes_sent) AS bytes FROM records GROUP BY hour ORDER BY hour',
  ],
  [
    'Who comes back, by dataset',
    'SELECT dataset, count(*) FILTER (days > 1) AS back, count(*) AS all_requesters FROM (SELECT dataset, requester, count(DISTINCT day) AS days FROM records WHERE requester IS NOT NULL GROUP BY ALL) GROUP BY dataset',
  ],
  [
    'Countries of one dataset',
    "SELECT country, count(DISTINCT requester) AS requesters FROM records LEFT JOIN regions USING (requester) WHERE dataset = 'ds1' GROUP BY country ORDER BY requesters DESC",
  ],
  ['Log files with rejected lines', 'FROM files WHERE rejected > 0 ORDER BY rejected DESC'],
];

function column(name: string, type: string, meaning: string): ViewColumn {
  return { name, type, meaning };
}

/** One line that names every view and its columns: what a failed query is told. */
export function viewsInOneLine(): string {
  return VIEWS.map(
    ({ name, columns }) => `${name} (${columns.map((c) => c.name).join(', ')})`,
  ).join(', ');
}
