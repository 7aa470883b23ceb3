import type { JsonValue } from '../../../cache/sharing/gathering-memory.js';
import type { PublishedArchive } from '../published/published-archive.js';

export type { JsonValue };

/** What a JSON collector may return: JSON, and bigint (digit for digit) and Map (an object of any names) in it. */
export type JsonContent =
  | null
  | boolean
  | number
  | bigint
  | string
  | readonly JsonContent[]
  | ReadonlyMap<string, JsonContent>
  | { readonly [name: string]: JsonContent };

/** A cell of a table; null: empty. */
export type CsvCell = string | number | bigint | boolean | null;

/** What a CSV collector returns. Rows are taken one by one, and never kept. */
export interface CsvContent {
  readonly columns: readonly string[];
  /** Each as long as `columns`. */
  readonly rows: Iterable<readonly CsvCell[]> | AsyncIterable<readonly CsvCell[]>;
}

/** An interval of time: from `since` (in it) up to `until` (not in it), ISO 8601, UTC. */
export interface Interval {
  readonly since: string;
  readonly until: string;
}

/** An interval that is gathered by itself, and shipped once it is. */
export interface Slice extends Interval {
  /** What the collector finds as `lastEntry` once this slice is shipped. Left out: as before. */
  readonly lastEntry?: JsonValue;
}

/** What a collector may know: what is published, and what became of the last gathering. Neither cache nor key. */
export interface CollectorContext {
  readonly archive: PublishedArchive;
  /**
   * Of a slice, its beginning; else up to when the last successful gathering went. Undefined the first time.
   */
  readonly since: string | undefined;
  /** Of a slice, its end; else when the published data changed last: equal data gives equal intervals. */
  readonly until: string;
  /** What {@link remember} was given in the last successful gathering. */
  readonly lastEntry: JsonValue | undefined;
  /** Keep something for the next time; it counts once what was gathered is shipped. */
  remember(entry: JsonValue): void;
}

/** How an interval is cut; slices in order of time, none of which overlap. May be none. */
export type Slicing = (
  context: Omit<CollectorContext, 'remember'>,
) => Iterable<Slice> | AsyncIterable<Slice>;

/** What a collector is, apart from what it does. */
export interface CollectorSpec<Format extends 'json' | 'csv' = 'json' | 'csv'> {
  /** Names its files: lower-case letters, digits and `_`. */
  readonly key: string;
  /** Of what it writes; stands in the manifest. Change it when columns or members do. */
  readonly version: string;
  readonly format: Format;
  /** One sentence, for people. */
  readonly description: string;
  /** Whether it is the one that says how the archive is set up: `config.json` of every package. */
  readonly config?: boolean;
  /** Without it everything is gathered each time, and sent when it differs from what was sent last. */
  readonly slice?: Slicing;
  /** Files of different groups go into different packages. Default `usage`. */
  readonly shippingGroup?: string;
}

/** Undefined: nothing to tell this time. */
export type CollectJson = (
  context: CollectorContext,
) => JsonContent | undefined | Promise<JsonContent | undefined>;

/** Undefined: nothing to tell this time. */
export type CollectCsv = (
  context: CollectorContext,
) => CsvContent | undefined | Promise<CsvContent | undefined>;

/** A collector that is registered. */
export type Collector =
  | (CollectorSpec<'json'> & { readonly shippingGroup: string; readonly collect: CollectJson })
  | (CollectorSpec<'csv'> & { readonly shippingGroup: string; readonly collect: CollectCsv });

/** Add a collector. @throws {CollectorError} @throws {DuplicateCollectorError} */
export interface RegisterCollector {
  (spec: CollectorSpec<'json'>, collect: CollectJson): void;
  (spec: CollectorSpec<'csv'>, collect: CollectCsv): void;
}
