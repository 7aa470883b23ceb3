import { homedir, userInfo } from 'node:os';
import { posix, resolve, win32 } from 'node:path';
import { makeDirectory, writeFileAtomic } from './atomic-write.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { readGivenFile } from './given-file.js';

/** What `config ... set` remembers for a user. Unknown members are kept. */
export interface Configuration {
  /** The cache directory, absolute. */
  readonly cache?: string;
  /** Where log files come from: a folder, or `s3://bucket/prefix`. */
  readonly source?: string;
  /** File of the handlers that records go through, absolute. */
  readonly pipeline?: string | undefined;
}

/** The user's configuration cannot be read. */
export class ConfigurationError extends S3LogExtractionError {
  constructor(path: string, why: string, cause?: unknown) {
    super('CONFIGURATION_DAMAGED', `Could not read the configuration ${path}: ${why}.`, {
      cause,
      hint: 'Correct or remove this file, then set the values again with "config cache set" and "config source set".',
    });
  }
}

/** Neither HOME nor the system tells where the user's files are: a container may run as a user that it does not know. */
export class NoHomeError extends S3LogExtractionError {
  constructor(cause: unknown) {
    super('NO_HOME', 'Could not tell where the home directory of this user is.', {
      cause,
      hint: 'Set HOME to its absolute path, or S3_LOG_EXTRACTION_CONFIG_DIR and S3_LOG_EXTRACTION_CACHE to folders of your choice.',
    });
  }
}

const MOST_BYTES = 1 << 20;
const APPLICATION = 's3logextraction';

/** @throws {ConfigurationError} */
export function readConfiguration(env: NodeJS.ProcessEnv): Configuration {
  const path = configurationFile(env);
  let text: string;
  try {
    text = readGivenFile(path, MOST_BYTES).toString();
  } catch (error) {
    const code = systemErrorCode(error);
    if (code === 'ENOENT') return {};
    throw new ConfigurationError(path, code ?? (error as Error).message, error);
  }
  return parseConfiguration(text, path);
}

/**
 * Change some values and keep the others. A relative cache directory is made absolute, so that it
 * means the same wherever a later command is run.
 *
 * @throws {ConfigurationError}
 * @throws {CacheWriteError}
 */
export function updateConfiguration(env: NodeJS.ProcessEnv, changes: Configuration): Configuration {
  const changed = { ...readConfiguration(env), ...changes };
  const configuration =
    changed.cache === undefined ? changed : { ...changed, cache: resolve(changed.cache) };
  makeDirectory(configurationDirectory(env));
  writeFileAtomic(configurationFile(env), `${JSON.stringify(configuration, null, 2)}\n`);
  return configuration;
}

/**
 * The cache directory of a command: `--cache`, else S3_LOG_EXTRACTION_CACHE, else the configured
 * one, else the platform's cache folder.
 *
 * @returns an absolute path, which need not exist
 */
export function resolveCacheDirectory({
  option,
  env,
  configuration,
  platform = process.platform,
}: {
  readonly option?: string | undefined;
  readonly env: NodeJS.ProcessEnv;
  readonly configuration: Configuration;
  readonly platform?: NodeJS.Platform;
}): string {
  const chosen =
    nonEmpty(option) ?? nonEmpty(env.S3_LOG_EXTRACTION_CACHE) ?? nonEmpty(configuration.cache);
  return chosen === undefined ? platformCacheDirectory(env, platform) : resolve(chosen);
}

/** Where the configuration and the key file stand: S3_LOG_EXTRACTION_CONFIG_DIR, else the platform's place. */
export function configurationDirectory(
  env: NodeJS.ProcessEnv,
  platform: NodeJS.Platform = process.platform,
): string {
  const chosen = nonEmpty(env.S3_LOG_EXTRACTION_CONFIG_DIR);
  if (chosen !== undefined) return resolve(chosen);
  if (platform === 'win32') {
    const base = nonEmpty(env.APPDATA) ?? win32.join(home(env, platform), 'AppData', 'Roaming');
    return win32.join(base, APPLICATION);
  }
  if (platform === 'darwin') {
    const xdg = absolute(env.XDG_CONFIG_HOME);
    return posix.join(
      xdg ?? posix.join(home(env, platform), 'Library', 'Application Support'),
      APPLICATION,
    );
  }
  const base = absolute(env.XDG_CONFIG_HOME) ?? posix.join(home(env, platform), '.config');
  return posix.join(base, APPLICATION);
}

function platformCacheDirectory(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') {
    const base = nonEmpty(env.LOCALAPPDATA) ?? win32.join(home(env, platform), 'AppData', 'Local');
    return win32.join(base, APPLICATION);
  }
  const usual = platform === 'darwin' ? ['Library', 'Caches'] : ['.cache'];
  const base = absolute(env.XDG_CACHE_HOME) ?? posix.join(home(env, platform), ...usual);
  return posix.join(base, APPLICATION);
}

function configurationFile(env: NodeJS.ProcessEnv): string {
  return resolve(configurationDirectory(env), 'config.json');
}

function parseConfiguration(text: string, path: string): Configuration {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new ConfigurationError(path, 'it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ConfigurationError(path, 'it is not a JSON object');
  }
  for (const name of ['cache', 'source', 'pipeline'] as const) {
    const member = (value as Record<string, unknown>)[name];
    if (member !== undefined && (typeof member !== 'string' || member === '')) {
      throw new ConfigurationError(path, `its member "${name}" is not a text`);
    }
  }
  return value as Configuration;
}

function home(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string {
  if (platform === 'win32') return nonEmpty(env.USERPROFILE) ?? homedir();
  return absolute(env.HOME) ?? homeOfUser();
}

/** Not `homedir()`, which believes whatever HOME says: a key must not come to stand wherever a command happens to be run. */
function homeOfUser(): string {
  try {
    return userInfo().homedir;
  } catch (error) {
    throw new NoHomeError(error);
  }
}

/** The XDG base directory specification says to ignore relative paths. */
function absolute(value: string | undefined): string | undefined {
  return value !== undefined && posix.isAbsolute(value) ? value : undefined;
}

function nonEmpty(value: string | undefined): string | undefined {
  return value === undefined || value === '' ? undefined : value;
}
