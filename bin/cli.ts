import { readFileSync } from 'node:fs';
import yargs, { type Argv } from 'yargs';
import { S3LogExtractionError } from '../cache/error.js';
import { addGlobalOptions, type GlobalOptions, reportError } from './command.js';
import { configCommand } from './commands/config.js';
import { extractCommand } from './commands/extract.js';
import { resetCommand } from './commands/reset.js';
import { statsCommand } from './commands/stats.js';
import { statusCommand } from './commands/status.js';
import { stopCommand } from './commands/stop.js';
import { testingCommand } from './commands/testing.js';
import { updateCommand } from './commands/update.js';
import { validateCommand } from './commands/validate.js';
import { EXIT_STATUS } from './exit-status.js';
import { createOutput } from './output.js';

/** The command line does not follow the rules. */
export class UsageError extends S3LogExtractionError {
  constructor(message: string) {
    super(
      'USAGE',
      message,
      { hint: 'Add --help to any command to see what it takes.' },
      EXIT_STATUS.usage.status,
    );
  }
}

/** The whole command line, not yet run. Also what the README's reference is made from. */
export function buildCli(args: readonly string[]): Argv<GlobalOptions> {
  return addGlobalOptions(yargs([...args]))
    .scriptName('s3logextraction')
    .usage(
      '$0 <command>\n\nReduces raw S3 access logs to sealed records and publishes usage tables.',
    )
    .command(extractCommand)
    .command(stopCommand)
    .command(statusCommand)
    .command(updateCommand)
    .command(statsCommand)
    .command(configCommand)
    .command(validateCommand)
    .command(resetCommand)
    .command(testingCommand)
    .demandCommand(1, 'Say what to do; "s3logextraction --help" lists the commands.')
    .recommendCommands()
    .strict()
    .parserConfiguration({ 'duplicate-arguments-array': false })
    .version(version())
    .help()
    .alias('help', 'h')
    .wrap(Math.min(100, process.stdout.columns ?? 100))
    .epilogue(
      Object.values(EXIT_STATUS)
        .map(({ status, meaning }) => `exit ${status}: ${meaning}`)
        .join('\n'),
    )
    .exitProcess(false)
    .fail((message, error) => {
      // Some mistakes yargs throws itself, with the text for the user as the error's.
      if (error && error.name !== 'YError') throw error;
      const text = message ?? error?.message ?? '';
      throw new UsageError(
        text.startsWith('Did you mean') ? `There is no such command. ${text}` : text,
      );
    });
}

/** Run a command line. Sets the exit status; never exits by itself. */
export async function runCli(args: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no failure, and no reason to leave work undone.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    });
  }
  try {
    await buildCli(args).parseAsync();
  } catch (error) {
    const output = createOutput({ json: args.includes('--json'), quiet: false });
    process.exitCode = reportError(error, output);
  }
}

function version(): string {
  const path = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
