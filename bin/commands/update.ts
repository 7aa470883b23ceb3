import { resolve } from 'node:path';
import { BUCKET_OPTIONS } from '../bucket-options.js';
import { type CommandGroup, defineCommand, type OptionSpecs } from '../command.js';
import { DATASET_OPTIONS, MAPPING_OPTIONS, ROBOTS_OPTION } from '../dataset-options.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { PIPELINE_OPTION, pipelineOf, WORKERS_OPTION, workerCount } from '../extraction-options.js';
import { listOf } from '../list-option.js';
import { coordinatesCommand } from './update-coordinates.js';
import { refreshCommand, regionsCommand } from './update-ip.js';

/** Options of everything that publishes counts. */
const PRIVACY_OPTIONS = {
  threshold: {
    type: 'number',
    describe: 'Counts below it are published as "<threshold" (default 50)',
  },
  modulus: {
    type: 'number',
    describe: 'Other counts are rounded to multiples of it (default 20)',
  },
} as const satisfies OptionSpecs;

const MODE_OPTION = {
  choices: ['dataset', 'dandi', 'archive'],
  describe:
    'dataset: one set of tables for each; dandi: the same by dandisets, with a new mapping; archive: one over all (default: dandi where extracted so, else dataset)',
} as const;

const indexes = defineCommand({
  name: 'indexes',
  describe: 'Give every requester a random, stable index in place of its address',
  examples: [['$0 update ip indexes', 'Index new requesters']],
  async run(_options, context) {
    const { runStage } = await import('../run-update.js');
    const { runIndexes } = await import('../stages.js');
    return runStage('update ip indexes', context, runIndexes);
  },
});

const summaries = defineCommand({
  name: 'summaries',
  describe: 'Write the tables by day, by asset and by region, and the count of requesters',
  options: {
    mode: MODE_OPTION,
    pick: { type: 'string', describe: 'Only these datasets: a,b' },
    skip: { type: 'string', describe: 'All but these: a,b' },
    workers: {
      type: 'number',
      describe: 'Threads that make tables; negative counts from all cores (default all)',
    },
    ...DATASET_OPTIONS,
    ...MAPPING_OPTIONS,
    robots: ROBOTS_OPTION,
    ...PRIVACY_OPTIONS,
  },
  examples: [
    ['$0 update summaries', 'One folder of tables per dataset'],
    ['$0 update summaries --mode archive', 'The tables over all datasets'],
    ['$0 update summaries --dataset-level 2', 'Datasets are project/dataset, from now on'],
    ['$0 update summaries --robots exclude', 'Count no robots, where a pipeline has told them'],
    ['$0 update summaries --names names.yaml', 'Datasets have names of their own, from now on'],
    ['$0 update summaries --mode dandi --mapping links.json.gz', 'By dandisets'],
  ],
  async run(options, context) {
    const { threshold, modulus } = options;
    const { checkRule, settleDatasets } = await import('../dataset-rule.js');
    checkRule(options);
    const { givenNames } = await import('../given-names.js');
    const names = await givenNames(options.names);
    const [pick, skip] = [listOf(options.pick), listOf(options.skip)];
    const workers = options.workers === undefined ? undefined : workerCount(options.workers);
    const { runStage } = await import('../run-update.js');
    const { runSummaries } = await import('../stages.js');
    return runStage('update summaries', context, async (stage) => {
      const mode = await settleDatasets(stage, { ...options, names });
      return runSummaries(stage, { mode, pick, skip, threshold, modulus, workers });
    });
  },
});

const totals = defineCommand({
  name: 'totals',
  describe: 'Write totals.json, or archive_totals.json',
  options: { mode: MODE_OPTION, ...PRIVACY_OPTIONS },
  examples: [
    ['$0 update totals', 'Six numbers per dataset'],
    ['$0 update totals --mode archive', 'Six numbers over all datasets'],
  ],
  async run({ mode: asked, threshold, modulus }, context) {
    const { runStage } = await import('../run-update.js');
    const { runTotals } = await import('../stages.js');
    const { requireDandi, settleDatasets } = await import('../dataset-rule.js');
    return runStage('update totals', context, async (stage) => {
      if (asked === 'dandi') requireDandi(stage.cache.paths);
      // The mapping is that of the summaries, if there is one: the two must agree.
      const mode = await settleDatasets(stage, { mode: asked === 'archive' ? asked : 'dataset' });
      return runTotals(stage, { mode, threshold, modulus });
    });
  },
});

const everything = defineCommand({
  name: '$0',
  describe: 'Everything in order: extract, regions, indexes, summaries and totals; for CRON',
  options: {
    from: {
      type: 'string',
      describe:
        'Folder of logs, or s3://bucket/folder, to extract first (default: the saved source, if any)',
    },
    ...BUCKET_OPTIONS,
    pipeline: PIPELINE_OPTION,
    workers: WORKERS_OPTION,
    database: {
      type: 'string',
      describe: 'Look regions up in this .mmdb (else at ipinfo, if IPINFO_API_KEY is set)',
    },
    names: DATASET_OPTIONS.names,
    ...PRIVACY_OPTIONS,
  },
  examples: [['$0 update --from /data/logs', 'The nightly line']],
  async run(options, context) {
    const { readConfiguration } = await import('../../cache/configuration.js');
    const source = options.from ?? readConfiguration(context.env).source;
    const { bucketOptionsOf, requireReadableSource } = await import('../source-kind.js');
    if (source !== undefined) requireReadableSource(source);
    const workers = workerCount(options.workers);
    const { updateEverything } = await import('../run-update.js');
    const database = options.database === undefined ? undefined : resolve(options.database);
    const bucket = bucketOptionsOf(source, options);
    const pipeline = await pipelineOf(options.pipeline, context.env);
    const { givenNames } = await import('../given-names.js');
    const names = await givenNames(options.names);
    return updateEverything(
      { ...options, source, bucket, workers, pipeline, database, names },
      context,
    );
  },
});

export const updateCommand: CommandGroup = {
  name: 'update',
  describe: DESCRIPTIONS.update,
  commands: [
    everything,
    {
      name: 'ip',
      describe: 'What is known of requesters',
      commands: [indexes, regionsCommand, refreshCommand, coordinatesCommand],
      demand: 'Say what to update: indexes, regions, refresh or coordinates',
    },
    summaries,
    totals,
  ],
  demand: undefined,
};
