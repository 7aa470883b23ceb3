/** The six figures of a dataset or of the archive. Counts are rounded, or text: `<50`. */
export interface PublishedTotals {
  readonly number_of_requesters: number | string;
  readonly number_of_unique_countries: number;
  readonly number_of_unique_regions: number;
  /** Exact. */
  readonly total_bytes_sent: bigint;
  readonly total_number_of_downloads: number | string;
  readonly total_number_of_requests: number | string;
}

/** @param text of `totals.json`, known to be what was published */
export function parseTotals(text: string): ReadonlyMap<string, PublishedTotals> {
  // Names may be `__proto__`: entries of what JSON.parse makes are safe, and members of it are not.
  return new Map(
    Object.entries(parse(text)).map(([name, totals]) => [name, withBytes(totals as ParsedTotals)]),
  );
}

/** @param text of `archive_totals.json`, known to be what was published */
export function parseArchiveTotals(text: string): PublishedTotals {
  return withBytes(parse(text) as unknown as ParsedTotals);
}

type ParsedTotals = {
  readonly [K in keyof PublishedTotals]: Exclude<PublishedTotals[K], bigint> | string;
};

/** Bytes exceed 2^53: the digits become text before they are taken for a number. */
const BYTES = /("total_bytes_sent": )(\d+)/g;

function parse(text: string): object {
  // No name can hold this: a quote in it is written \".
  return JSON.parse(text.replace(BYTES, '$1"$2"')) as object;
}

function withBytes(totals: ParsedTotals): PublishedTotals {
  return { ...totals, total_bytes_sent: BigInt(totals.total_bytes_sent) } as PublishedTotals;
}
