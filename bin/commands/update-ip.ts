import { resolve } from 'node:path';
import type { Argv } from 'yargs';
import { S3LogExtractionError } from '../../cache/error.js';
import { defineCommand } from '../command.js';
import { EXIT_STATUS } from '../exit-status.js';
import type { LookupOptions } from '../run-regions.js';

/** A number given to a command that looks addresses up is none. */
export class LookupOptionError extends S3LogExtractionError {
  constructor(option: string, what: string) {
    super('INVALID_LOOKUP_OPTION', `${option} must be ${what}.`, {}, EXIT_STATUS.usage.status);
  }
}

/** Options of everything that looks addresses up. */
function addLookupOptions<T>(yargs: Argv<T>) {
  return yargs
    .option('batch-limit', {
      type: 'number',
      requiresArg: true,
      describe: 'Ask for at most this many batches in this run (1,000 addresses each with ipinfo)',
    })
    .option('database', {
      type: 'string',
      requiresArg: true,
      describe: 'City or country database (.mmdb) to look up in, in place of ipinfo',
    })
    .option('offline', {
      type: 'boolean',
      default: false,
      describe: 'Ask no service: only bogons, ranges of services and --database',
    })
    .option('timeout', {
      type: 'number',
      default: 30,
      requiresArg: true,
      describe: 'Seconds to wait for one answer of ipinfo before it is asked again',
    });
}

export const regionsCommand = defineCommand({
  command: 'regions',
  describe: 'Find the region of each requester that has none',
  options: (yargs) =>
    addLookupOptions(yargs)
      .example('$0 update ip regions', 'Ask ipinfo, with the token in IPINFO_API_KEY')
      .example('$0 update ip regions --database city.mmdb', 'No token, no network'),
  async run(options, context) {
    const lookupOptions = lookupOptionsOf(options);
    const { runRegions, runRegionStage } = await import('../run-regions.js');
    return runRegionStage('update ip regions', lookupOptions, context, runRegions);
  },
});

export const refreshCommand = defineCommand({
  command: 'refresh',
  describe: 'Look one in 90 of the known regions up again, others on other days; for CRON',
  options: (yargs) =>
    addLookupOptions(yargs).example('$0 update ip refresh', "Today's share, once a day"),
  async run(options, context) {
    const lookupOptions = lookupOptionsOf(options);
    const { runRefresh, runRegionStage } = await import('../run-regions.js');
    return runRegionStage('update ip refresh', lookupOptions, context, runRefresh);
  },
});

/** @throws {LookupOptionError} */
export function lookupOptionsOf(options: {
  readonly batchLimit?: number | undefined;
  readonly database?: string | undefined;
  readonly offline: boolean;
  readonly timeout: number;
}): LookupOptions {
  const { batchLimit, database, offline, timeout } = options;
  if (batchLimit !== undefined && (!Number.isSafeInteger(batchLimit) || batchLimit < 0)) {
    throw new LookupOptionError('--batch-limit', 'a whole number of batches, 0 or more');
  }
  if (!(timeout > 0 && timeout <= 3600)) {
    throw new LookupOptionError('--timeout', 'a number of seconds, more than 0 and at most 3600');
  }
  const path = database === undefined ? undefined : resolve(database);
  return { batchLimit, database: path, offline, timeoutMs: timeout * 1000 };
}
