import { join, relative, resolve } from 'node:path';
import { fsyncDirectory } from '../../cache/atomic-write.js';
import { readCommit } from '../../cache/commit-record.js';
import { plural } from '../../cache/count-text.js';
import { S3LogExtractionError } from '../../cache/error.js';
import { removeIndex } from '../../cache/ledger/index-manifest.js';
import { Ledger } from '../../cache/ledger.js';
import type { WritableCache } from '../../cache/open-cache.js';
import { removeOwnFile } from '../../cache/own-file.js';
import type { CachePaths } from '../../cache/paths.js';
import {
  type FilesAgain,
  readPendingRepair,
  removePendingRepair,
  writePendingRepair,
} from '../../cache/pending-repair.js';
import { PublishedChecksWriter } from '../../cache/published-checks.js';
import { removePublishedFile } from '../../cache/published-folder.js';
import { discardRollups } from '../../cache/rollups.js';
import { withdrawCommits } from '../../cache/withdraw.js';
import { type ExtractOptions, extractLogs } from '../extract/extract-logs.js';
import { EXTRACTION_MODES, type ExtractionMode, modeOfCache } from '../extract/extraction-mode.js';
import type { ExtractionReport } from '../extract/report.js';
import { isBucketUrl } from '../source/bucket/bucket-url.js';
import { type Damage, type DamagedCommit, findDamage } from './find-damage.js';
import { commitsOfChanged, findNames, namesOf, sourceOf } from './find-files.js';
import { requirePipeline } from './require-pipeline.js';

export interface RepairOptions
  extends Pick<
    ExtractOptions,
    | 'workers'
    | 'skippedAddresses'
    | 'pipeline'
    | 'onWarning'
    | 'onNote'
    | 'onProgress'
    | 'shouldStop'
  > {
  /** Where the log files are now; default: where each commit had them from. */
  readonly source?: string | undefined;
  /** Take in anew what has changed since it was extracted, below `source` or where commits had their files from. */
  readonly changed?: boolean | undefined;
  /** Withdraw commits also when log files of theirs are gone: their records are lost. */
  readonly dropMissing?: boolean | undefined;
  /** Called before each file that is checked. */
  readonly onFile?: ((file: string) => void) | undefined;
}

/** What a repair finds, and would do. */
export interface RepairPlan {
  readonly damage: Damage;
  /** Commits to be withdrawn, as they are. */
  readonly commits: readonly DamagedCommit[];
  /** Commits to be withdrawn, and why. */
  readonly withdraw: readonly { readonly commit: string; readonly findings: readonly string[] }[];
  /** Log files to be extracted again. */
  readonly again: readonly FilesAgain[];
  readonly missing: readonly MissingFiles[];
}

/** Log files of a commit that are not there any more. */
export interface MissingFiles {
  readonly commit: string;
  /** Undefined when not even the names are known. */
  readonly names: readonly string[] | undefined;
  /** Of the whole commit, when its record is whole. */
  readonly records: number | undefined;
}

export interface RepairResult extends RepairPlan {
  /** Of each folder from which files were extracted again. */
  readonly extractions: readonly ExtractionReport[];
  readonly stopped: boolean;
}

/** The log files of a commit are in a bucket, which a repair does not read. */
export class LogsInBucketError extends S3LogExtractionError {
  constructor(source: string) {
    super(
      'LOGS_IN_BUCKET',
      `Could not look for log files in ${source}: repair reads folders, no buckets.`,
      {
        hint: 'Copy that part of the bucket to a folder, paths below it as they are, and name it: "s3logextraction repair FOLDER". Or give its records up with --drop-missing and extract the bucket again: what is still there is read once more.',
      },
    );
  }
}

/** Records would be lost for good: nothing was withdrawn. */
export class LogFilesMissingError extends S3LogExtractionError {
  constructor(missing: readonly MissingFiles[]) {
    const told = missing.slice(0, 5).map(({ commit, names, records }) => {
      const files =
        names === undefined
          ? 'log files that cannot be told'
          : `${plural(names.length, 'log file')}, ${JSON.stringify(names[0])} among them`;
      const lost = records === undefined ? '' : ` (the commit has ${plural(records, 'record')})`;
      return `${commit}: ${files}${lost}`;
    });
    const more = missing.length > 5 ? `; and ${missing.length - 5} more commits` : '';
    super(
      'LOG_FILES_MISSING',
      `Could not extract the log files of damaged commits again, some are gone: ${told.join('; ')}${more}.`,
      {
        hint: 'Say where they are: "s3logextraction repair FOLDER". Or restore the damaged files from a backup of the cache. Or give these records up with --drop-missing; what is still there is extracted again.',
      },
    );
  }
}

/**
 * Find what is damaged, and what could be done about it. Changes nothing.
 *
 * @throws {DamagedCacheError} the settings or the mapping of content
 */
export async function planRepair(
  paths: CachePaths,
  options: Pick<RepairOptions, 'source' | 'changed' | 'dropMissing' | 'onFile'>,
): Promise<RepairPlan> {
  const damage = await findDamage(paths, options.onFile);
  const broken = new Map<string, DamagedCommit>(damage.commits.map((one) => [one.commit, one]));
  if (options.changed) await addChanged(paths, options.source, broken);
  const again = new Map<string, Set<string>>();
  const missing: MissingFiles[] = [];
  for (const commit of broken.values()) {
    const names = await namesOf(paths, commit);
    const source = options.source ?? sourceOf(paths, commit);
    const records = commit.record?.lines.kept;
    if (names === undefined || source === undefined) {
      missing.push({ commit: commit.commit, names, records });
      continue;
    }
    if (isBucketUrl(source)) {
      if (!options.dropMissing) throw new LogsInBucketError(source);
      missing.push({ commit: commit.commit, names, records });
      continue;
    }
    const found = await findNames(source, new Set(names));
    const gone = names.filter((name) => !found.has(name));
    if (gone.length > 0) missing.push({ commit: commit.commit, names: gone, records });
    const own = again.get(resolve(source)) ?? new Set<string>();
    again.set(resolve(source), own);
    for (const name of found) own.add(name);
  }
  return {
    damage,
    commits: [...broken.values()],
    withdraw: [...broken.values()].map(({ commit, findings }) => ({ commit, findings })),
    again: [...again].map(([source, names]) => ({ source, names: [...names] })),
    missing,
  };
}

/**
 * Make a cache whole again (FORMAT.md section 16). What is derived is forgotten, to be made anew; commits of which
 * something is damaged are withdrawn, and their log files extracted again. It may be interrupted at any time: the next
 * repair goes on, and so does an extraction of the same folders.
 *
 * @throws {LogFilesMissingError} before any commit is withdrawn
 * @throws {CacheWriteError} and other failures of an extraction
 */
export async function repairCache(
  cache: WritableCache,
  options: RepairOptions,
): Promise<RepairResult> {
  const { paths, lock } = cache;
  const pending = readPendingRepair(paths);
  const plan = await planRepair(paths, options);
  const assertHeld = () => lock.assertHeld();
  assertHeld();
  removeIndex(paths);
  if (plan.damage.rollups.length > 0) discardRollups(paths, assertHeld);
  removeOwnFile(join(paths.rollups, 'published.json'));
  removeDamagedPublished(paths, plan.damage.published, assertHeld);
  for (const { path } of plan.damage.requesters) {
    assertHeld();
    removeOwnFile(path);
    fsyncDirectory(join(path, '..'));
  }
  if (plan.missing.length > 0 && !options.dropMissing) throw new LogFilesMissingError(plan.missing);
  await requirePipeline(plan.commits, options.pipeline);
  const again = [...(pending?.again ?? []), ...plan.again];
  const mode = pending?.mode ?? modeBefore(paths, plan);
  if (again.length > 0 || plan.withdraw.length > 0) {
    writePendingRepair(paths, { version: 1, mode, again });
    withdrawCommits(
      cache,
      plan.withdraw.map(({ commit }) => commit),
    );
  }
  const extractions: ExtractionReport[] = [];
  for (const { source, names } of again) {
    const report = await extractLogs(cache, {
      ...options,
      source,
      mode: mode as ExtractionMode,
      only: new Set(names),
    });
    extractions.push(report);
    if (report.stopped || report.files.failed > 0) {
      return { ...plan, extractions, stopped: report.stopped };
    }
  }
  removePendingRepair(paths);
  if (pending === undefined && !options.changed) tellOfChange(plan, extractions, options.onWarning);
  return { ...plan, extractions, stopped: false };
}

/** A log file that was cut since it was extracted has fewer lines now, and nothing else would tell. */
function tellOfChange(
  { commits, missing }: RepairPlan,
  extractions: readonly ExtractionReport[],
  onWarning: RepairOptions['onWarning'],
): void {
  const before = commits.map(({ record }) => record?.lines.total);
  if (missing.length > 0 || before.includes(undefined)) return;
  const [then, now] = [before, extractions.map(({ lines }) => lines.total)].map((counts) =>
    counts.reduce<number>((sum, count) => sum + (count ?? 0), 0),
  );
  if (then === now) return;
  onWarning?.(
    `The log files that were extracted again have ${plural(now, 'line')}; when they were extracted first they had ${plural(then, 'line')}. Some have changed since.`,
  );
}

/** What is wrong is better not there until the next update; nothing that says so is left to be missed. */
function removeDamagedPublished(
  paths: CachePaths,
  damaged: readonly string[],
  assertHeld: () => void,
): void {
  if (damaged.length === 0) return;
  const names = new Set(damaged.map((path) => relative(paths.summaries, path)));
  for (const path of damaged) {
    assertHeld();
    removePublishedFile(path);
  }
  const checks = new PublishedChecksWriter(paths);
  checks.drop((name) => names.has(name));
  checks.end();
}

/** When all commits are withdrawn none is left to tell. */
function modeBefore(paths: CachePaths, { withdraw }: RepairPlan): string {
  const told = withdraw.flatMap(({ commit }) => {
    try {
      return [readCommit(paths, commit).mode];
    } catch {
      return [];
    }
  });
  if (told[0] !== undefined) return told[0];
  try {
    return modeOfCache(paths) ?? EXTRACTION_MODES[0];
  } catch {
    return EXTRACTION_MODES[0];
  }
}

async function addChanged(
  paths: CachePaths,
  source: string | undefined,
  broken: Map<string, DamagedCommit>,
): Promise<void> {
  // A ledger that is damaged cannot say what has changed; it is mended first.
  if (broken.size > 0) return;
  const ledger = await Ledger.open(paths);
  try {
    for (const folder of source === undefined ? [...ledger.sources] : [source]) {
      if (isBucketUrl(folder)) throw new LogsInBucketError(folder);
      for (const [commit, names] of await commitsOfChanged(folder, ledger)) {
        const record = readCommit(paths, commit);
        const findings = [`${plural(names.length, 'log file')} changed since`];
        broken.set(commit, { commit, record, hasLedger: true, findings });
      }
    }
  } finally {
    ledger.close();
  }
}
