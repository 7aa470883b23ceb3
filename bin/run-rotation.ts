import { openEngine } from '../cache/engine.js';
import { S3LogExtractionError } from '../cache/error.js';
import { openCacheForReading, openCacheForWriting } from '../cache/open-cache.js';
import { PASSWORD_VARIABLE } from '../cache/password.js';
import { type RotateKeyResult, rotateKey } from '../cache/rotation/rotate-key.js';
import { createSealingKey } from '../cache/sealing-key.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatCount, plural } from './format.js';
import type { Output } from './output.js';
import { readSecret } from './read-secret.js';

const NEW_PASSWORD_VARIABLE = 'S3_LOG_EXTRACTION_NEW_PASSWORD';

/** The new key would be the old one. */
export class SameKeyError extends S3LogExtractionError {
  constructor(why: string, hint: string) {
    super('SAME_KEY', `The key was not changed: ${why}.`, { hint }, EXIT_STATUS.usage.status);
  }
}

/**
 * Seal the cache under a key made from a new password, or from the key file.
 *
 * @throws {SameKeyError} @throws {WeakPasswordError} @throws {WrongPasswordError} before anything is changed
 */
export async function rotateCacheKey(
  cacheDirectory: string,
  to: 'password' | 'keyfile',
  output: Output,
  env: NodeJS.ProcessEnv,
): Promise<RotateKeyResult> {
  const { cacheFile } = openCacheForReading(cacheDirectory);
  if (to === 'keyfile' && cacheFile.key.source === 'keyfile') {
    throw new SameKeyError(
      'the cache is sealed with the key file already',
      'To replace the key file, change to a password, replace the file, and change back.',
    );
  }
  const password =
    to === 'password' ? await readSecret(NEW_PASSWORD_VARIABLE, 'New password: ', env) : undefined;
  if (password !== undefined && password === env[PASSWORD_VARIABLE]) {
    throw new SameKeyError('the new password is the old one', 'Choose another one.');
  }
  const cache = await openCacheForWriting(cacheDirectory, { command: 'config key rotate', env });
  try {
    const { key, cacheKey } = await createSealingKey({ ...env, [PASSWORD_VARIABLE]: password });
    const engine = await openEngine(cache.paths);
    try {
      return await rotateKey(cache, engine, {
        key,
        cacheKey,
        onProgress: (done, all) =>
          output.progress(`Sealing anew: ${formatCount(done)} of ${plural(all, 'commit')}`),
      });
    } finally {
      engine.close();
    }
  } finally {
    cache.close();
  }
}
