import { type Engine, openEngine } from '../cache/engine.js';
import type { KeylessCache } from '../cache/open-cache.js';
import { indexRequesters } from '../src/ip/index-requesters.js';
import type { SummaryMode } from '../src/summarize/grouping.js';
import { updateSummaries } from '../src/summarize/update-summaries.js';
import { updateTotals } from '../src/summarize/update-totals.js';
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
    const engine = await openEngine(cache.paths);
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
  const { output } = context;
  const result = await updateSummaries(context.cache.paths, context.engine, {
    ...common(context),
    ...options,
    onProgress: ({ filesWritten, filesUnchanged }) =>
      output.progress(
        `Summaries: ${formatCount(filesWritten)} files written, ${formatCount(filesUnchanged)} unchanged`,
      ),
  });
  const what = options.mode === 'archive' ? 'the archive' : plural(result.datasets, 'dataset');
  output.print(
    `Summaries of ${what}: ${formatCount(result.filesWritten)} files written, ${formatCount(result.filesUnchanged)} unchanged, ${formatCount(result.filesRemoved)} removed.`,
  );
  return result;
}

export async function runTotals(
  context: StageContext,
  options: PublishOptions,
): Promise<StageResult> {
  const result = await updateTotals(context.cache.paths, context.engine, {
    ...common(context),
    ...options,
  });
  const what = options.mode === 'archive' ? 'the archive' : plural(result.datasets, 'dataset');
  context.output.print(`Totals of ${what}: ${result.file}.`);
  return result;
}

function common({ cache, shouldStop }: StageContext) {
  return { assertHeld: () => cache.lock.assertHeld(), shouldStop };
}
