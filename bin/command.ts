import { resolve } from 'node:path';
import type { ArgumentsCamelCase, Argv, CommandModule } from 'yargs';
import { readConfiguration, resolveCacheDirectory } from '../cache/configuration.js';
import { S3LogExtractionError } from '../cache/error.js';
import { EXIT_STATUS } from './exit-status.js';
import { createOutput, type Output } from './output.js';

/** Options that every command has. */
export interface GlobalOptions {
  readonly cache?: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
}

/** What every command works with. */
export interface CommandContext {
  /** The cache directory, absolute. */
  readonly cacheDirectory: string;
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
}

export function addGlobalOptions<T>(yargs: Argv<T>): Argv<T & GlobalOptions> {
  return yargs
    .option('cache', {
      type: 'string',
      requiresArg: true,
      describe: 'Cache directory (else S3_LOG_EXTRACTION_CACHE, else the configured one)',
    })
    .option('json', {
      type: 'boolean',
      default: false,
      describe: 'Print the result as one line of JSON, last on stdout',
    })
    .option('quiet', {
      type: 'boolean',
      default: false,
      describe: 'No progress and notes on stderr; warnings and errors stay',
    }) as Argv<T & GlobalOptions>;
}

/**
 * Define a command: its options and what it does. The handler returns the exit status.
 *
 * @param run must not print errors: it throws them
 */
export function defineCommand<T extends object>(definition: {
  readonly command: string;
  readonly describe: string;
  readonly options: (yargs: Argv<GlobalOptions>) => Argv<T & GlobalOptions>;
  readonly run: (
    options: ArgumentsCamelCase<T & GlobalOptions>,
    context: CommandContext,
  ) => Promise<number>;
}): CommandModule<GlobalOptions, T & GlobalOptions> {
  return {
    command: definition.command,
    describe: definition.describe,
    builder: definition.options as (yargs: Argv<GlobalOptions>) => Argv<T & GlobalOptions>,
    async handler(options) {
      const output = createOutput(options);
      try {
        const { env } = process;
        const cacheDirectory = resolve(
          resolveCacheDirectory({
            ...(options.cache === undefined ? {} : { option: options.cache }),
            env,
            configuration: readConfiguration(env),
          }),
        );
        process.exitCode = await definition.run(options, { cacheDirectory, output, env });
      } catch (error) {
        process.exitCode = reportError(error, output);
      } finally {
        output.finish();
      }
    },
  };
}

/** Tell a person, and with `--json` a program, what went wrong. @returns the exit status */
export function reportError(error: unknown, output: Output): number {
  if (error instanceof S3LogExtractionError) {
    const { code, message, hint, exitCode } = error;
    process.stderr.write(`error: ${message}\n${hint === undefined ? '' : `${hint}\n`}[${code}]\n`);
    output.json({ error: { code, message, hint: hint ?? null } });
    return exitCode;
  }
  const { name, stack } = error as Error;
  // Messages of errors that are not ours may quote what was being worked on: only the place is told.
  const places = (stack ?? '').split('\n').filter((line) => line.trim().startsWith('at '));
  process.stderr.write(
    `error: s3logextraction failed in a way it should not (${name}). Please report this:\n${places.slice(0, 8).join('\n')}\n[INTERNAL_ERROR]\n`,
  );
  output.json({ error: { code: 'INTERNAL_ERROR', message: name, hint: null } });
  return EXIT_STATUS.failed.status;
}
