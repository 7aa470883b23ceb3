import { defineCommand } from '../command.js';

/** `update ip coordinates`. */
export const coordinatesCommand = defineCommand({
  name: 'coordinates',
  describe: 'Say where regions are on the map: own tables first, then OpenCage, then a database',
  options: {
    database: {
      type: 'string',
      describe: 'City database (.mmdb) for regions that OpenCage does not know',
    },
    'requests-per-second': {
      type: 'number',
      default: 1,
      describe: 'Pace at which OpenCage is asked; the free tier allows 1',
    },
  },
  examples: [
    ['$0 update ip coordinates', 'With OPENCAGE_API_KEY set, also ask OpenCage'],
    ['$0 update ip coordinates --database city.mmdb', 'Without any service'],
  ],
  async run({ database, requestsPerSecond }, context) {
    const { runCoordinates } = await import('../run-coordinates.js');
    return runCoordinates({ database, requestsPerSecond }, context);
  },
});
