import { createHash } from 'node:crypto';
import { removeOtherFiles } from '../../cache/datasets/dataset-files.js';
import {
  bytesOfNames,
  readDatasetNames,
  writeDatasetNames,
} from '../../cache/datasets/dataset-names.js';
import { DamagedCacheError } from '../../cache/own-file.js';
import type { CachePaths } from '../../cache/paths.js';
import { type DatasetRule, readSettings, updateSettings } from '../../cache/settings.js';
import type { GivenNames } from './names-file.js';

type NamesRule = Extract<DatasetRule, { rule: 'names' }>;

/**
 * Keep names in the cache: from now on records are grouped by them. That they are the same as before costs nothing more;
 * with others rollups are made anew. The lock must be held.
 *
 * @returns whether they are others than before
 * @throws {CacheWriteError} @throws {DamagedCacheError} the settings
 */
export function useNames(paths: CachePaths, names: GivenNames): boolean {
  const { datasets } = readSettings(paths);
  const before = datasets.rule === 'names' ? datasets : undefined;
  const { source, buckets } = names;
  const isSame = before !== undefined && isKept(paths, before, names);
  if (isSame && before.source === source && before.buckets === buckets) return false;
  const { file, sha256 } = isSame ? before : writeDatasetNames(paths, names);
  const prefixes = names.prefixes.length;
  updateSettings(paths, {
    datasets: { rule: 'names', file, sha256, source, prefixes, buckets },
  });
  removeOtherFiles(paths, 'names', file);
  return !isSame;
}

/** Whether the file of before says the same, and is whole. */
function isKept(paths: CachePaths, before: NamesRule, names: GivenNames): boolean {
  const sha256 = createHash('sha256').update(bytesOfNames(names)).digest('hex');
  if (before.sha256 !== sha256) return false;
  try {
    readDatasetNames(paths, before);
    return true;
  } catch (error) {
    if (error instanceof DamagedCacheError) return false;
    throw error;
  }
}
