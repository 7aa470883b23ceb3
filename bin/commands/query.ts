import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';

export const queryCommand = defineCommand({
  name: 'query',
  describe: DESCRIPTIONS.query,
  positionals: {
    sql: {
      required: false,
      describe: 'One statement of DuckDB that only reads, or - for stdin; without it: as --schema',
    },
  },
  options: {
    file: { type: 'string', describe: 'Read the statement from this file' },
    csv: {
      type: 'boolean',
      default: false,
      describe: 'Print rows as CSV, as they come, however many',
    },
    limit: {
      type: 'number',
      describe: 'Print no more than this many rows (default: all, but 1000 of a table for people)',
    },
    schema: {
      type: 'boolean',
      default: false,
      describe: 'List the views and their columns, with examples',
    },
  },
  examples: [
    ['$0 query --schema', 'What there is to ask about'],
    [
      '$0 query "SELECT day, sum(bytes_sent) AS bytes FROM records GROUP BY day ORDER BY day"',
      'Bytes by day, exact',
    ],
    ['$0 query "FROM records" --csv > records.csv', 'All records, with sealed requesters'],
    ['$0 query --file weekly.sql --json', 'A statement from a file, its rows as JSON'],
  ],
  async run(options, context) {
    const { runQuery } = await import('../run-query.js');
    return runQuery(options, context);
  },
});
