import type { OptionSpecs } from './command.js';

/** Options that say what the datasets are; what they say is kept in the cache. */
export const DATASET_OPTIONS = {
  'dataset-level': {
    type: 'number',
    describe: 'Datasets are the first so many components of keys (1 unless saved otherwise)',
  },
  'dataset-pattern': {
    type: 'string',
    describe: 'Datasets are what the first group of this RE2 expression finds in keys',
  },
  names: {
    type: 'string',
    describe: 'Datasets have the names that this YAML file gives prefixes of keys, or buckets',
  },
} as const satisfies OptionSpecs;

/** What is kept, too: which records count. */
export const ROBOTS_OPTION = {
  choices: ['include', 'exclude', 'only'],
  describe:
    'Whether records count that the handler "robots" has tagged (include unless saved otherwise)',
} as const;

/** Options of `dandi` mode, which are kept, too. */
export const MAPPING_OPTIONS = {
  mapping: {
    type: 'string',
    describe:
      'dandi: mapping of content, a file or URL (default: the saved one, else the published)',
  },
  'api-url': {
    type: 'string',
    describe: 'dandi: make the mapping from this API, such as https://api.dandiarchive.org/api',
  },
  shared: {
    choices: ['undetermined', 'first'],
    describe: 'dandi: content of several dandisets or paths is undetermined, or that of the first',
  },
} as const satisfies OptionSpecs;
