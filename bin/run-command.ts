import { resolve } from 'node:path';
import { readConfiguration, resolveCacheDirectory } from '../cache/configuration.js';
import { fileAccessError, S3LogExtractionError } from '../cache/error.js';
import { InternalError } from '../cache/internal-error.js';
import { addressSpaceError } from '../cache/parquet/instantiate.js';
import type { Command, GlobalOptions, Values } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { createOutput, type Output, printable } from './output.js';

/** The folder that the program was started in is there no more: nothing can be found from it, and no thread starts in it. */
export class NoCurrentFolderError extends S3LogExtractionError {
  constructor(cause: unknown) {
    super(
      'NO_CURRENT_FOLDER',
      'The current folder has been removed, or may not be entered.',
      { cause, hint: 'Change to one that is there (cd /), then run the same command again.' },
      EXIT_STATUS.usage.status,
    );
  }
}

function requireCurrentFolder(): void {
  try {
    process.cwd();
  } catch (error) {
    throw new NoCurrentFolderError(error);
  }
}

/** Run a command and tell what went wrong, if anything. Sets the exit status. */
export async function runCommand(command: Command, values: Values & GlobalOptions): Promise<void> {
  const output = createOutput(values);
  const ending = endInWords(output, command.describe);
  try {
    requireCurrentFolder();
    const { env } = process;
    const cacheDirectory = resolve(
      resolveCacheDirectory({ option: values.cache, env, configuration: readConfiguration(env) }),
    );
    process.exitCode = await command.run(values, { cacheDirectory, output, env });
  } catch (error) {
    process.exitCode = reportError(error, output, command.describe);
    ending.isTold = true;
  } finally {
    output.finish();
  }
}

/** Tell a person, and with `--json` a program, what went wrong. @returns the exit status */
export function reportError(error: unknown, output: Output, doing: string): number {
  const known =
    fileAccessError(error) ?? addressSpaceError(error) ?? new InternalError(doing, error);
  const { code, exitCode } = known;
  const message = withoutPasswords(known.message);
  const hint = known.hint === undefined ? undefined : withoutPasswords(known.hint);
  process.stderr.write(
    printable(`error: ${message}\n${hint === undefined ? '' : `${hint}\n`}[${code}]\n`),
  );
  output.json({ error: { code, message, hint: hint ?? null } });
  return exitCode;
}

/** An address may be given where a file or folder is meant, and be named as one that is not there. */
function withoutPasswords(text: string): string {
  return text.replace(/(:\/{1,2})[^\s/@]*@/g, '$1…@');
}

/**
 * What nobody waits for fails, too: a timer, a stream, a promise left alone. Nobody knows what state that leaves, so the process
 * ends, like one that was killed: nothing committed is lost.
 *
 * @returns whether a failure was told: one is enough, and what fails after it is mostly its shadow
 */
function endInWords(output: Output, doing: string): { isTold: boolean } {
  const ending = { isTold: false };
  process.on('uncaughtException', (error) => {
    // Or telling it has failed.
    if (ending.isTold) process.exit(process.exitCode ?? EXIT_STATUS.failed.status);
    ending.isTold = true;
    process.exit(reportError(error, output, doing));
  });
  return ending;
}
