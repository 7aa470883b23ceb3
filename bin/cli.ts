import { readFileSync } from 'node:fs';
import { readPlainLine } from './plain-line.js';

/** Narrower than this, help has to break words: yargs does that. */
const LEAST_COLUMNS = 60;

/** Run a command line. Sets the exit status; never exits by itself. */
export async function runCli(args: readonly string[]): Promise<void> {
  // A reader that has seen enough (`| head`) is no failure, and no reason to leave work undone.
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE' && error.code !== 'ERR_STREAM_DESTROYED') throw error;
    });
  }
  try {
    await run(args);
  } catch (error) {
    const { reportError } = await import('./run-command.js');
    const { createOutput } = await import('./output.js');
    const output = createOutput({ json: args.includes('--json'), quiet: false });
    process.exitCode = reportError(error, output, 'reading the command line');
  }
}

/** Each kind of line loads what it needs, and no more: that is most of the time it takes. */
async function run(args: readonly string[]): Promise<void> {
  const columns = Math.min(100, process.stdout.columns ?? 100);
  const line = await readPlainLine(args);
  if (line?.kind === 'version') {
    process.stdout.write(`${version()}\n`);
  } else if (line?.kind === 'help' && columns >= LEAST_COLUMNS) {
    const { helpText } = await import('./help-text.js');
    process.stdout.write(`${helpText(line.path, line.node, columns)}\n`);
  } else if (line?.kind === 'run') {
    const { runCommand } = await import('./run-command.js');
    await runCommand(line.command, line.values);
  } else {
    // Anything unusual, above all mistakes: yargs says what is wrong and what may have been meant.
    const { runCommand } = await import('./run-command.js');
    const { buildYargs } = await import('./yargs-line.js');
    const options = { columns, version: version(), run: runCommand };
    await (await buildYargs(args, options)).parseAsync();
  }
}

function version(): string {
  const path = new URL('../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version;
}
