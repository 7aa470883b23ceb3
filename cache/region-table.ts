import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, rmSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import {
  fsyncDirectory,
  makeDirectory,
  PRIVATE,
  TEMPORARY_SUFFIX,
  writeAtomically,
} from './atomic-write.js';
import { checkedName, intactParquetFiles, parquetFiles, requireIntact } from './checked-parquet.js';
import type { Engine } from './engine.js';
import { systemErrorCode } from './error.js';
import {
  booleanColumn,
  dictionaryFixedColumn,
  dictionaryTextColumn,
  numberColumn,
} from './parquet/column.js';
import { encodeFile } from './parquet/encode-file.js';
import { writeParquet } from './parquet-file.js';
import type { CachePaths } from './paths.js';
import { ADDRESS_SIZE_BYTES, type SealedIp } from './seal.js';
import { literalPattern, sqlString } from './sql.js';

/** What was found out about one requester (FORMAT.md section 13). */
export interface RegionRow {
  readonly requester: SealedIp;
  readonly region: string;
  /** When it was looked up, milliseconds since 1970. */
  readonly checked: number;
  /** Looked up while a list of service ranges was missing: it may be a service after all. */
  readonly provisional: boolean;
}

/** Where the regions of sealed addresses stand. */
export function regionsDirectory(paths: CachePaths): string {
  return join(paths.root, 'ips', 'regions');
}

/** SQL of the relation (requester UUID, region VARCHAR): one row per sealed address that has one. */
export function regionRelation(paths: CachePaths): string {
  return `(SELECT requester, region FROM ${regionStateRelation(paths)})`;
}

/**
 * SQL of (requester UUID, region VARCHAR, checked BIGINT, provisional BOOLEAN): what counts of each
 * sealed address that any file names. No files, no rows.
 */
export function regionStateRelation(paths: CachePaths): string {
  return bestRows(intactParquetFiles(regionsDirectory(paths)));
}

/** SQL condition: the region is known, whatever it is. */
export const IS_DETERMINED = "region NOT IN ('unknown', 'undetermined')";

/**
 * Save rows, durably, as one new file. Costs what is new; rows that a file holds just so cost nothing.
 *
 * @param assertHeld called before the file gets its name; throws when the lock is lost
 * @throws {CacheWriteError}
 */
export function addRegions(
  paths: CachePaths,
  rows: readonly RegionRow[],
  assertHeld: () => void = () => {},
): void {
  if (rows.length === 0) return;
  const directory = regionsDirectory(paths);
  makeDirectory(directory);
  const bytes = encodeRegions(rows);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  if (namesIn(directory).some((name) => name.endsWith(checkedName('', sha256)))) return;
  writeAtomically(join(directory, checkedName(newStem(), sha256)), PRIVATE, (fd) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    assertHeld();
  });
}

/** Files beyond this many are merged, the smallest ones first. */
const MOST_FILES = 24;

/**
 * Merge small files into one when there are many: each row is merged again only after about as many
 * others were added, so a table of millions costs a small write nothing.
 *
 * The new file is durable before the old ones go; rows that stand twice after a crash do no harm.
 *
 * @throws {EngineError} @throws {CacheWriteError}
 */
export async function mergeRegions(
  paths: CachePaths,
  engine: Engine,
  assertHeld: () => void = () => {},
): Promise<void> {
  const directory = regionsDirectory(paths);
  const files = parquetFiles(directory);
  if (files.length <= MOST_FILES) return;
  const merging = chooseFiles(files.map((path) => ({ path, bytes: statSync(path).size })));
  const stem = newStem();
  for (const path of merging) requireIntact(path);
  await writeParquet(
    engine,
    'merge regions',
    `SELECT * FROM ${bestRows(merging)}`,
    (sha256) => join(directory, checkedName(stem, sha256)),
    assertHeld,
  );
  for (const file of merging) rmSync(file, { force: true });
  fsyncDirectory(directory);
}

/** Remove files that an interrupted run did not finish (FORMAT.md W3). Only under the lock. */
export function removeUnfinishedRegions(paths: CachePaths): void {
  const directory = regionsDirectory(paths);
  for (const name of namesIn(directory)) {
    if (name.endsWith(TEMPORARY_SUFFIX)) rmSync(join(directory, name), { force: true });
  }
}

/**
 * Of each requester the row that counts: known before unknown before undetermined, then the newest,
 * then a confirmed one, then the region that sorts last.
 *
 * All of that is put into one number, with the region's place in the order of regions last: the
 * engine can spill the greatest of numbers to disk, but not the greatest of rows with texts.
 */
function bestRows(files: readonly string[]): string {
  const rank = `CASE WHEN ${IS_DETERMINED} THEN 2 WHEN region = 'unknown' THEN 1 ELSE 0 END`;
  return `(
    WITH names AS MATERIALIZED (
      SELECT region, row_number() OVER (ORDER BY region) AS place, (${rank})::BIGINT << 61 AS rank
      FROM (SELECT DISTINCT region FROM ${allRows(files)}) WHERE ${IS_REGION}
    ), best AS (
      SELECT requester, max(
        rank | (least(checked, ${LATEST}) << 19) | (if(provisional, 0, 1)::BIGINT << 18) |
        if(place < ${2 ** 18}, place, error('more than 2^18 regions'))
      ) AS number
      FROM ${allRows(files)} JOIN names USING (region) GROUP BY requester
    )
    SELECT requester, region, (number >> 19) & ${LATEST} AS checked,
      (number >> 18) & 1 = 0 AS provisional
    FROM best JOIN names ON place = number & ${2 ** 18 - 1}
  )`;
}

/**
 * SQL condition: it has the form of a region (FORMAT.md section 13). Regions are published as they stand here, and whoever wrote a file may have
 * put anything there: addresses, line ends, what moves the cursor of a terminal.
 */
const IS_REGION = [
  `regexp_full_match(region, '[A-Za-z][A-Za-z0-9]{0,29}(/[^/]{1,100})?')`,
  String.raw`NOT regexp_matches(region, '[\p{Cc}\p{Zl}\p{Zp}\x{200b}\x{200e}\x{200f}\x{202a}-\x{202e}\x{2066}-\x{2069}\x{feff}]')`,
  String.raw`NOT regexp_matches(region, '([0-9]{1,3}\.){3}[0-9]|::|([0-9A-Fa-f]{1,4}:){7}')`,
].join(' AND ');

/** Times have 42 bits in that number: milliseconds until the year 2109. */
const LATEST = 2 ** 42 - 1;

/**
 * All rows of some files. Each is read by itself: a file is written here or by the engine, which
 * annotates its columns differently, and an older one may lack a column.
 */
function allRows(files: readonly string[]): string {
  const none =
    'SELECT NULL::UUID AS requester, NULL::VARCHAR AS region, NULL::BIGINT AS checked, NULL::BOOLEAN AS provisional WHERE false';
  const each = files.map(
    (file) =>
      `SELECT * REPLACE (requester::BLOB::UUID AS requester)
       FROM read_parquet(${sqlString(literalPattern(file))}, hive_partitioning = false)`,
  );
  return `(SELECT requester, region, coalesce(checked, 0) AS checked,
             coalesce(provisional, false) AS provisional
           FROM (${[none, ...each].join(' UNION ALL BY NAME ')}))`;
}

/** The two smallest, and each next one that is no larger than all taken so far. */
function chooseFiles(
  files: readonly { readonly path: string; readonly bytes: number }[],
): string[] {
  const sorted = [...files].sort((a, b) => a.bytes - b.bytes);
  const taken: string[] = [];
  let bytes = 0;
  for (const file of sorted) {
    if (taken.length >= 2 && file.bytes > bytes) break;
    taken.push(file.path);
    bytes += file.bytes;
  }
  return taken;
}

/** A file of regions. */
export function encodeRegions(rows: readonly RegionRow[]): Uint8Array {
  const count = rows.length;
  const requesters = new Uint8Array(count * ADDRESS_SIZE_BYTES);
  rows.forEach(({ requester }, i) => {
    requesters.set(requester, i * ADDRESS_SIZE_BYTES);
  });
  const ids = new Map<string, number>();
  const regionIds = Uint32Array.from(rows, ({ region }) => {
    if (!ids.has(region)) ids.set(region, ids.size);
    return ids.get(region) as number;
  });
  const regions = [...ids.keys()].map((region) => Buffer.from(region, 'utf8'));
  const offsets = new Uint32Array(regions.length + 1);
  regions.forEach((region, i) => {
    offsets[i + 1] = offsets[i] + region.length;
  });
  const strings = { bytes: Buffer.concat(regions), offsets, count: regions.length };
  const one = Uint32Array.from(rows, (_, i) => i);
  return encodeFile(
    [
      dictionaryFixedColumn('requester', ADDRESS_SIZE_BYTES, requesters, one, count),
      dictionaryTextColumn('region', strings, regionIds, count),
      numberColumn(
        'checked',
        Float64Array.from(rows, ({ checked }) => checked),
        count,
      ),
      booleanColumn(
        'provisional',
        Uint8Array.from(rows, (row) => (row.provisional ? 1 : 0)),
        count,
      ),
    ],
    count,
  );
}

/** `<time>-<8 hex>`: never used before. */
function newStem(): string {
  const time = new Date().toISOString().replace(/[-:.]/g, '');
  return `${time}-${randomBytes(4).toString('hex')}`;
}

function namesIn(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
