import { resolve } from 'node:path';
import type { CommandModule } from 'yargs';
import { defineCommand, type GlobalOptions } from '../command.js';
import { EXIT_STATUS } from '../exit-status.js';
import { formatBytes, formatCount } from '../format.js';

const benchmark = defineCommand({
  command: 'benchmark <directory>',
  describe: 'Write made-up logs, and beside the directory what they must come to',
  options: (yargs) =>
    yargs
      .positional('directory', { type: 'string', demandOption: true, describe: 'Where to' })
      .option('size', {
        type: 'number',
        default: 100,
        requiresArg: true,
        describe: 'Size of all logs together in MB',
      })
      .option('file-size', { type: 'number', requiresArg: true, describe: 'Size of a file in kB' })
      .option('seed', {
        type: 'number',
        default: 1,
        requiresArg: true,
        describe: 'Same seed and options, same bytes',
      })
      .option('layout', {
        choices: ['flat', 'nested'] as const,
        default: 'flat' as const,
        describe: 'One folder, or account/region/bucket/YYYY/MM/DD',
      })
      .option('keys', { type: 'number', requiresArg: true, describe: 'Distinct keys' })
      .option('addresses', { type: 'number', requiresArg: true, describe: 'Distinct addresses' })
      .option('datasets', { type: 'number', requiresArg: true, describe: 'Distinct datasets' })
      .option('buckets', { type: 'number', requiresArg: true, describe: 'Distinct buckets' })
      .example('$0 testing generate benchmark /tmp/logs --size 50', '50 MB of logs'),
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
      `Generated ${formatCount(files)} log files (${formatBytes(bytes)}, ${formatCount(lines.total)} lines) in ${directory}; what they come to stands in ${directory}.truth.json.`,
    );
    output.json({ directory, truth: `${directory}.truth.json`, files, bytes, lines });
    return EXIT_STATUS.done.status;
  },
});

export const testingCommand: CommandModule<GlobalOptions, GlobalOptions> = {
  command: 'testing',
  describe: 'Help for trying things out',
  builder: (yargs) =>
    yargs
      .command({
        command: 'generate',
        describe: 'Make data for trials',
        builder: (generate) =>
          generate.command(benchmark).demandCommand(1, 'Say what to generate: benchmark'),
        handler: () => {},
      })
      .demandCommand(1, 'Say what to do: generate'),
  handler: () => {},
};
