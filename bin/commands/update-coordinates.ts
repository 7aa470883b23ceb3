import { defineCommand } from '../command.js';

/** `update ip coordinates`. */
export const coordinatesCommand = defineCommand({
  command: 'coordinates',
  describe: 'Say where regions are on the map: own tables first, then OpenCage, then a database',
  options: (yargs) =>
    yargs
      .option('database', {
        type: 'string',
        requiresArg: true,
        describe: 'City database (.mmdb) for regions that OpenCage does not know',
      })
      .option('requests-per-second', {
        type: 'number',
        requiresArg: true,
        default: 1,
        describe: 'Pace at which OpenCage is asked; the free tier allows 1',
      })
      .example('$0 update ip coordinates', 'With OPENCAGE_API_KEY set, also ask OpenCage')
      .example('$0 update ip coordinates --database city.mmdb', 'Without any service'),
  async run({ database, requestsPerSecond }, context) {
    const { runCoordinates } = await import('../run-coordinates.js');
    return runCoordinates({ database, requestsPerSecond }, context);
  },
});
