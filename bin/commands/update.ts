import { resolve } from 'node:path';
import type { Argv, CommandModule } from 'yargs';
import { readConfiguration } from '../../cache/configuration.js';
import { defineCommand, type GlobalOptions } from '../command.js';
import { WORKERS_OPTION, workerCount } from '../worker-count.js';
import { coordinatesCommand } from './update-coordinates.js';
import { refreshCommand, regionsCommand } from './update-ip.js';

/** Options of everything that publishes counts. */
function addPrivacyOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('threshold', {
      type: 'number',
      requiresArg: true,
      describe: 'Counts below it are published as "<threshold" (default 50)',
    })
    .option('modulus', {
      type: 'number',
      requiresArg: true,
      describe: 'Other counts are rounded to multiples of it (default 20)',
    });
}

const MODE_OPTION = {
  choices: ['dataset', 'archive'] as const,
  default: 'dataset' as const,
  describe: 'dataset: one set of tables for each; archive: one over all of them',
} as const;

const indexes = defineCommand({
  command: 'indexes',
  describe: 'Give every requester a random, stable index in place of its address',
  options: (yargs) => yargs.example('$0 update ip indexes', 'Index new requesters'),
  async run(_options, context) {
    const { runStage } = await import('../run-update.js');
    const { runIndexes } = await import('../stages.js');
    return runStage('update ip indexes', context, runIndexes);
  },
});

const summaries = defineCommand({
  command: 'summaries',
  describe: 'Write the tables by day, by asset and by region, and the count of requesters',
  options: (yargs) =>
    addPrivacyOptions(
      yargs
        .option('mode', MODE_OPTION)
        .option('pick', { type: 'string', requiresArg: true, describe: 'Only these datasets: a,b' })
        .option('skip', { type: 'string', requiresArg: true, describe: 'All but these: a,b' })
        .option('workers', {
          type: 'number',
          requiresArg: true,
          describe: 'Files written at a time; negative counts from all cores (default 8)',
        }),
    )
      .example('$0 update summaries', 'One folder of tables per dataset')
      .example('$0 update summaries --mode archive', 'The tables over all datasets'),
  async run(options, context) {
    const { mode, threshold, modulus } = options;
    const [pick, skip] = [listOf(options.pick), listOf(options.skip)];
    const workers = options.workers === undefined ? undefined : workerCount(options.workers);
    const { runStage } = await import('../run-update.js');
    const { runSummaries } = await import('../stages.js');
    return runStage('update summaries', context, (stage) =>
      runSummaries(stage, { mode, pick, skip, threshold, modulus, workers }),
    );
  },
});

const totals = defineCommand({
  command: 'totals',
  describe: 'Write totals.json, or archive_totals.json',
  options: (yargs) =>
    addPrivacyOptions(yargs.option('mode', MODE_OPTION))
      .example('$0 update totals', 'Six numbers per dataset')
      .example('$0 update totals --mode archive', 'Six numbers over all datasets'),
  async run({ mode, threshold, modulus }, context) {
    const { runStage } = await import('../run-update.js');
    const { runTotals } = await import('../stages.js');
    return runStage('update totals', context, (stage) =>
      runTotals(stage, { mode, threshold, modulus }),
    );
  },
});

const everything = defineCommand({
  command: '$0',
  describe: 'Everything in order: extract, regions, indexes, summaries and totals; for CRON',
  options: (yargs) =>
    addPrivacyOptions(
      yargs
        .option('from', {
          type: 'string',
          requiresArg: true,
          describe: 'Folder of logs to extract first (default: the saved source, if any)',
        })
        .option('workers', WORKERS_OPTION)
        .option('database', {
          type: 'string',
          requiresArg: true,
          describe: 'Look regions up in this .mmdb (else at ipinfo, if IPINFO_API_KEY is set)',
        }),
    ).example('$0 update --from /data/logs', 'The nightly line'),
  async run(options, context) {
    const source = options.from ?? readConfiguration(context.env).source;
    const workers = workerCount(options.workers);
    const { updateEverything } = await import('../run-update.js');
    const database = options.database === undefined ? undefined : resolve(options.database);
    return updateEverything({ ...options, source, workers, database }, context);
  },
});

function listOf(option: string | undefined): string[] | undefined {
  return option?.split(',').filter((name) => name !== '');
}

export const updateCommand: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'update',
  describe: 'Bring what is derived and published up to date',
  builder: (yargs) =>
    yargs
      .command(everything)
      .command({
        command: 'ip',
        describe: 'What is known of requesters',
        builder: (ip) =>
          ip
            .command(indexes)
            .command(regionsCommand)
            .command(refreshCommand)
            .command(coordinatesCommand)
            .demandCommand(1, 'Say what to update: indexes, regions, refresh or coordinates'),
        handler: () => {},
      })
      .command(summaries)
      .command(totals),
  handler: () => {},
};
