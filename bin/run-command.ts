import { resolve } from 'node:path';
import { readConfiguration, resolveCacheDirectory } from '../cache/configuration.js';
import { fileAccessError } from '../cache/error.js';
import type { Command, GlobalOptions, Values } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { createOutput, type Output } from './output.js';

/** Run a command and tell what went wrong, if anything. Sets the exit status. */
export async function runCommand(command: Command, values: Values & GlobalOptions): Promise<void> {
  const output = createOutput(values);
  try {
    const { env } = process;
    const cacheDirectory = resolve(
      resolveCacheDirectory({ option: values.cache, env, configuration: readConfiguration(env) }),
    );
    process.exitCode = await command.run(values, { cacheDirectory, output, env });
  } catch (error) {
    process.exitCode = reportError(error, output);
  } finally {
    output.finish();
  }
}

/** Tell a person, and with `--json` a program, what went wrong. @returns the exit status */
export function reportError(error: unknown, output: Output): number {
  const known = fileAccessError(error);
  if (known !== undefined) {
    const { code, message, hint, exitCode } = known;
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
