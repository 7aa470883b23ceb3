import { type Engine, engineOnDemand } from '../cache/engine.js';
import type { KeylessCache } from '../cache/open-cache.js';
import type { PublishedState } from '../cache/published-state.js';
import { indexRequesters } from '../src/ip/index-requesters.js';
import type { SummaryMode } from '../src/summarize/dataset-choice.js';
import { privacyRules } from '../src/summarize/privacy.js';
import {
  OUTPUTS,
  type Published,
  type PublishProgress,
  publishSummaries,
  type UnlinkedBytes,
} from '../src/summarize/publish-summaries.js';
import { type SummariesUpdate, updateSummaries } from '../src/summarize/update-summaries.js';
import { type TotalsUpdate, totalsUpdate, updateTotals } from '../src/summarize/update-totals.js';
import { formatCount, plural } from './format.js';
import type { Output } from './output.js';
import { watchStopSignals } from './stop-signals.js';

/** What a stage works on and with. */
export interface StageContext {
  readonly cache: KeylessCache;
  readonly engine: Engine;
  readonly output: Output;
  readonly shouldStop: () => boolean;
}

/** A stage's result: what `--json` prints of it, and whether it was stopped on request. */
export interface StageResult {
  readonly stopped: boolean;
}

export interface PublishOptions {
  readonly mode: SummaryMode;
  readonly pick?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly threshold?: number | undefined;
  readonly modulus?: number | undefined;
  readonly workers?: number | undefined;
}

/** Run stages with an engine and under the stop signals; both are closed whatever happens. */
export async function withStages<T>(
  cache: KeylessCache,
  output: Output,
  run: (context: StageContext) => Promise<T>,
): Promise<T> {
  const signals = watchStopSignals(cache.paths, cache.lock.token, () =>
    output.note('Stopping: what is being written is finished first.'),
  );
  try {
    const engine = engineOnDemand(cache.paths);
    try {
      return await run({ cache, engine, output, shouldStop: signals.shouldStop });
    } finally {
      engine.close();
    }
  } finally {
    signals.close();
  }
}

export async function runIndexes(context: StageContext): Promise<StageResult> {
  const { output } = context;
  const result = await indexRequesters(context.cache.paths, context.engine, common(context));
  output.print(
    result.added === 0
      ? 'Indexes: nothing new.'
      : `Indexes: ${plural(result.added, 'requester')} added.`,
  );
  return result;
}

export async function runSummaries(
  context: StageContext,
  options: PublishOptions,
): Promise<StageResult> {
  const { workers, ...others } = options;
  const result = await updateSummaries(context.cache.paths, context.engine, {
    ...common(context),
    ...others,
    threads: workers,
    onProgress: (progress) => tellProgress(context, progress),
  });
  tellSummaries(context, options.mode, result);
  tellUnlinked(context, result.unlinked);
  const { unlinked, ...rest } = result;
  const told = unlinked === undefined ? rest : { ...rest, unlinked: sharesOf(unlinked) };
  return told;
}

export async function runTotals(
  context: StageContext,
  options: PublishOptions,
): Promise<StageResult> {
  const result = await updateTotals(context.cache.paths, context.engine, {
    ...common(context),
    ...options,
  });
  tellTotals(context, options.mode, result);
  return result;
}

/**
 * Summaries and totals of all datasets and of the archive, in one pass.
 *
 * @param since what was published last: what must be the same is not made again
 */
export async function runPublication(
  context: StageContext,
  options: Pick<PublishOptions, 'threshold' | 'modulus'>,
  since: PublishedState,
): Promise<StageResult> {
  const publication = await publishSummaries(context.cache.paths, context.engine, OUTPUTS, {
    ...common(context),
    rules: privacyRules(options),
    since,
    onProgress: (progress) => tellProgress(context, progress),
  });
  const { datasets, outputs, unlinked, stopped } = publication;
  for (const mode of ['dataset', 'archive'] as const) {
    const tables = outputs.get(`${mode}Tables`) as Published;
    tellSummaries(context, mode, { datasets, ...tables, stopped });
  }
  for (const mode of ['dataset', 'archive'] as const) {
    const totals = outputs.get(`${mode}Totals`);
    tellTotals(context, mode, totalsUpdate(mode, datasets, totals, publication));
  }
  tellUnlinked(context, unlinked);
  return { stopped };
}

function tellProgress({ output }: StageContext, progress: PublishProgress): void {
  const { filesWritten, filesUnchanged } = progress;
  output.progress(
    `Summaries: ${plural(filesWritten, 'file')} written, ${formatCount(filesUnchanged)} unchanged`,
  );
}

function tellSummaries(
  { output }: StageContext,
  mode: SummaryMode,
  { datasets, filesWritten, filesUnchanged, filesRemoved }: SummariesUpdate,
): void {
  const what = mode === 'archive' ? 'the archive' : plural(datasets, 'dataset');
  output.print(
    `Summaries of ${what}: ${plural(filesWritten, 'file')} written, ${formatCount(filesUnchanged)} unchanged, ${formatCount(filesRemoved)} removed.`,
  );
}

/** What share of bytes has no dataset of its own: a mapping that went wrong shows here. */
function tellUnlinked({ output }: StageContext, unlinked: UnlinkedBytes | undefined): void {
  if (unlinked === undefined || unlinked.total === 0n) return;
  const { unassociated, undetermined } = sharesOf(unlinked);
  const percent = (share: number): string => `${(share * 100).toFixed(2)} %`;
  output.print(
    `Of the bytes sent, ${percent(unassociated.shareOfBytes)} are unassociated and ${percent(undetermined.shareOfBytes)} undetermined.`,
  );
}

/** Bytes as text: sums may exceed what a JSON number holds exactly. */
function sharesOf({ total, ...kinds }: UnlinkedBytes) {
  const share = (bytes: bigint) => ({
    bytes: String(bytes),
    shareOfBytes: total === 0n ? 0 : Number((bytes * 1_000_000n) / total) / 1e6,
  });
  return {
    unassociated: share(kinds.unassociated),
    undetermined: share(kinds.undetermined),
  };
}

function tellTotals({ output }: StageContext, mode: SummaryMode, result: TotalsUpdate): void {
  const what = mode === 'archive' ? 'the archive' : plural(result.datasets, 'dataset');
  output.print(`Totals of ${what}: ${result.file}.`);
}

function common({ cache, shouldStop }: StageContext) {
  return { assertHeld: () => cache.lock.assertHeld(), shouldStop };
}
