import { S3LogExtractionError } from '../../cache/error.js';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';

/** `--top` is no number of rows. */
export class TopError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_TOP',
      '--top must be a whole number from 0 to 1000.',
      { hint: 'Such as --top 10.' },
      EXIT_STATUS.usage.status,
    );
  }
}

const MOST_TOP = 1000;
/** Where the output is no terminal, or one that does not say how wide it is. */
const USUAL_COLUMNS = 80;

export const summaryCommand = defineCommand({
  name: 'summary',
  describe: DESCRIPTIONS.summary,
  positionals: {
    dataset: { required: false, describe: 'Dataset, by its name (default: the archive)' },
  },
  options: {
    top: {
      type: 'number',
      default: 5,
      describe: 'How many regions, and assets or datasets, are named',
    },
  },
  examples: [
    ['$0 summary', 'The archive at a glance'],
    ['$0 summary ds000001 --top 10', 'One dataset'],
  ],
  async run({ dataset, top }, { cacheDirectory, output, env }) {
    if (!(Number.isInteger(top) && top >= 0 && top <= MOST_TOP)) throw new TopError();
    const { openCacheForReading } = await import('../../cache/open-cache.js');
    const { openPublished } = await import('../../src/share/published/published-archive.js');
    const { findDataset } = await import('../../src/summary/find-dataset.js');
    const { readSummary } = await import('../../src/summary/read-summary.js');
    const archive = openPublished(openCacheForReading(cacheDirectory).paths);
    const found = dataset === undefined ? undefined : findDataset(archive, dataset);
    const summary = readSummary(archive, found, top);
    const { rules, robots, changedAt } = archive;
    if (output.isJson) {
      const { exactJson } = await import('../exact-json.js');
      process.stdout.write(
        `${exactJson({ ...summary, dataset: found?.name ?? null, rules, robots, changedAt })}\n`,
      );
      return EXIT_STATUS.done.status;
    }
    const { summaryText } = await import('../summary-text.js');
    const { drawingSet } = await import('../spark-line.js');
    const { isTTY = false, columns } = process.stdout;
    const width = Math.max(40, Math.min(120, (isTTY ? columns : undefined) ?? USUAL_COLUMNS));
    output.print(summaryText(summary, archive, { width, set: drawingSet(env, isTTY) }));
    return EXIT_STATUS.done.status;
  },
});
