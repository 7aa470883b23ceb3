import { type KeylessCache, openCacheForWriting } from '../cache/open-cache.js';
import { isPublished, markPublished } from '../cache/published-state.js';
import { requireSource } from '../src/extract/extract-logs.js';
import type { ExtractionReport } from '../src/extract/report.js';
import { privacyRules } from '../src/summarize/privacy.js';
import type { CommandContext } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import type { Output } from './output.js';
import { extractionStatus, runExtraction } from './run-extraction.js';
import {
  type PublishOptions,
  runIndexes,
  runSummaries,
  runTotals,
  type StageContext,
  type StageResult,
  withStages,
} from './stages.js';
import { watchStopSignals } from './stop-signals.js';

export interface UpdateOptions extends Pick<PublishOptions, 'threshold' | 'modulus'> {
  /** Folder of logs to extract first, if any. */
  readonly source: string | undefined;
  readonly workers: number;
}

/**
 * Every stage in order under one lock. Without a source nothing is extracted, and no key is needed.
 *
 * @returns the exit status
 */
export async function updateEverything(
  options: UpdateOptions,
  context: CommandContext,
): Promise<number> {
  const { source, workers } = options;
  const { output } = context;
  // Wrong options and a wrong source end it before anything is made or extracted.
  privacyRules(options);
  if (source !== undefined) requireSource(source);
  const open = { command: 'update', env: context.env };
  if (source === undefined) {
    const cache = await openCacheForWriting(context.cacheDirectory, { ...open, needsKey: false });
    try {
      const stopped = await publish(cache, options, output);
      output.json({ extraction: null, stopped });
      return EXIT_STATUS.done.status;
    } finally {
      cache.close();
    }
  }
  const cache = await openCacheForWriting(context.cacheDirectory, open);
  try {
    const signals = watchStopSignals(cache.paths, cache.lock.token, () =>
      output.note('Stopping: the files in hand are finished first. Signal again to leave at once.'),
    );
    let report: ExtractionReport;
    try {
      const { shouldStop } = signals;
      report = await runExtraction(
        cache,
        { source, workers, limit: undefined, shouldStop },
        output,
      );
    } finally {
      signals.close();
    }
    // A signal that came when the last file was done stops what is to follow.
    const stopped =
      report.stopped || signals.shouldStop() || (await publish(cache, options, output));
    output.json({ extraction: report, stopped });
    return extractionStatus(report);
  } finally {
    cache.close();
  }
}

/** All stages after extraction, unless nothing is new. @returns whether it was stopped on request */
async function publish(
  cache: KeylessCache,
  options: UpdateOptions,
  output: Output,
): Promise<boolean> {
  const rules = [options.threshold ?? null, options.modulus ?? null];
  if (isPublished(cache.paths, rules)) {
    output.print('Nothing new: indexes, summaries and totals are up to date.');
    return false;
  }
  const stopped = await withStages(cache, output, (stage) => runAll(stage, options));
  if (!stopped) markPublished(cache.paths, rules);
  return stopped;
}

/** @returns whether it was stopped on request */
async function runAll(
  stage: StageContext,
  { threshold, modulus }: Pick<PublishOptions, 'threshold' | 'modulus'>,
): Promise<boolean> {
  const steps: (() => Promise<StageResult>)[] = [
    () => runIndexes(stage),
    () => runSummaries(stage, { mode: 'dataset', threshold, modulus }),
    () => runSummaries(stage, { mode: 'archive', threshold, modulus }),
    () => runTotals(stage, { mode: 'dataset', threshold, modulus }),
    () => runTotals(stage, { mode: 'archive', threshold, modulus }),
  ];
  for (const step of steps) {
    if ((await step()).stopped || stage.shouldStop()) return true;
  }
  return false;
}

/** Open the cache, run one stage, print its result. @returns the exit status */
export async function runStage(
  command: string,
  { cacheDirectory, output, env }: CommandContext,
  run: (stage: StageContext) => Promise<StageResult>,
): Promise<number> {
  const cache = await openCacheForWriting(cacheDirectory, { command, env, needsKey: false });
  try {
    const result = await withStages(cache, output, run);
    output.json(result);
    return EXIT_STATUS.done.status;
  } finally {
    cache.close();
  }
}
