import { join } from 'node:path';
import { S3LogExtractionError } from '../../../cache/error.js';
import type { JsonValue } from '../../../cache/sharing/gathering-memory.js';
import { reasonOf } from '../../pipeline/reason-of.js';
import type {
  Collector,
  CollectorContext,
  CsvCell,
  CsvContent,
  Interval,
  JsonContent,
} from './collector.js';
import { csvLine } from './csv-line.js';
import { FileWriter } from './file-writer.js';
import { jsonPieces } from './json-pieces.js';

declare const COLLECTED: unique symbol;

/** A file that a collector wrote, which was given nothing but what is published: nothing else goes into a package. */
export interface CollectedFile {
  readonly [COLLECTED]: true;
  /** In the package. */
  readonly name: string;
  readonly format: 'json' | 'csv';
  /** Of the collector. */
  readonly version: string;
  /** Where it stands until it is packed. */
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

/** What a collector gathered. */
export interface Collected {
  readonly files: readonly CollectedFile[];
  /** What it wants to know the next time; undefined: it did not say. */
  readonly entry: JsonValue | undefined;
}

/** A collector threw, or returned what it must not. */
export class CollectorFailedError extends S3LogExtractionError {
  constructor(key: string, why: string, cause?: unknown) {
    super('COLLECTOR_FAILED', `The collector ${key} failed: ${why}.`, {
      cause,
      hint: 'Nothing of what it gathered was sent. Mend it, or leave it out with --skip, then run the same command again.',
    });
  }
}

/** Where and how files are written. */
export interface CollectOptions {
  /** A folder for this gathering alone. */
  readonly folder: string;
  /** A table goes on in another file before it is larger. */
  readonly splitBytes: number;
}

/** No row of a table is longer. */
const LONGEST_ROW = 16 << 20;

/**
 * Run a collector, and write what it tells.
 *
 * @param slice names the files, if there is one
 * @throws {CollectorFailedError} @throws {PublishedAnewError} @throws {CacheWriteError}
 */
export async function collectFiles(
  collector: Collector,
  given: Omit<CollectorContext, 'remember'>,
  slice: Interval | undefined,
  options: CollectOptions,
): Promise<Collected> {
  let entry: JsonValue | undefined;
  const remember = (value: JsonValue): void => {
    entry = checkedEntry(value);
  };
  const context: CollectorContext = { ...given, remember };
  try {
    const files =
      collector.format === 'json'
        ? writeJson(collector, await collector.collect(context), slice, options)
        : await writeCsv(collector, await collector.collect(context), slice, options);
    return { files, entry };
  } catch (error) {
    if (error instanceof S3LogExtractionError) throw error;
    throw new CollectorFailedError(collector.key, reasonOf(error), error);
  }
}

/** As it will come back. */
function checkedEntry(value: JsonValue): JsonValue {
  const text = JSON.stringify(value) as string | undefined;
  if (text === undefined) throw new TypeError('what it wants to remember is none of JSON');
  return JSON.parse(text) as JsonValue;
}

function writeJson(
  collector: Collector,
  content: JsonContent | undefined,
  slice: Interval | undefined,
  { folder }: CollectOptions,
): CollectedFile[] {
  if (content === undefined) return [];
  const name = `${stemOf(collector, slice)}.json`;
  const writer = new FileWriter(join(folder, name));
  try {
    for (const piece of jsonPieces(content)) writer.write(piece);
  } catch (error) {
    writer.discard();
    throw error;
  }
  return [collectedFile(collector, name, writer)];
}

async function writeCsv(
  collector: Collector,
  content: CsvContent | undefined,
  slice: Interval | undefined,
  options: CollectOptions,
): Promise<CollectedFile[]> {
  if (content === undefined) return [];
  const { columns, rows } = checkedContent(content);
  const parts = new CsvParts(collector, stemOf(collector, slice), columns, options);
  try {
    // Waiting for each row of what need not be waited for takes longer than to write it.
    if (Symbol.asyncIterator in rows) for await (const row of rows) parts.add(row);
    else for (const row of rows) parts.add(row);
    return parts.end();
  } catch (error) {
    parts.discard();
    throw error;
  }
}

function checkedContent({ columns, rows }: CsvContent): CsvContent {
  if (!Array.isArray(columns) || columns.length === 0) throw new TypeError('it has no columns');
  if (!columns.every((name) => typeof name === 'string')) {
    throw new TypeError('a name of a column is no text');
  }
  const isIterable =
    Object(rows) === rows && (Symbol.iterator in rows || Symbol.asyncIterator in rows);
  if (!isIterable) throw new TypeError('its rows cannot be gone through');
  return { columns, rows };
}

/** A table in as many files as it takes, each with the header. */
class CsvParts {
  readonly #files: CollectedFile[] = [];
  readonly #header: string;
  #writer: FileWriter | undefined;
  #rows = 0;

  constructor(
    private readonly collector: Collector,
    private readonly stem: string,
    private readonly columns: readonly string[],
    private readonly options: CollectOptions,
  ) {
    this.#header = csvLine(columns);
  }

  add(row: readonly CsvCell[]): void {
    if (!Array.isArray(row) || row.length !== this.columns.length) {
      throw new TypeError('a row is not as long as there are columns');
    }
    const line = csvLine(row);
    if (line.length > LONGEST_ROW) throw new TypeError('a row is longer than 16 MiB');
    const writer = this.#writer;
    const isFull =
      writer !== undefined &&
      this.#rows > 0 &&
      writer.sizeBytes + Buffer.byteLength(line) > this.options.splitBytes;
    if (isFull) this.#close();
    this.#open().write(line);
    this.#rows++;
  }

  end(): CollectedFile[] {
    this.#open();
    this.#close();
    const [only] = this.#files;
    // A table that was not split has no number.
    return this.#files.length === 1 ? [{ ...only, name: `${this.stem}.csv` }] : this.#files;
  }

  discard(): void {
    this.#writer?.discard();
  }

  #open(): FileWriter {
    if (this.#writer === undefined) {
      this.#writer = new FileWriter(join(this.options.folder, this.#name()));
      this.#writer.write(this.#header);
      this.#rows = 0;
    }
    return this.#writer;
  }

  #close(): void {
    if (this.#writer === undefined) return;
    this.#files.push(collectedFile(this.collector, this.#name(), this.#writer));
    this.#writer = undefined;
  }

  #name(): string {
    return `${this.stem}-${String(this.#files.length + 1).padStart(4, '0')}.csv`;
  }
}

function collectedFile(
  { format, version }: Collector,
  name: string,
  writer: FileWriter,
): CollectedFile {
  const sha256 = writer.end();
  const { path, sizeBytes } = writer;
  // The only place where one is made.
  return { name, format, version, path, sizeBytes, sha256 } as CollectedFile;
}

/** `by_day_20260301_20260401`; times other than midnight are told. */
function stemOf({ key }: Collector, slice: Interval | undefined): string {
  return slice === undefined ? key : `${key}_${compact(slice.since)}_${compact(slice.until)}`;
}

/** `2026-03-01T00:00:00Z` -> `20260301`. */
export function compact(time: string): string {
  return new Date(time)
    .toISOString()
    .replace(/\.\d{3}Z$/, 'Z')
    .replace(/[-:]/g, '')
    .replace('T000000Z', '');
}
