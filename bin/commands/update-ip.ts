import { resolve } from 'node:path';
import { S3LogExtractionError } from '../../cache/error.js';
import { defineCommand, type OptionSpecs } from '../command.js';
import { EXIT_STATUS } from '../exit-status.js';
import type { LookupOptions } from '../run-regions.js';

/** A number given to a command that looks addresses up is none. */
export class LookupOptionError extends S3LogExtractionError {
  constructor(option: string, what: string) {
    super('INVALID_LOOKUP_OPTION', `${option} must be ${what}.`, {}, EXIT_STATUS.usage.status);
  }
}

/** Options of everything that looks addresses up. */
const LOOKUP_OPTIONS = {
  'batch-limit': {
    type: 'number',
    describe: 'Ask for at most this many batches in this run (1,000 addresses each with ipinfo)',
  },
  database: {
    type: 'string',
    describe: 'City or country database (.mmdb) to look up in, in place of ipinfo',
  },
  offline: {
    type: 'boolean',
    default: false,
    describe: 'Ask no service: only bogons, ranges of services and --database',
  },
  timeout: {
    type: 'number',
    default: 30,
    describe: 'Seconds to wait for one answer of ipinfo before it is asked again',
  },
} as const satisfies OptionSpecs;

export const regionsCommand = defineCommand({
  name: 'regions',
  describe: 'Find the region of each requester that has none',
  options: LOOKUP_OPTIONS,
  examples: [
    ['$0 update ip regions', 'Ask ipinfo, with the token in IPINFO_API_KEY'],
    ['$0 update ip regions --database city.mmdb', 'No token, no network'],
  ],
  async run(options, context) {
    const lookupOptions = lookupOptionsOf(options);
    const { runRegions, runRegionStage } = await import('../run-regions.js');
    return runRegionStage('update ip regions', lookupOptions, context, runRegions);
  },
});

export const refreshCommand = defineCommand({
  name: 'refresh',
  describe: 'Look one in 90 of the known regions up again, others on other days; for CRON',
  options: LOOKUP_OPTIONS,
  examples: [['$0 update ip refresh', "Today's share, once a day"]],
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
