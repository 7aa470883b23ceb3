import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { systemErrorCode } from './error.js';
import type { CachePaths } from './paths.js';
import { parquetRelation } from './sql.js';

/** Where the regions of sealed addresses stand. */
export function regionsDirectory(paths: CachePaths): string {
  return join(paths.root, 'ips', 'regions');
}

/**
 * SQL of the relation (requester UUID, region VARCHAR): one row per sealed address that has a
 * region. Where several files name an address, the file that sorts last counts. No files, no rows.
 */
export function regionRelation(paths: CachePaths): string {
  const files = parquetFiles(regionsDirectory(paths));
  const relation = parquetRelation(
    files,
    { requester: 'UUID', region: 'VARCHAR' },
    { fileColumn: 'file' },
  );
  return `(SELECT requester, max_by(region, (file, region)) AS region FROM ${relation}
           WHERE region <> '' GROUP BY requester)`;
}

/** Complete Parquet files of a folder, in order of name; none when it is absent. */
export function parquetFiles(directory: string): string[] {
  try {
    return readdirSync(directory)
      .filter((name) => name.endsWith('.parquet'))
      .sort()
      .map((name) => join(directory, name));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}
