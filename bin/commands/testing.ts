import { resolve } from 'node:path';
import { type CommandGroup, defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { formatBytes, plural } from '../format.js';

const benchmark = defineCommand({
  name: 'benchmark',
  describe: 'Write made-up logs, and beside the directory what they must come to',
  positionals: { directory: { describe: 'Where to', required: true } },
  options: {
    size: { type: 'number', default: 100, describe: 'Size of all logs together in MB' },
    'file-size': { type: 'number', describe: 'Size of a file in kB' },
    seed: { type: 'number', default: 1, describe: 'Same seed and options, same bytes' },
    layout: {
      choices: ['flat', 'nested'],
      default: 'flat',
      describe: 'One folder, or account/region/bucket/YYYY/MM/DD',
    },
    keys: { type: 'number', describe: 'Distinct keys' },
    addresses: { type: 'number', describe: 'Distinct addresses' },
    datasets: { type: 'number', describe: 'Distinct datasets' },
    buckets: { type: 'number', describe: 'Distinct buckets' },
  },
  examples: [['$0 testing generate benchmark /tmp/logs --size 50', '50 MB of logs']],
  async run(options, { output }) {
    const { size, fileSize, seed, layout, keys, addresses, datasets, buckets } = options;
    const directory = resolve(options.directory);
    const { generateBenchmark } = await import('../../src/testing/generate-benchmark.js');
    const truth = await generateBenchmark(
      {
        directory,
        sizeMb: size,
        seed,
        layout,
        ...(fileSize === undefined ? {} : { fileSizeKb: fileSize }),
        ...(keys === undefined ? {} : { keys }),
        ...(addresses === undefined ? {} : { addresses }),
        ...(datasets === undefined ? {} : { datasets }),
        ...(buckets === undefined ? {} : { buckets }),
      },
      (bytes) => output.progress(`Generating: ${formatBytes(bytes)}`),
    );
    const { files, bytes, lines } = truth;
    output.print(
      `Generated ${plural(files, 'log file')} (${formatBytes(bytes)}, ${plural(lines.total, 'line')}) in ${directory}; what they come to stands in ${directory}.truth.json.`,
    );
    output.json({ directory, truth: `${directory}.truth.json`, files, bytes, lines });
    return EXIT_STATUS.done.status;
  },
});

export const testingCommand: CommandGroup = {
  name: 'testing',
  describe: DESCRIPTIONS.testing,
  commands: [
    {
      name: 'generate',
      describe: 'Make data for trials',
      commands: [benchmark],
      demand: 'Say what to generate: benchmark',
    },
  ],
  demand: 'Say what to do: generate',
};
