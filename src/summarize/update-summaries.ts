import { join } from 'node:path';
import { makeDirectory, PUBLISHED } from '../../cache/atomic-write.js';
import type { Engine } from '../../cache/engine.js';
import type { CachePaths } from '../../cache/paths.js';
import { listFolders, removePublished } from '../../cache/published-folder.js';
import { regionRelation } from '../../cache/region-table.js';
import { type UpdateRollupsOptions, updateRollups } from '../../cache/rollups.js';
import { datasetFolder } from './dataset-folder.js';
import {
  checkChoice,
  type DatasetChoice,
  groupRollups,
  isPartial,
  requirePicked,
  type SummaryMode,
} from './grouping.js';
import { privacyRules } from './privacy.js';
import { publishTable } from './publish-tables.js';
import { ARCHIVE_TABLES, DATASET_FILES, DATASET_TABLES } from './tables.js';

export interface UpdateSummariesOptions
  extends DatasetChoice,
    Omit<UpdateRollupsOptions, 'onProgress'> {
  /** Default `dataset`. */
  readonly mode?: SummaryMode;
  /** Counts below it are suppressed; default 50. */
  readonly threshold?: number | bigint | undefined;
  /** Counts are rounded to multiples of it; default 20. */
  readonly modulus?: number | bigint | undefined;
  /** Files compared or written at a time, at least 1; default 8. */
  readonly workers?: number | undefined;
  readonly onProgress?: (progress: SummariesProgress) => void;
}

export interface SummariesProgress {
  readonly filesWritten: number;
  readonly filesUnchanged: number;
}

export interface SummariesUpdate extends SummariesProgress {
  /** Datasets that have tables now, as far as this run looked; 1 for the archive. */
  readonly datasets: number;
  /** Files of datasets that exist no longer. */
  readonly filesRemoved: number;
  /** Stopped on request: what is written is whole, what is stale is still there. */
  readonly stopped: boolean;
}

const ARCHIVE_FOLDER = 'archive';
const DEFAULT_WORKERS = 8;

/**
 * Bring `summaries/` up to the commits there are, rolling up new ones first. A file whose bytes
 * would not change is left untouched. A handful of queries, however many datasets there are.
 *
 * @throws {DatasetChoiceError} both pick and skip, or either for the archive
 * @throws {PrivacyRulesError} @throws {UnknownDatasetError}
 * @throws {DamagedCacheError} before anything is published
 * @throws {EngineError} @throws {CacheWriteError} @throws {PublishedFolderError}
 */
export async function updateSummaries(
  paths: CachePaths,
  engine: Engine,
  options: UpdateSummariesOptions = {},
): Promise<SummariesUpdate> {
  const mode = options.mode ?? 'dataset';
  const rules = privacyRules(options);
  checkChoice(mode, options);
  const { assertHeld = () => {}, shouldStop = () => false } = options;
  const { onProgress, ...rollupOptions } = options;
  const { manifest, stopped } = await updateRollups(paths, engine, rollupOptions);
  const folders = new Set<string>();
  const counts = { filesWritten: 0, filesUnchanged: 0 };
  const result = (filesRemoved: number, isStopped: boolean): SummariesUpdate => ({
    datasets: folders.size,
    ...counts,
    filesRemoved,
    stopped: isStopped,
  });
  if (stopped) return result(0, true);
  await requirePicked(paths, engine, manifest.runs, options);

  makeDirectory(paths.summaries, PUBLISHED);
  const grouping = groupRollups(paths, manifest.runs, mode, options);
  const regions = regionRelation(paths);
  for (const table of mode === 'archive' ? ARCHIVE_TABLES : DATASET_TABLES) {
    const finished = await publishTable(paths, engine, grouping, table, {
      rules,
      regions,
      workers: Math.max(1, options.workers ?? DEFAULT_WORKERS),
      folderOf: mode === 'archive' ? () => ARCHIVE_FOLDER : datasetFolder,
      assertHeld,
      shouldStop,
      onFile: (folder, changed) => {
        folders.add(folder);
        counts[changed ? 'filesWritten' : 'filesUnchanged']++;
        onProgress?.({ ...counts });
      },
    });
    if (!finished) return result(0, true);
  }
  if (isPartial(options)) return result(0, false);
  assertHeld();
  return result(removeStale(paths, mode, folders), false);
}

/** Remove the tables of what exists no longer, among those that this mode writes. */
function removeStale(paths: CachePaths, mode: SummaryMode, current: ReadonlySet<string>): number {
  const files =
    mode === 'archive' ? new Set(ARCHIVE_TABLES.map(({ file }) => file)) : DATASET_FILES;
  return listFolders(paths.summaries)
    .filter((folder) => (folder === ARCHIVE_FOLDER) === (mode === 'archive'))
    .filter((folder) => !current.has(folder))
    .reduce((sum, folder) => sum + removePublished(join(paths.summaries, folder), files), 0);
}
