import type { Engine } from '../../cache/engine.js';
import type { CachePaths } from '../../cache/paths.js';
import type { UpdateRollupsOptions } from '../../cache/rollups.js';
import { checkChoice, type DatasetChoice, type SummaryMode } from './dataset-choice.js';
import { privacyRules } from './privacy.js';
import {
  type Published,
  type PublishProgress,
  publishSummaries,
  type UnlinkedBytes,
} from './publish-summaries.js';

export interface UpdateSummariesOptions
  extends DatasetChoice,
    Omit<UpdateRollupsOptions, 'onProgress'> {
  /** Default `dataset`. */
  readonly mode?: SummaryMode;
  /** Counts below it are suppressed; default 50. */
  readonly threshold?: number | bigint | undefined;
  /** Counts are rounded to multiples of it; default 20. */
  readonly modulus?: number | bigint | undefined;
  readonly onProgress?: (progress: PublishProgress) => void;
}

export interface SummariesUpdate extends Published {
  /** Datasets that have tables now, as far as this run looked; 1 for the archive. */
  readonly datasets: number;
  /** Where datasets are not the first components of keys, and all were looked at. */
  readonly unlinked?: UnlinkedBytes | undefined;
  /** Stopped on request: what is written is whole, what is stale is still there. */
  readonly stopped: boolean;
}

/**
 * Bring the tables in `summaries/` up to the commits there are, rolling up new ones first. A file
 * whose bytes would not change is left untouched.
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
  const output = mode === 'archive' ? 'archiveTables' : 'datasetTables';
  const publication = await publishSummaries(paths, engine, [output], { ...options, rules });
  const { datasets, outputs, unlinked, stopped } = publication;
  return {
    datasets: mode === 'archive' ? Math.min(1, datasets) : datasets,
    ...(outputs.get(output) as Published),
    unlinked,
    stopped,
  };
}
