import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';

export const reportCommand = defineCommand({
  name: 'report',
  describe: DESCRIPTIONS.report,
  options: {
    output: {
      type: 'string',
      default: 'report.html',
      describe: 'The file to write, outside of the cache',
    },
    title: { type: 'string', describe: "The archive's name, as the report's heading" },
    open: { type: 'boolean', default: false, describe: 'Show it in the browser' },
  },
  examples: [
    ['$0 report --open', 'Look at what is published'],
    ['$0 report --title "Our archive" --output public/index.html', 'Make a page to put online'],
  ],
  async run(options, context) {
    const { runReport } = await import('../run-report.js');
    return runReport(options, context);
  },
});
