import { type CommandGroup, defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EVERY_OPTION, requireEvery } from '../repeat.js';
import { WORKERS_OPTION, workerCount } from '../worker-count.js';

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
      describe: 'Folder of logs, read recursively; .gz and .zst too (default: the saved one)',
    },
  },
  options: {
    workers: WORKERS_OPTION,
    limit: { type: 'number', describe: 'Collect at most this many new log objects in a run' },
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
    ['$0 database collect /data/logs --every 5', 'Again and again, until it is stopped'],
  ],
  async run(options, context) {
    requireEvery(options.every);
    const { LimitError, sourceOf } = await import('./extract.js');
    const { limit } = options;
    if (limit !== undefined && (!Number.isInteger(limit) || limit < 0)) throw new LimitError();
    const workers = workerCount(options.workers);
    const source = sourceOf(options.source, context);
    const { runCollect } = await import('../run-database.js');
    return runCollect({ ...options, source, workers }, context);
  },
});

export const databaseCommand: CommandGroup = {
  name: 'database',
  describe: DESCRIPTIONS.database,
  commands: [collect],
  demand: 'Say what to do with it: collect, clean or usage',
};
