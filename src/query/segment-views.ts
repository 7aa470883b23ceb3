import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { parquetFiles } from '../../cache/checked-parquet.js';
import {
  type CommitRecord,
  DamagedCacheError,
  listCommits,
  readCommit,
  type SegmentFile,
} from '../../cache/commit-record.js';
import { countedSegments } from '../../cache/counted-segments.js';
import { openGrouping, readGrouping } from '../../cache/datasets/grouping.js';
import { systemErrorCode } from '../../cache/error.js';
import type { TextFunction } from '../../cache/locked-engine.js';
import type { CachePaths } from '../../cache/paths.js';
import { regionRelation, regionsDirectory } from '../../cache/region-table.js';
import { parquetRelation } from '../../cache/sql.js';
import { ASSET_PATH_SQL, DATASET_SQL } from '../summarize/dataset.js';
import type { ViewName } from './views.js';

/** The SQL of a view, the files that it reads, and functions that it calls. */
export interface FilledView {
  readonly select: string;
  readonly files: readonly string[];
  readonly functions?: Readonly<Record<string, TextFunction>>;
}

/** A file that commits name is gone: what removed it has changed the commits, too. Listed again, all is there. */
export class SegmentGoneError extends Error {
  constructor(readonly path: string) {
    super(path);
  }
}

/**
 * The views of what commits name, as they are now (FORMAT.md W6): what no commit names is not seen.
 *
 * @throws {DamagedCacheError} @throws {SegmentGoneError}
 */
export class SegmentViews {
  readonly #paths: CachePaths;
  #commits: readonly CommitRecord[] | undefined;

  constructor(paths: CachePaths) {
    this.#paths = paths;
  }

  of(view: ViewName): FilledView | undefined {
    switch (view) {
      case 'records':
        return this.#records();
      case 'files':
        return this.#files();
      case 'rejects':
        return this.#rejects();
      case 'regions':
        return this.#regions();
      default:
        return undefined;
    }
  }

  #records(): FilledView {
    const { robots, setup } = readGrouping(this.#paths);
    const commits = this.#listed();
    const counted = commits.flatMap((commit) => countedSegments(commit, robots));
    const isCounted = new Set(counted);
    const others = commits.flatMap(({ records }) => records.filter((one) => !isCounted.has(one)));
    const [dataset, assetPath] =
      setup.rule === 'level' && setup.level === 1
        ? [DATASET_SQL, ASSET_PATH_SQL]
        : ['dataset_of_key(key)', 'asset_path_of_key(key)'];
    const half = (files: readonly string[], isCounted: boolean): string =>
      `SELECT key, ${dataset} AS dataset, ${assetPath} AS asset_path,
         make_timestamp("time" * 1000000) AS "time", make_timestamp("time" * 1000000)::DATE AS day,
         nullif(requester, ${NO_REQUESTER}) AS requester, bytes_sent, download, ${isCounted} AS counted
       FROM ${parquetRelation(files, RECORD_COLUMNS)}`;
    const [ours, rest] = [this.#pathsOf(counted), this.#pathsOf(others)];
    return {
      select:
        rest.length === 0 ? half(ours, true) : `${half(ours, true)} UNION ALL ${half(rest, false)}`,
      files: [...ours, ...rest],
      functions: groupingFunctions(openGrouping(setup)),
    };
  }

  #files(): FilledView {
    const files = this.#pathsOf(this.#listed().map((commit) => commit.files));
    return {
      select: `SELECT name, size, make_timestamp(modified * 1000) AS modified,
        CASE encoding WHEN 0 THEN 'none' WHEN 1 THEN 'gzip' WHEN 2 THEN 'zstd' WHEN 3 THEN 'imported' END AS compression,
        content_bytes, lines, kept, skipped, rejected FROM ${parquetRelation(files, FILE_COLUMNS)}`,
      files,
    };
  }

  #rejects(): FilledView {
    const files = this.#pathsOf(this.#listed().flatMap((commit) => commit.rejects));
    return {
      select: `SELECT name, "offset" AS byte_offset, reason FROM ${parquetRelation(files, REJECT_COLUMNS)}`,
      files,
    };
  }

  #regions(): FilledView {
    const files = parquetFiles(regionsDirectory(this.#paths));
    const first = "split_part(region, '/', 1)";
    return {
      select: `SELECT requester, region, CASE
          WHEN ${first} IN (${NO_COUNTRY}) THEN NULL
          WHEN ${first} IN ('AWS', 'GCP')
            THEN upper(nullif(split_part(split_part(region, '/', 2), '-', 1), ''))
          ELSE ${first} END AS country
        FROM ${regionRelation(this.#paths)}`,
      files,
    };
  }

  #listed(): readonly CommitRecord[] {
    this.#commits ??= listCommits(this.#paths).map((commit) => this.#read(commit));
    return this.#commits;
  }

  #read(commit: string): CommitRecord {
    try {
      return readCommit(this.#paths, commit);
    } catch (error) {
      if (systemErrorCode(error) === 'ENOENT') throw new SegmentGoneError(commit);
      throw error;
    }
  }

  /** Links, and files of another size than was committed, are damage (FORMAT.md W8). */
  #pathsOf(segments: readonly SegmentFile[]): string[] {
    return segments
      .filter(({ rows }) => rows > 0)
      .map(({ file, bytes }) => {
        const path = join(this.#paths.segments, file);
        const stats = lstatSync(path, { throwIfNoEntry: false });
        if (stats === undefined) throw new SegmentGoneError(path);
        if (!stats.isFile()) throw new DamagedCacheError(path, 'it is not a regular file');
        if (stats.size !== bytes) {
          const why = `it has ${stats.size} bytes, its commit says ${bytes}`;
          throw new DamagedCacheError(path, why);
        }
        return path;
      });
  }
}

const NO_REQUESTER = "'00000000-0000-0000-0000-000000000000'::UUID";
/** See `countryOfRegion`, which a test compares it with. */
const NO_COUNTRY = "'', 'Azure', 'VPN', 'GitHub', 'unknown', 'undetermined', 'missing', 'bogon'";

const RECORD_COLUMNS = {
  key: 'VARCHAR',
  time: 'BIGINT',
  requester: 'UUID',
  bytes_sent: 'BIGINT',
  download: 'BOOLEAN',
};
const FILE_COLUMNS = {
  name: 'VARCHAR',
  size: 'BIGINT',
  modified: 'BIGINT',
  encoding: 'BIGINT',
  content_bytes: 'BIGINT',
  lines: 'BIGINT',
  kept: 'BIGINT',
  skipped: 'BIGINT',
  rejected: 'BIGINT',
};
const REJECT_COLUMNS = { name: 'VARCHAR', offset: 'BIGINT', reason: 'VARCHAR' };

/** Keys as the cache's rule splits them: what rollups do, key by key. */
function groupingFunctions(
  grouping: ReturnType<typeof openGrouping>,
): Readonly<Record<string, TextFunction>> {
  let last: string | undefined;
  const group = (key: string): void => {
    if (key === last) return;
    last = key;
    const bytes = Buffer.from(`${key}${PADDING}`, 'utf8');
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    grouping.group(bytes, view, 0, bytes.length - PADDING.length);
  };
  const textAt = (from: number, length: number): string =>
    Buffer.from(grouping.bytes.buffer, grouping.bytes.byteOffset + from, length).toString('utf8');
  return {
    dataset_of_key(key) {
      group(key);
      return textAt(grouping.start, grouping.datasetLength);
    },
    asset_path_of_key(key) {
      group(key);
      const { start, length, datasetLength } = grouping;
      if (length <= datasetLength + 1) return '.';
      return textAt(start + datasetLength + 1, length - datasetLength - 1);
    },
  };
}

/** Groupings may look at some bytes behind a key. */
const PADDING = '\0\0\0\0\0\0\0\0';
