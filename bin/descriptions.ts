/** What help says of each command. */
export const DESCRIPTIONS = {
  extract: 'Reduce raw logs to minimal records in the cache',
  watch: 'Take logs as they arrive in a folder, and move each when it is done',
  stop: 'Ask the run on this cache to finish the files in hand and end; wait for it',
  status: 'What the cache holds, the last runs, the account of all lines, what is pending',
  update: 'Bring what is derived and published up to date',
  report: 'Show what is published as one HTML file: plots, a map, a page for each dataset',
  share: 'Pass on what is published: as packages, to a folder, a server or a bucket',
  stats: 'Where requesters are, as far as it is known; or the logs that an inventory lists',
  completion: 'Compare what is extracted with an inventory of the bucket: where logs are missing',
  config: 'What is remembered between runs',
  validate: 'Check claims about raw log files, or about the cache',
  database: 'Access logs in PostgreSQL: all lines with all fields, retention, usage and quotas',
  import: 'Take over a cache of the Python tool, without reading its logs again',
  repair: 'Mend a damaged cache, extracting again just what is needed',
  reset: 'Start over',
  testing: 'Help for trying things out',
} as const;
