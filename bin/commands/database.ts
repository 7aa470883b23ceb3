import { BUCKET_OPTIONS, STORE_OPTIONS } from '../bucket-options.js';
import { type CommandGroup, defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EVERY_OPTION, requireEvery } from '../every-option.js';
import { WORKERS_OPTION, workerCount } from '../extraction-options.js';

const SCHEMA_OPTION = {
  type: 'string',
  default: 's3_logs',
  describe: 'PostgreSQL schema that holds the tables; made when it is not there',
} as const;

const collect = defineCommand({
  name: 'collect',
  describe: 'Every line of the logs with all its fields into PostgreSQL, exactly once',
  positionals: {
    source: {
      required: false,
      describe:
        'Folder of logs, or s3://bucket/prefix, read recursively; .gz and .zst too (default: the saved one)',
    },
  },
  options: {
    workers: WORKERS_OPTION,
    limit: { type: 'number', describe: 'Collect at most this many new log objects in a run' },
    ...STORE_OPTIONS,
    'min-age': BUCKET_OPTIONS['min-age'],
    'hold-days': {
      type: 'number',
      describe: 'With s3://: leave objects of so many newest days (UTC) for later (default 0)',
    },
    'delete-after': {
      type: 'boolean',
      default: false,
      describe: 'Delete each log object from SOURCE once all its lines are committed',
    },
    every: EVERY_OPTION,
    schema: SCHEMA_OPTION,
  },
  examples: [
    [
      '$0 database collect /data/logs',
      'Collect what is new, into the database of PGHOST and so on',
    ],
    ['$0 database collect s3://logs/media --delete-after', 'Out of a bucket, into the database'],
    ['$0 database collect /data/logs --every 5', 'Again and again, until it is stopped'],
  ],
  async run(options, context) {
    requireEvery(options.every);
    const { LimitError, sourceOf } = await import('./extract.js');
    const { limit } = options;
    if (limit !== undefined && (!Number.isInteger(limit) || limit < 0)) throw new LimitError();
    const workers = workerCount(options.workers);
    const source = await sourceOf(options.source, context);
    const { runCollect } = await import('../run-collect.js');
    return runCollect({ ...options, source, workers }, context);
  },
});

const clean = defineCommand({
  name: 'clean',
  describe: 'Remove rows that are older than the retention time, whole months at once',
  options: {
    'retention-days': {
      type: 'number',
      describe: 'Rows of so many days before today (UTC) are kept; must be given',
    },
    'dry-run': { type: 'boolean', default: false, describe: 'Only count what would be removed' },
    every: EVERY_OPTION,
    schema: SCHEMA_OPTION,
  },
  examples: [
    ['$0 database clean --retention-days 365', 'Keep a year'],
    ['$0 database clean --retention-days 365 --dry-run', 'See what that would remove'],
  ],
  async run(options, context) {
    requireEvery(options.every);
    const { requireRetention, runClean } = await import('../run-clean.js');
    const retentionDays = requireRetention(options.retentionDays);
    return runClean({ ...options, retentionDays }, context);
  },
});

const usage = defineCommand({
  name: 'usage',
  describe: 'Requests, bytes, requesters and errors of a period, and how much of quotas is used',
  options: {
    from: {
      type: 'string',
      describe: 'First day, YYYY-MM-DD in UTC (default: of the month of --to)',
    },
    to: { type: 'string', describe: 'Last day (default: today)' },
    by: {
      type: 'string',
      describe:
        'bucket, requester, operation, day, or several as one table: bucket,day (default: a table for each of the four)',
    },
    bucket: { type: 'string', describe: 'Only of this bucket' },
    quotas: { type: 'string', describe: 'YAML file of quotas that are to be checked' },
    schema: SCHEMA_OPTION,
  },
  examples: [
    ['$0 database usage', 'This month so far'],
    ['$0 database usage --by bucket,day --json', 'One table, for programs'],
    ['$0 database usage --quotas quotas.yaml', 'Status 7 when one is exceeded, 8 when one is near'],
  ],
  async run(options, context) {
    const { runUsage } = await import('../run-usage.js');
    return runUsage(options, context);
  },
});

export const databaseCommand: CommandGroup = {
  name: 'database',
  describe: DESCRIPTIONS.database,
  commands: [collect, clean, usage],
  demand: 'Say what to do with it: collect, clean or usage',
};
