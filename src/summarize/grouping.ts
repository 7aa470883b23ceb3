import type { Engine } from '../../cache/engine.js';
import { S3LogExtractionError } from '../../cache/error.js';
import type { CachePaths } from '../../cache/paths.js';
import { daysRelation, type RollupRun, requestersRelation } from '../../cache/rollup-manifest.js';
import { ASSET_PATH_SQL, DATASET_SQL } from './dataset.js';

/** `dataset`: one set of tables per dataset; `archive`: one over all of them. */
export type SummaryMode = 'dataset' | 'archive';

/**
 * How the rollups are grouped into datasets, as SQL of two relations. All tables are queries over
 * these, so another way of grouping needs nothing but another pair.
 */
export interface Grouping {
  /** (dataset, asset_path, day, bytes_sent, requests, downloads) */
  readonly days: string;
  /** (dataset, requester, bytes_sent, requests, downloads) */
  readonly requesters: string;
  /** What the two bind. */
  readonly parameters: readonly (readonly string[])[];
}

export interface DatasetChoice {
  /** Only these datasets. Names, not folders. */
  readonly pick?: readonly string[] | undefined;
  /** All but these. */
  readonly skip?: readonly string[] | undefined;
}

/** Options that exclude each other. */
export class DatasetChoiceError extends S3LogExtractionError {
  constructor(what: string, hint: string) {
    super('DATASET_CHOICE_INVALID', `Could not choose datasets: ${what}.`, { hint }, 2);
  }
}

/** A dataset asked for by name has no records. */
export class UnknownDatasetError extends S3LogExtractionError {
  constructor(names: readonly string[]) {
    super('UNKNOWN_DATASET', `No records of the picked dataset ${names.join(', ')}.`, {
      hint: 'A dataset is the first component of the keys as logged; upper and lower case differ.',
    });
  }
}

/** Group rollups by dataset, or all into one without a name. */
export function groupRollups(
  paths: CachePaths,
  runs: readonly RollupRun[],
  mode: SummaryMode,
  choice: DatasetChoice = {},
): Grouping {
  checkChoice(mode, choice);
  const dataset = mode === 'archive' ? "''" : DATASET_SQL;
  const assetPath = mode === 'archive' ? "'.'" : ASSET_PATH_SQL;
  const sums = 'bytes_sent, requests, downloads';
  const names = given(choice.pick) ?? given(choice.skip);
  const where =
    names === undefined
      ? ''
      : `WHERE dataset ${given(choice.pick) ? 'IN' : 'NOT IN'} (SELECT unnest($1))`;
  return {
    days: `(SELECT ${dataset} AS dataset, ${assetPath} AS asset_path, day, ${sums}
            FROM ${daysRelation(paths, runs)} ${where})`,
    requesters: `(SELECT ${dataset} AS dataset, requester, ${sums}
                  FROM ${requestersRelation(paths, runs)} ${where})`,
    parameters: names === undefined ? [] : [names],
  };
}

/** Whether the grouping leaves datasets out. */
export function isPartial(choice: DatasetChoice): boolean {
  return given(choice.pick) !== undefined || given(choice.skip) !== undefined;
}

/** @throws {UnknownDatasetError} a picked dataset has no records */
export async function requirePicked(
  paths: CachePaths,
  engine: Engine,
  runs: readonly RollupRun[],
  choice: DatasetChoice,
): Promise<void> {
  const picked = given(choice.pick);
  if (picked === undefined) return;
  const unknown = await engine.run(
    'look up the picked datasets',
    `SELECT DISTINCT name FROM (SELECT unnest($1) AS name)
     WHERE name NOT IN (SELECT ${DATASET_SQL} FROM ${daysRelation(paths, runs)}) ORDER BY name`,
    [picked],
  );
  if (unknown.length > 0) throw new UnknownDatasetError(unknown.map(([name]) => String(name)));
}

/** @throws {DatasetChoiceError} */
export function checkChoice(mode: SummaryMode, choice: DatasetChoice): void {
  if (given(choice.pick) && given(choice.skip)) {
    throw new DatasetChoiceError(
      '--pick and --skip exclude each other',
      'Give the datasets wanted with --pick, or those unwanted with --skip.',
    );
  }
  if (choice.pick?.length === 0 || choice.skip?.length === 0) {
    throw new DatasetChoiceError('no dataset is named', 'Name them as --pick a,b or --skip a,b.');
  }
  if (mode === 'archive' && isPartial(choice)) {
    throw new DatasetChoiceError(
      'the archive tables are over all datasets',
      'Leave out --pick and --skip, or --mode archive.',
    );
  }
}

function given(names: readonly string[] | undefined): readonly string[] | undefined {
  return names === undefined || names.length === 0 ? undefined : names;
}
