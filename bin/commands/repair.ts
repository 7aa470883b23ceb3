import { resolve } from 'node:path';
import type { RepairPlan, RepairResult } from '../../src/repair/repair-cache.js';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { PIPELINE_OPTION, pipelineOf, WORKERS_OPTION, workerCount } from '../extraction-options.js';
import { plural } from '../format.js';

export const repairCommand = defineCommand({
  name: 'repair',
  describe: DESCRIPTIONS.repair,
  positionals: {
    source: {
      required: false,
      describe: 'Where the log files are now (default: where they were extracted from)',
    },
  },
  options: {
    changed: {
      type: 'boolean',
      default: false,
      describe: 'Take in anew what has changed since it was extracted',
    },
    'drop-missing': {
      type: 'boolean',
      default: false,
      describe: 'Give up records whose log files are gone',
    },
    'dry-run': { type: 'boolean', default: false, describe: 'Only tell what would be done' },
    pipeline: PIPELINE_OPTION,
    workers: WORKERS_OPTION,
  },
  examples: [
    ['$0 repair', 'Mend what is damaged, from the logs'],
    ['$0 repair --changed', 'Take in log files that have changed'],
    ['$0 repair --dry-run', 'See what is damaged'],
  ],
  async run(options, { cacheDirectory, output, env }) {
    const { planRepair, repairCache } = await import('../../src/repair/repair-cache.js');
    const { changed, dropMissing } = options;
    const pipeline = await pipelineOf(options.pipeline, env);
    const { isBucketSource } = await import('../source-kind.js');
    const { source: given } = options;
    const source = given === undefined || isBucketSource(given) ? given : resolve(given);
    let files = 0;
    const onFile = (): void => output.progress(`Checking: ${plural(++files, 'file')}`);
    if (options.dryRun) {
      const { openCacheForReading } = await import('../../cache/open-cache.js');
      const { paths } = openCacheForReading(cacheDirectory);
      const plan = await planRepair(paths, { source, changed, onFile });
      output.print(describePlan(plan, () => 'would be'));
      const { commits: _, ...told } = plan;
      output.json({ dryRun: true, ...told });
      return hasWork(plan) ? EXIT_STATUS.findings.status : EXIT_STATUS.done.status;
    }
    const { openCacheForReading, openCacheForWriting, repairCacheFile } = await import(
      '../../cache/open-cache.js'
    );
    const { skippedAddresses } = await import('../run-extraction.js');
    const { extractionReporter } = await import('../progress-reporter.js');
    const { watchStopSignals } = await import('../stop-signals.js');
    if (await repairCacheFile(cacheDirectory, { command: 'repair', env })) {
      output.print('cache.json was damaged: it was restored from its second copy.');
    }
    // Nothing is made where there is nothing to repair.
    openCacheForReading(cacheDirectory);
    const cache = await openCacheForWriting(cacheDirectory, { command: 'repair', env });
    const signals = watchStopSignals(cache.paths, cache.lock.token, () =>
      output.note('Stopping: the files in hand are finished first. Signal again to leave at once.'),
    );
    try {
      const result = await repairCache(cache, {
        source,
        changed,
        dropMissing,
        workers: workerCount(options.workers),
        skippedAddresses: await skippedAddresses(cache, env),
        pipeline,
        onFile,
        onWarning: (message) => output.warn(message),
        onNote: (message) => output.note(message),
        onProgress: extractionReporter(output),
        shouldStop: signals.shouldStop,
      });
      output.print(
        `${describePlan(result, (count) => (count === 1 ? 'was' : 'were'))}\n${describeEnd(result)}`,
      );
      const { commits: _, ...told } = result;
      output.json(told);
      const failed = result.extractions.some((report) => report.files.failed > 0);
      return failed ? EXIT_STATUS.partial.status : EXIT_STATUS.done.status;
    } finally {
      signals.close();
      cache.close();
    }
  },
});

function hasWork({ damage, withdraw }: RepairPlan): boolean {
  const { rollups, requesters, published, settings } = damage;
  const files = rollups.length + requesters.length + published.length;
  return files + withdraw.length > 0 || settings !== undefined;
}

function describePlan(plan: RepairPlan, verb: (count: number) => string): string {
  const { damage, withdraw, again, missing } = plan;
  if (!hasWork(plan)) return 'Nothing is damaged.';
  const text = withdraw.map(({ commit, findings }) => `${commit}: ${findings.join(' ')}`);
  text.push(...damage.rollups.map((path) => `${path}: damaged; rollups are made anew.`));
  text.push(
    ...damage.requesters.map(
      ({ what }) => `${what} What it held is looked up again by the next update.`,
    ),
  );
  const files = again.reduce((sum, { names }) => sum + names.length, 0);
  text.push(...damage.published.map((path) => `${path}: damaged; the next update publishes it.`));
  if (damage.settings !== undefined) text.push(damage.settings);
  if (withdraw.length > 0) {
    text.push(
      `${plural(withdraw.length, 'commit')} ${verb(withdraw.length)} withdrawn, ${plural(files, 'log file')} ${verb(files)} extracted again.`,
    );
  }
  for (const { commit, names } of missing) {
    const what =
      names === undefined
        ? 'its log files cannot be told'
        : `${plural(names.length, 'log file')} gone`;
    text.push(`${commit}: ${what}.`);
  }
  return text.join('\n');
}

function describeEnd({ extractions, stopped }: RepairResult): string {
  if (stopped) return 'Stopped as asked; run "s3logextraction repair" again to go on.';
  const files = extractions.reduce((sum, report) => sum + report.files.extracted, 0);
  const done = files > 0 ? `Extracted ${plural(files, 'log file')} again. ` : '';
  return `${done}Run "s3logextraction update" to publish from the repaired cache.`;
}
