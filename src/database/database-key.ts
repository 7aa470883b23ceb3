import { type CacheKey, isCacheKey, readCacheFile } from '../../cache/cache-file.js';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { cachePaths } from '../../cache/paths.js';
import {
  createSealingKey,
  KeySourceMismatchError,
  openSealingKey,
  type SealingKey,
  WrongKeyFileError,
  WrongPasswordError,
} from '../../cache/sealing-key.js';
import type { Connection } from './connection.js';
import { type DatabaseSettings, describeDatabase } from './settings.js';

/** The password or key file at hand is not the one that addresses in the tables are sealed with. */
export class DatabaseKeyError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, source: CacheKey['source'], cause: unknown) {
    super(
      'DATABASE_KEY_MISMATCH',
      `The addresses in the schema "${settings.schema}" of ${describeDatabase(settings)} are sealed under a ${
        source === 'password'
          ? 'password, and S3_LOG_EXTRACTION_PASSWORD does not hold it'
          : 'key file, and the one at hand is another, or S3_LOG_EXTRACTION_PASSWORD is set'
      }. Nothing was changed.`,
      {
        cause,
        hint: 'Run it with the password or key file of the first "database collect"; a changed key of the cache does not change that of these tables. Or name another schema with --schema, to begin anew.',
      },
    );
  }
}

/** What the tables say of their key makes no sense. */
export class DatabaseKeyDamagedError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings) {
    super(
      'DATABASE_KEY_DAMAGED',
      `The table s3_log_key in the schema "${settings.schema}" of ${describeDatabase(settings)} does not describe a key.`,
      {
        hint: 'Restore that table from a backup: without it addresses cannot be sealed as before.',
      },
    );
  }
}

/**
 * The key that addresses in the tables are sealed with. It is made from the password or the key file, as the tables have it written
 * down since their first use; then it was that of the cache, if there was one, so that seals are the same there and here.
 *
 * @throws {DatabaseKeyError}
 * @throws {DatabaseKeyDamagedError}
 */
export async function databaseKey(
  client: Connection,
  settings: DatabaseSettings,
  cacheDirectory: string,
  env: NodeJS.ProcessEnv,
): Promise<SealingKey> {
  const known = await readDescription(client, settings);
  if (known !== undefined) return openKey(known, settings, env);
  const cache = readCacheFile(cachePaths(cacheDirectory));
  const { key, cacheKey } =
    cache === undefined
      ? await createSealingKey(env)
      : {
          key: await openSealingKey(cache.key, env, cachePaths(cacheDirectory).cacheFile),
          cacheKey: cache.key,
        };
  await client.query('INSERT INTO s3_log_key (description) VALUES ($1) ON CONFLICT DO NOTHING', [
    JSON.stringify(cacheKey),
  ]);
  // Somebody else may have come first.
  const written = await readDescription(client, settings);
  if (written === undefined || written.check === cacheKey.check) return key;
  return openKey(written, settings, env);
}

async function readDescription(
  client: Connection,
  settings: DatabaseSettings,
): Promise<CacheKey | undefined> {
  const { rows } = await client.query<{ description: unknown }>(
    'SELECT description FROM s3_log_key',
  );
  if (rows.length === 0) return undefined;
  const { description } = rows[0];
  if (!isCacheKey(description)) throw new DatabaseKeyDamagedError(settings);
  return description;
}

async function openKey(
  description: CacheKey,
  settings: DatabaseSettings,
  env: NodeJS.ProcessEnv,
): Promise<SealingKey> {
  try {
    return await openSealingKey(description, env, 'the log tables');
  } catch (error) {
    const isOther =
      error instanceof WrongPasswordError ||
      error instanceof WrongKeyFileError ||
      error instanceof KeySourceMismatchError ||
      systemErrorCode(error) === 'KEY_FILE_MISSING';
    throw isOther ? new DatabaseKeyError(settings, description.source, error) : error;
  }
}
