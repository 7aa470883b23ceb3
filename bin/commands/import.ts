import { resolve } from 'node:path';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { formatCount, plural } from '../format.js';

/** The Python tool takes any password, under the same variable. */
const IMPORT_PASSWORD_HINT =
  ' If this is the password of the Python tool, name it in S3_LOG_EXTRACTION_IMPORT_PASSWORD: the new cache is sealed under one of its own, or a key file.';

export const importCommand = defineCommand({
  name: 'import',
  describe: DESCRIPTIONS.import,
  positionals: {
    folder: { required: true, describe: 'Cache directory of the Python tool' },
  },
  options: {
    logs: {
      type: 'string',
      describe: 'Folder or s3:// URL of its logs, where its records hold whole paths of log files',
    },
    mode: {
      choices: ['generic', 'dandi'],
      describe: 'Mode of the cache (default: as before, or as the records say)',
    },
    unfinished: {
      choices: ['read', 'again'],
      describe:
        'When it ended in the middle of log files: count them as read, or let them be extracted again',
    },
    'without-ledger': {
      type: 'boolean',
      default: false,
      describe:
        'Also when nothing says which log files its records are of: these must never be extracted',
    },
  },
  examples: [['$0 import ~/.cache/s3-log-extraction', 'Switch without reading the logs again']],
  async run(options, { cacheDirectory, output, env }) {
    const { openCacheForWriting } = await import('../../cache/open-cache.js');
    const { importCache } = await import('../../src/import/import-cache.js');
    const { skippedAddresses } = await import('../run-extraction.js');
    const { watchStopSignals } = await import('../stop-signals.js');
    const { WeakPasswordError } = await import('../../cache/password.js');
    const cache = await openCacheForWriting(cacheDirectory, { command: 'import', env }).catch(
      (error: unknown) => {
        if (!(error instanceof WeakPasswordError)) throw error;
        throw new WeakPasswordError(error.why, IMPORT_PASSWORD_HINT);
      },
    );
    const signals = watchStopSignals(cache.paths, cache.lock.token, () =>
      output.note('Stopping: what was imported is committed first. Signal again to leave at once.'),
    );
    try {
      const report = await importCache(cache, {
        folder: resolve(options.folder),
        logRoot: logRoot(options.logs),
        mode: options.mode,
        unfinished: options.unfinished,
        withoutLedger: options.withoutLedger,
        password: nonEmpty(env.S3_LOG_EXTRACTION_IMPORT_PASSWORD ?? env.S3_LOG_EXTRACTION_PASSWORD),
        salt: nonEmpty(env.S3_LOG_EXTRACTION_SALT),
        skippedAddresses: await skippedAddresses(cache, env),
        shouldStop: signals.shouldStop,
        onWarning: (message) => output.warn(message),
        onProgress: (objects, records) =>
          output.progress(`Importing: ${plural(objects, 'object')}, ${plural(records, 'record')}`),
      });
      const { objects, records, logFiles, recordsSkipped, recordsWithoutDownload, stopped } =
        report;
      const { unfinished, regions } = report;
      const text = [
        `Imported ${plural(objects.imported, 'object')} with ${plural(records, 'record')}; ${formatCount(objects.known)} known already, ${formatCount(objects.failed)} failed.`,
        `  ${plural(logFiles, 'log file')} will not be extracted again.`,
      ];
      if (recordsSkipped > 0) {
        text.push(
          `  ${plural(recordsSkipped, 'record')} of addresses to skip left out: address_skipped`,
        );
      }
      if (recordsWithoutDownload > 0) {
        text.push(
          `  ${plural(recordsWithoutDownload, 'record')} without a note of downloads count as none.`,
        );
      }
      if (regions.imported + regions.leftOut > 0) {
        text.push(
          `  ${plural(regions.imported, 'region')} of requesters taken over, ${formatCount(regions.leftOut)} left to be looked up.`,
        );
      }
      if (unfinished.count > 0) {
        const become = options.unfinished === 'read' ? 'count as read' : 'will be extracted again';
        text.push(`  ${plural(unfinished.count, 'log file')} begun and not ended ${become}:`);
        text.push(...unfinished.names.map((name) => `    ${JSON.stringify(name)}`));
      }
      if (stopped) text.push('Stopped as asked; run the same command again to go on.');
      output.print(text.join('\n'));
      output.json(report);
      return objects.failed > 0 ? EXIT_STATUS.partial.status : EXIT_STATUS.done.status;
    } finally {
      signals.close();
      cache.close();
    }
  },
});

function logRoot(logs: string | undefined): string | undefined {
  return logs === undefined || logs.startsWith('s3://') ? logs : resolve(logs);
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === '' ? undefined : value;
}
