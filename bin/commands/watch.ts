import { S3LogExtractionError } from '../../cache/error.js';
import type { ExtractionMode } from '../../src/extract/extraction-mode.js';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { PIPELINE_OPTION, pipelineOf, WORKERS_OPTION, workerCount } from '../extraction-options.js';

/** `--interval` or `--settle` is no number of seconds. */
export class WatchTimeError extends S3LogExtractionError {
  constructor(option: string, least: string) {
    super(
      'INVALID_WATCH_TIME',
      `${option} must be a number of seconds, ${least} and at most 86400.`,
      {},
      2,
    );
  }
}

/** `--names` without anything that is published. */
export class NamesWithoutThenError extends S3LogExtractionError {
  constructor() {
    super(
      'NAMES_WITHOUT_THEN',
      '--names says what datasets are called that are published, and nothing is.',
      { hint: 'Add --then summaries; or give them once to "s3logextraction update summaries".' },
      2,
    );
  }
}

export const watchCommand = defineCommand({
  name: 'watch',
  describe: DESCRIPTIONS.watch,
  positionals: {
    spool: {
      required: true,
      describe: 'Folder in which logs arrive, sub-folders included; archive/ and failed/ are made',
    },
  },
  options: {
    interval: {
      type: 'number',
      default: 60,
      describe:
        'Seconds between looks at the folder, and at least between two commits; events make the first come sooner',
    },
    settle: {
      type: 'number',
      default: 10,
      describe: 'A file is taken when it has not changed for this many seconds',
    },
    'max-workers': WORKERS_OPTION,
    mode: {
      choices: ['generic', 'dandi', 'buckets'],
      describe: 'Which keys are kept (default: as before, else generic)',
    },
    pipeline: PIPELINE_OPTION,
    // biome-ignore lint/suspicious/noThenProperty: the name of an option
    then: {
      choices: ['summaries'],
      describe: 'Bring this up to date after rounds in which logs were extracted',
    },
    names: {
      type: 'string',
      describe: 'With --then: names of datasets, see "update summaries"; kept in the cache',
    },
    once: {
      type: 'boolean',
      default: false,
      describe: 'Take what has settled, then end (default: go on until SIGINT, SIGTERM or "stop")',
    },
    health: {
      type: 'string',
      describe: 'File that tells every 10 seconds how the service is, as JSON',
    },
    excerpts: {
      type: 'boolean',
      default: false,
      describe:
        'Keep the first rejected lines of a file, addresses and queries masked, larger ones at STORAGE_BASE_URL if that is set',
    },
    'log-format': {
      choices: ['text', 'json'],
      default: 'text',
      describe: 'Lines on stderr',
    },
  },
  examples: [
    ['$0 watch /data/spool', 'Take what rsync, git-annex or uploads bring'],
    ['$0 watch /data/spool --then summaries --health /run/watch.json', 'And publish it'],
    ['$0 watch /data/spool --once', 'For CRON'],
  ],
  async run(options, { cacheDirectory, env }) {
    const { interval, settle } = options;
    if (!(interval > 0 && interval <= 86_400))
      throw new WatchTimeError('--interval', 'more than 0');
    if (!(settle >= 0 && settle <= 86_400)) throw new WatchTimeError('--settle', '0 or more');
    const workers = workerCount(options.maxWorkers);
    const pipeline = await pipelineOf(options.pipeline, env);
    if (options.names !== undefined && options.then === undefined)
      throw new NamesWithoutThenError();
    const { givenNames } = await import('../given-names.js');
    const names = await givenNames(options.names);
    const { createServiceLog } = await import('../service-log.js');
    const { HealthFile, requireHealthPlace } = await import('../health-file.js');
    const { watchSpool } = await import('../run-watch.js');
    if (options.health !== undefined) {
      requireHealthPlace(options.health, options.spool, cacheDirectory);
    }
    const { json: isJson, quiet: isQuiet, logFormat } = options;
    const log = createServiceLog({ format: logFormat as 'text' | 'json', isQuiet, isJson });
    const health = new HealthFile(options.health, (message) => log.warn(message));
    try {
      return await watchSpool(
        {
          spool: options.spool,
          cacheDirectory,
          env,
          workers,
          mode: options.mode as ExtractionMode | undefined,
          pipeline,
          intervalMs: interval * 1000,
          settleMs: settle * 1000,
          isOnce: options.once,
          publishes: options.then === 'summaries',
          names,
          keepsExcerpts: options.excerpts,
        },
        log,
        health,
      );
    } finally {
      health.close();
    }
  },
});
