import type { Engine } from '../../cache/engine.js';
import type { CachePaths } from '../../cache/paths.js';
import type { UpdateRollupsOptions } from '../../cache/rollups.js';
import type { SummaryMode } from './dataset-choice.js';
import { privacyRules } from './privacy.js';
import { type Published, publishSummaries } from './publish-summaries.js';

export interface UpdateTotalsOptions extends Omit<UpdateRollupsOptions, 'onProgress'> {
  /** `dataset`: totals.json; `archive`: archive_totals.json. Default `dataset`. */
  readonly mode?: SummaryMode;
  readonly threshold?: number | bigint | undefined;
  readonly modulus?: number | bigint | undefined;
}

export interface TotalsUpdate {
  /** Datasets in the file; 1 for the archive, 0 when there are no records and so no file. */
  readonly datasets: number;
  /** `unchanged`: its bytes were these already, or there is no file and was none. */
  readonly file: 'written' | 'unchanged' | 'removed';
  readonly stopped: boolean;
}

/**
 * Bring `summaries/totals.json` or `summaries/archive_totals.json` up to the commits there are,
 * from exact sums, rolling up new commits first.
 *
 * @throws {PrivacyRulesError} @throws {DamagedCacheError} @throws {EngineError}
 * @throws {CacheWriteError}
 */
export async function updateTotals(
  paths: CachePaths,
  engine: Engine,
  options: UpdateTotalsOptions = {},
): Promise<TotalsUpdate> {
  const mode = options.mode ?? 'dataset';
  const rules = privacyRules(options);
  const output = mode === 'archive' ? 'archiveTotals' : 'datasetTotals';
  const publication = await publishSummaries(paths, engine, [output], { ...options, rules });
  return totalsUpdate(mode, publication.datasets, publication.outputs.get(output), publication);
}

/** What is told of one file of totals. */
export function totalsUpdate(
  mode: SummaryMode,
  datasets: number,
  published: Published | undefined,
  { stopped }: { readonly stopped: boolean },
): TotalsUpdate {
  if (stopped || published === undefined) return { datasets: 0, file: 'unchanged', stopped };
  const { filesWritten, filesRemoved } = published;
  return {
    datasets: mode === 'archive' ? Math.min(1, datasets) : datasets,
    file: filesWritten > 0 ? 'written' : filesRemoved > 0 ? 'removed' : 'unchanged',
    stopped,
  };
}
