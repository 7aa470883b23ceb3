import { S3LogExtractionError } from '../../cache/error.js';
import { STORE_OPTIONS } from '../bucket-options.js';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { listOf } from '../list-option.js';
import { requireLayout, runSite, SITE_OPTIONS } from '../run-site.js';

/** Nobody said where to. */
export class NoDestinationError extends S3LogExtractionError {
  constructor() {
    super(
      'NO_DESTINATION',
      'Say where packages go: --to with a folder, https://host/path or s3://bucket/folder.',
      { hint: 'SHARE_TO is taken where --to is not given.' },
      2,
    );
  }
}

/** `--timeout` is no number of seconds. */
export class ShareTimeoutError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_SHARE_TIMEOUT',
      '--timeout must be a number of seconds, at least 1 and at most 3600.',
      {},
      2,
    );
  }
}

/** `--pick` and `--skip`. */
export class PickAndSkipCollectorsError extends S3LogExtractionError {
  constructor() {
    super('PICK_AND_SKIP_COLLECTORS', '--pick and --skip cannot be given together.', {}, 2);
  }
}

export const shareCommand = defineCommand({
  name: 'share',
  describe: DESCRIPTIONS.share,
  options: {
    to: {
      type: 'string',
      describe: 'A folder, https://host/path or s3://bucket/folder (else SHARE_TO)',
    },
    layout: {
      choices: ['packages', 'site'],
      default: 'packages',
      describe: 'packages: what is new, as .tar.gz; site: a folder of public data',
    },
    collectors: {
      type: 'string',
      describe: 'Modules with collectors of your own, paths or packages: ./a.mjs,b',
    },
    pick: { type: 'string', describe: 'Only these collectors: totals,by_day' },
    skip: { type: 'string', describe: 'Leave these collectors out: by_asset' },
    'dry-run': {
      type: 'boolean',
      default: false,
      describe:
        'List the packages with their sizes, or count files; nothing is sent, written or remembered',
    },
    again: {
      type: 'boolean',
      default: false,
      describe: 'Gather everything, as if nothing had been shipped there yet',
    },
    'max-size': {
      type: 'number',
      describe: 'Megabytes of a package before it is packed, at most (default 200)',
    },
    'max-packed-size': {
      type: 'number',
      describe: 'Megabytes of a package, at most (default 100)',
    },
    timeout: {
      type: 'number',
      default: 60,
      describe: 'Seconds without a byte after which a server is given up, and tried again',
    },
    ...SITE_OPTIONS,
    ...STORE_OPTIONS,
  },
  examples: [
    ['$0 share --to /data/outbox', 'Packages of what is new since the last time'],
    ['$0 share --to https://host/ingress --dry-run', 'Which these would be'],
    ['$0 share --to s3://bucket/usage --skip by_asset', 'Into a bucket, without assets'],
    ['$0 share --layout site --to content --license CC0-1.0', 'A folder of public data, for git'],
  ],
  async run(options, { cacheDirectory, output, env }) {
    const to = options.to ?? env.SHARE_TO;
    if (to === undefined || to === '') throw new NoDestinationError();
    const { timeout } = options;
    if (!(timeout >= 1 && timeout <= 3600)) throw new ShareTimeoutError();
    const [pick, skip] = [listOf(options.pick), listOf(options.skip)];
    if (pick !== undefined && skip !== undefined) throw new PickAndSkipCollectorsError();
    requireLayout(options.layout, { ...options });
    const { openCacheForReading } = await import('../../cache/open-cache.js');
    const { paths } = openCacheForReading(cacheDirectory);
    if (options.layout === 'site') {
      const { title, license, homepage, report, overwrite, dryRun } = options;
      const line = { to, title, license, homepage, report, overwrite, dryRun };
      output.json(await runSite(paths, line, output));
      return EXIT_STATUS.done.status;
    }
    const { runShare } = await import('../run-share.js');
    const report = await runShare(
      paths,
      {
        to,
        collectors: listOf(options.collectors),
        pick,
        skip,
        isDryRun: options.dryRun,
        isAgain: options.again,
        maxSize: options.maxSize,
        maxPackedSize: options.maxPackedSize,
        silenceMs: timeout * 1000,
        endpoint: options.endpoint,
        region: options.region,
      },
      output,
      env,
    );
    output.json(report);
    return EXIT_STATUS.done.status;
  },
});
