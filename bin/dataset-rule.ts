import { listCommits, readCommit } from '../cache/commit-record.js';
import { compilePattern } from '../cache/datasets/grouping.js';
import { S3LogExtractionError } from '../cache/error.js';
import type { CachePaths } from '../cache/paths.js';
import {
  type DatasetRule,
  FIRST_COMPONENT,
  type RobotsChoice,
  readSettings,
  updateSettings,
} from '../cache/settings.js';
import type { MappingError } from '../src/datasets/mapping.js';
import type { GivenNames } from '../src/datasets/names-file.js';
import { type UpdateMappingOptions, updateMapping } from '../src/datasets/update-mapping.js';
import { modeOfCache } from '../src/extract/extraction-mode.js';
import { withStop } from '../src/ip/check-regions.js';
import { ROBOTS_TOLD } from './describe-rule.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatCount, plural } from './format.js';
import type { StageContext } from './stages.js';

export interface DatasetRuleOptions
  extends Pick<UpdateMappingOptions, 'mapping' | 'apiUrl' | 'shared'> {
  readonly mode: 'dataset' | 'dandi' | 'archive' | undefined;
  readonly datasetLevel?: number | undefined;
  readonly datasetPattern?: string | undefined;
  readonly robots?: RobotsChoice | undefined;
  readonly names?: GivenNames | undefined;
}

/** Options that say what datasets are contradict each other or the cache. */
export class DatasetRuleError extends S3LogExtractionError {
  constructor(why: string, hint: string) {
    super(
      'DATASET_RULE_INVALID',
      `Could not tell what the datasets are: ${why}.`,
      { hint },
      EXIT_STATUS.usage.status,
    );
  }
}

/** A stop ends what is waited for: servers and pipes may say nothing for long. */
type RuleContext = Pick<StageContext, 'cache' | 'output'> &
  Partial<Pick<StageContext, 'shouldStop'>>;

/**
 * See to it that the cache knows what its datasets are. In `dandi` mode the mapping is brought up to date.
 *
 * @returns what is published: tables of datasets, or of the archive
 * @throws {DatasetRuleError} of options that contradict the cache @throws {DatasetPatternError} @throws {MappingError}
 */
export async function settleDatasets(
  stage: RuleContext,
  options: DatasetRuleOptions,
): Promise<'dataset' | 'archive'> {
  checkRule(options);
  const { paths, lock } = stage.cache;
  const { datasets: saved } = readSettings(paths);
  const isDandi = saved.rule === 'content' || (isUsual(saved) && modeOfCache(paths) === 'dandi');
  const asked = askedRule(options);
  const { names } = options;
  const usesMapping = [options.mapping, options.apiUrl, options.shared].some(
    (o) => o !== undefined,
  );
  const mode = modeOfCache(paths);
  if ((asked ?? names) !== undefined && mode === 'dandi') {
    throw new DatasetRuleError(
      `the cache ${paths.root} was extracted in dandi mode, and its datasets are dandisets`,
      'Leave --dataset-level, --dataset-pattern and --names out. For datasets by keys extract the logs into another cache, named with --cache, in generic mode.',
    );
  }
  const wantsDandi = options.mode === 'dandi' || usesMapping;
  if (wantsDandi) requireDandi(paths);
  const isKept = asked === undefined && !wantsDandi && mode !== undefined;
  const used = names ?? (isKept && saved.rule === 'names' ? saved : undefined);
  if (used !== undefined && used.buckets > 0) requireBuckets(paths, mode, used.source);
  if (options.robots !== undefined) {
    lock.assertHeld();
    updateSettings(paths, { robots: options.robots === 'include' ? undefined : options.robots });
  }
  tellRobots(stage);
  if (asked !== undefined) {
    lock.assertHeld();
    updateSettings(paths, { datasets: asked });
  } else if (names !== undefined) {
    await keepNames(stage, names);
  } else if (wantsDandi || (isDandi && (options.mode === undefined || saved.rule !== 'content'))) {
    await refreshMapping(stage, options);
  }
  return options.mode === 'archive' ? 'archive' : 'dataset';
}

/**
 * Dandisets are told by content, which records of another mode do not name. A cache without records may become one of
 * any mode.
 *
 * @throws {DatasetRuleError}
 */
export function requireDandi(paths: CachePaths): void {
  const mode = modeOfCache(paths);
  if (mode === undefined || mode === 'dandi') return;
  throw new DatasetRuleError(
    `the cache ${paths.root} was extracted in ${mode} mode, so that it has no dandisets`,
    'Leave --mode dandi, --mapping, --api-url and --shared out. For dandisets extract the logs into another cache, named with --cache, with "extract --mode dandi".',
  );
}

/** @throws {DatasetRuleError} records do not say which bucket they are of */
function requireBuckets({ root }: CachePaths, mode: string | undefined, source: string): void {
  if (mode === 'buckets') return;
  const why = mode === undefined ? 'has no records yet' : `was extracted in ${mode} mode`;
  throw new DatasetRuleError(
    `${source} names buckets, and the cache ${root} ${why}`,
    'Take "buckets:" out of the file, or say what else the datasets are, as with --dataset-level 1. For datasets by buckets extract the logs into another cache, named with --cache, with "extract --mode buckets".',
  );
}

async function keepNames({ cache, output }: RuleContext, names: GivenNames): Promise<void> {
  const { useNames } = await import('../src/datasets/use-names.js');
  cache.lock.assertHeld();
  const changed = useNames(cache.paths, names);
  const { prefixes, source } = names;
  output.note(
    `Names of datasets: ${formatCount(prefixes.length)}, from ${source}${changed ? '' : ', as before'}.`,
  );
}

async function refreshMapping(
  { cache, output, shouldStop }: RuleContext,
  { mapping, apiUrl, shared }: DatasetRuleOptions,
): Promise<void> {
  const options = {
    mapping,
    apiUrl,
    shared,
    assertHeld: () => cache.lock.assertHeld(),
    onProgress: (done: number, all: number) =>
      output.progress(`Mapping: ${formatCount(done)} of ${plural(all, 'version')} asked`),
    onStale: (why: MappingError, fetchedAt: string) =>
      output.warn(`${why.message} The one of ${fetchedAt} is used in its place.`),
  };
  const update = await withStop(shouldStop, (signal) =>
    updateMapping(cache.paths, { ...options, signal }),
  );
  if (update.stale) return;
  output.note(
    `Mapping: ${plural(update.contents, 'content')} linked, from ${update.source}${update.changed ? '' : ', as before'}.`,
  );
}

/** That not all records count must not be forgotten; those that nobody has looked at for robots count as those of people. */
function tellRobots({ cache: { paths }, output }: RuleContext): void {
  const { robots } = readSettings(paths);
  if (robots === undefined) return;
  output.note(`Counted: ${ROBOTS_TOLD[robots]}.`);
  const untold = listCommits(paths).filter(
    (commit) => !readCommit(paths, commit).pipeline?.some(({ use }) => use === 'robots'),
  );
  if (untold.length === 0) return;
  output.warn(
    `${plural(untold.length, 'commit')} did not go through the handler "robots": all their records count as those of people.`,
  );
}
/** The names may not have been read yet. */
type CheckedOptions = Omit<DatasetRuleOptions, 'names'> & { readonly names?: unknown };

/** Options that contradict each other end it before anything is opened. @throws {DatasetRuleError} */
export function checkRule(options: CheckedOptions): void {
  const { datasetLevel, datasetPattern, names, mode } = options;
  const rules = [datasetLevel, datasetPattern, names].filter((option) => option !== undefined);
  const mappings = [options.mapping, options.apiUrl].filter((option) => option !== undefined);
  if (rules.length > 1 || (rules.length > 0 && (mappings.length > 0 || mode === 'dandi'))) {
    throw new DatasetRuleError(
      '--dataset-level, --dataset-pattern, --names and a mapping exclude each other',
      'Give one of them.',
    );
  }
  if (mappings.length > 1) {
    throw new DatasetRuleError(
      '--mapping and --api-url exclude each other',
      'Name a mapping that is there, or an API to make it from.',
    );
  }
  if (
    datasetLevel !== undefined &&
    !(Number.isInteger(datasetLevel) && datasetLevel >= 1 && datasetLevel <= 100)
  ) {
    throw new DatasetRuleError(
      '--dataset-level is no whole number from 1 to 100',
      'For keys like project/dataset/file use --dataset-level 2.',
    );
  }
  if (datasetPattern !== undefined) compilePattern(datasetPattern);
}

function isUsual(rule: DatasetRule): boolean {
  return rule.rule === 'level' && rule.level === FIRST_COMPONENT.level;
}

function askedRule({ datasetLevel, datasetPattern }: DatasetRuleOptions): DatasetRule | undefined {
  if (datasetLevel !== undefined) return { rule: 'level', level: datasetLevel };
  if (datasetPattern !== undefined) return { rule: 'pattern', pattern: datasetPattern };
  return undefined;
}
