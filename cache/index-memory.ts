import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { parquetMetadata } from 'hyparquet';
import { makeDirectory, PRIVATE, writeAtomically } from './atomic-write.js';
import { checkedName, intactParquetFiles } from './checked-parquet.js';
import { DamagedCacheError } from './commit-record.js';
import type { AddIndexesOptions } from './index-table.js';
import { readOwnFile } from './own-file.js';
import { dictionaryFixedColumn, int64Column } from './parquet/column.js';
import { encodeFile } from './parquet/encode-file.js';
import type { CachePaths } from './paths.js';
import { type RollupRun, requesterNumbers } from './rollup-manifest.js';
import { columnChunk, readIntegers, readStrings } from './rollups/read-column.js';
import { readRequesters } from './rollups/requester-file.js';
import { RequesterTable } from './rollups/requester-table.js';

const ADDRESS_BYTES = 16;
const ADDRESS_WORDS = 4;
const DRAWN_AT_ONCE = 8_192;

/** Some 100 bytes each while it works: 400 MB. */
const MOST_REQUESTERS = 4_000_000;
const ROWS_LIMIT = 2 ** 22;

/** Whether requesters are few enough for {@link addIndexesInMemory}. */
export function fitInMemory(paths: CachePaths, runs: readonly RollupRun[]): boolean {
  // An index takes 24 bytes, and hardly compresses.
  const indexed = intactParquetFiles(paths.indexes).reduce(
    (sum, path) => sum + lstatSync(path).size / (ADDRESS_BYTES + 8),
    0,
  );
  return requesterNumbers(runs) + indexed <= MOST_REQUESTERS;
}

/**
 * As `addIndexes` in index-table.ts, for all requesters of some rollups, without the engine: most archives have
 * so few that starting it takes longer.
 *
 * @returns how many requesters were added
 * @throws {RollupsDamagedError} @throws {DamagedCacheError} @throws {CacheWriteError}
 */
export function addIndexesInMemory(
  paths: CachePaths,
  runs: readonly RollupRun[],
  options: AddIndexesOptions = {},
): number {
  const requesters = new RequesterTable(requesterNumbers(runs));
  const taken: IndexColumns[] = [];
  for (const path of intactParquetFiles(paths.indexes)) {
    const columns = readIndexFile(path);
    requesters.numbers(columns.addresses);
    taken.push(columns);
  }
  const known = requesters.count;
  for (const file of runs.flatMap((run) => run.requesters)) {
    requesters.numbers(readRequesters(paths.rollups, file).addresses);
  }
  const added = requesters.count - known;
  if (added === 0) return 0;
  const indexes = drawIndexes(added, taken, options.random ?? randomBytes);
  const addresses = requesters.words.subarray(
    known * ADDRESS_WORDS,
    requesters.count * ADDRESS_WORDS,
  );
  write(paths, addresses, indexes, added, options);
  return added;
}

/**
 * Draw as many distinct indexes that are neither taken nor zero. Those taken are looked for among those drawn: these are few,
 * as a rule, and the former millions.
 *
 * @returns words as a table of requesters has them, of which an index is the first two
 */
function drawIndexes(
  count: number,
  taken: readonly IndexColumns[],
  random: (n: number) => Uint8Array,
): Uint32Array {
  let words = new BigUint64Array(0);
  let next = 0;
  let drawn = new RequesterTable(count);
  for (;;) {
    for (; drawn.count <= count; next++) {
      if (next === words.length) {
        words = new BigUint64Array(Uint8Array.from(random(DRAWN_AT_ONCE * 8)).buffer);
        next = 0;
      }
      const index = (words[next] as bigint) >> 1n;
      drawn.number(Number(index & 0xffffffffn), Number(index >> 32n), 0, 0);
    }
    const again = new Set(taken.flatMap((columns) => foundIn(drawn, columns)));
    if (again.size === 0) return drawn.words.subarray(ADDRESS_WORDS);
    const kept = new RequesterTable(count);
    for (let place = 1; place <= count; place++) {
      if (again.has(place)) continue;
      const at = place * ADDRESS_WORDS;
      kept.number(drawn.words[at] as number, drawn.words[at + 1] as number, 0, 0);
    }
    drawn = kept;
  }
}

/** Places in a table of indexes that some file has, too. */
function foundIn(drawn: RequesterTable, { low, high }: IndexColumns): number[] {
  const found: number[] = [];
  for (let row = 0; row < low.length; row++) {
    const place = drawn.find(low[row] as number, high[row] as number, 0, 0);
    if (place !== 0) found.push(place);
  }
  return found;
}

/** In order of index, so that the order in the file says nothing of who came when. */
function write(
  paths: CachePaths,
  addresses: Uint32Array,
  indexes: Uint32Array,
  count: number,
  { assertHeld = () => {} }: AddIndexesOptions,
): void {
  const low = (row: number): number => indexes[row * ADDRESS_WORDS] as number;
  const high = (row: number): number => indexes[row * ADDRESS_WORDS + 1] as number;
  const rows = inOrder(count, low, high);
  const ordered = new Uint32Array(count * ADDRESS_WORDS);
  rows.forEach((row, at) => {
    const from = row * ADDRESS_WORDS;
    ordered.set(addresses.subarray(from, from + ADDRESS_WORDS), at * ADDRESS_WORDS);
  });
  const ids = Uint32Array.from({ length: count }, (_, at) => at);
  const columns = [
    dictionaryFixedColumn('requester', ADDRESS_BYTES, new Uint8Array(ordered.buffer), ids, count),
    int64Column('index', rows.map(low), rows.map(high), count),
  ];
  const bytes = encodeFile(columns, count);
  makeDirectory(paths.indexes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const path = join(paths.indexes, checkedName(randomBytes(16).toString('hex'), sha256));
  assertHeld();
  writeAtomically(path, PRIVATE, (fd) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  });
}

/** Rows by the numbers they have, of which the upper half is below 2^31. */
function inOrder(
  count: number,
  low: (row: number) => number,
  high: (row: number) => number,
): Uint32Array {
  // Upper half and row in one exact number: sorted without a function, ten times as fast.
  const keys = Float64Array.from({ length: count }, (_, row) => high(row) * ROWS_LIMIT + row);
  const rows = Uint32Array.from(keys.sort(), (key) => key % ROWS_LIMIT);
  for (let i = 1; i < count; i++) {
    const row = rows[i] as number;
    let at = i;
    for (; at > 0; at--) {
      const before = rows[at - 1] as number;
      if (high(before) !== high(row) || low(before) < low(row)) break;
      rows[at] = before;
    }
    rows[at] = row;
  }
  return rows;
}

export interface IndexColumns {
  /** As words. */
  readonly addresses: Uint32Array;
  readonly low: Uint32Array;
  readonly high: Uint32Array;
}

/** @throws {DamagedCacheError} */
export function readIndexFile(path: string): IndexColumns {
  const file = readOwnFile(path);
  try {
    const metadata = parquetMetadata(file as unknown as Uint8Array<ArrayBuffer>);
    const count = Number(metadata.num_rows);
    // Random numbers do not compress: each takes its bytes.
    if (!(count >= 0 && count <= file.length)) throw new RangeError(`${count} indexes`);
    const addresses = new Uint8Array(count * ADDRESS_BYTES);
    const low = new Uint32Array(count);
    const high = new Uint32Array(count);
    let at = 0;
    for (const group of metadata.row_groups) {
      const rows = Number(group.num_rows);
      const { ids, strings } = readStrings(columnChunk(file, metadata, group, 'requester'), rows);
      addresses.set(inRows(strings.fixed(ADDRESS_BYTES), ids, rows), at * ADDRESS_BYTES);
      const index = readIntegers(columnChunk(file, metadata, group, 'index'), rows);
      low.set(index.low.subarray(0, rows), at);
      high.set(index.high.subarray(0, rows), at);
      at += rows;
    }
    return { addresses: new Uint32Array(addresses.buffer), low, high };
  } catch (error) {
    throw new DamagedCacheError(path, `it cannot be read (${(error as Error).message})`, error);
  }
}

/** Addresses in the order of their rows: usually each stands in one, and they are in order. */
function inRows(distinct: Uint8Array, ids: Uint32Array, rows: number): Uint8Array {
  if (distinct.length === rows * ADDRESS_BYTES && ids.every((id, row) => id === row)) {
    return distinct;
  }
  const addresses = new Uint8Array(rows * ADDRESS_BYTES);
  for (let row = 0; row < rows; row++) {
    const from = (ids[row] as number) * ADDRESS_BYTES;
    addresses.set(distinct.subarray(from, from + ADDRESS_BYTES), row * ADDRESS_BYTES);
  }
  return addresses;
}
