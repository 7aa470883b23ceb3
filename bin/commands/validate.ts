import { S3LogExtractionError } from '../../cache/error.js';
import { STORE_OPTIONS } from '../bucket-options.js';
import { type CommandContext, defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { WORKERS_OPTION, workerCount } from '../extraction-options.js';
import { plural } from '../format.js';

/** The protocol `cache` looks at the cache, not at logs. */
export class CacheSourceError extends S3LogExtractionError {
  constructor() {
    super(
      'CACHE_HAS_NO_SOURCE',
      'The protocol "cache" reads the cache, not a folder of logs.',
      { hint: 'Name another cache with --cache, or a protocol over logs, such as "lines".' },
      EXIT_STATUS.usage.status,
    );
  }
}

export const validateCommand = defineCommand({
  name: 'validate',
  describe: DESCRIPTIONS.validate,
  positionals: {
    protocol: {
      required: true,
      describe:
        'cache; or, over logs: lines, downloads_logic, timestamps, late, http_split, extraction_heuristic, duplicates, several (a,b), or all. What each claims: validation/PROTOCOLS.md',
    },
    source: {
      required: false,
      describe:
        'Folder of logs, read recursively, or s3://bucket/folder; .gz and .zst too (default: the saved one)',
    },
  },
  options: {
    workers: WORKERS_OPTION,
    limit: { type: 'number', describe: 'Look at no more than this many files' },
    ...STORE_OPTIONS,
    'show-lines': {
      type: 'boolean',
      default: false,
      describe: 'Show the lines found, addresses masked',
    },
    'max-findings': {
      type: 'number',
      describe: 'Tell no more than this many findings one by one; counts are of all (default 1000)',
    },
  },
  examples: [
    ['$0 validate cache', 'Check that the cache is whole and that its numbers add up'],
    ['$0 validate lines /data/logs', 'Which lines extraction would reject, and why'],
    ['$0 validate all /data/logs --json', 'Everything, in one reading'],
  ],
  async run(options, context) {
    const { limit, maxFindings, showLines } = options;
    if (options.protocol === 'cache') {
      if (options.source !== undefined) throw new CacheSourceError();
      return validateCache(context);
    }
    const { LimitError, sourceOf } = await import('./extract.js');
    if (limit !== undefined && (!Number.isInteger(limit) || limit < 0)) throw new LimitError();
    const workers = workerCount(options.workers);
    const { cachePaths } = await import('../../cache/paths.js');
    const { requireMaxFindings, runLogValidation } = await import('../run-log-validation.js');
    requireMaxFindings(maxFindings);
    const { bucketOptionsOf } = await import('../source-kind.js');
    const source = await sourceOf(options.source, context);
    const bucket = bucketOptionsOf(source, options);
    const paths = cachePaths(context.cacheDirectory);
    return runLogValidation(
      { protocol: options.protocol, source, bucket, workers, paths, limit, maxFindings, showLines },
      context.output,
    );
  },
});

async function validateCache({ cacheDirectory, output }: CommandContext): Promise<number> {
  const { openCacheForReading } = await import('../../cache/open-cache.js');
  const { openEngine } = await import('../../cache/engine.js');
  const { validateCache: findingsOf } = await import('../../validation/validate-cache.js');
  const { paths } = openCacheForReading(cacheDirectory);
  const engine = await openEngine(paths);
  const findings: object[] = [];
  let files = 0;
  let unknown = 0;
  const onUnknown = (count: number): void => {
    unknown = count;
  };
  try {
    const onFile = (): void => output.progress(`Validating: ${plural(++files, 'file')}`);
    for await (const finding of findingsOf(paths, engine, onFile, onUnknown)) {
      findings.push(finding);
      output.print(`${finding.claim}: ${finding.what} (${finding.file})`);
    }
  } finally {
    engine.close();
  }
  output.print(
    findings.length === 0
      ? `The cache is whole: ${plural(files, 'file')} checked.`
      : `${plural(findings.length, 'finding')} in ${plural(files, 'file')}.`,
  );
  if (unknown > 0) {
    output.print(
      `Of ${plural(unknown, 'published file')} it is not known yet what is to be in them; the next update notes it.`,
    );
  }
  output.json({ protocol: 'cache', files, publishedFilesNotKnown: unknown, findings });
  return findings.length === 0 ? EXIT_STATUS.done.status : EXIT_STATUS.findings.status;
}
