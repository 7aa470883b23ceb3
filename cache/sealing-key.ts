import { randomBytes, scrypt, timingSafeEqual } from 'node:crypto';
import sodium from 'libsodium-wrappers';
import type { Blake2bParameters, CacheKey, ScryptParameters } from './cache-file.js';
import { S3LogExtractionError } from './error.js';
import { keyFilePath, readKeyFile, readOrCreateKeyFile } from './key-file.js';
import { checkPassword, PASSWORD_VARIABLE, passwordFrom } from './password.js';
import { type SealingKey, sealingKeyFromBytes } from './sealing-key-bytes.js';

export { type SealingKey, sealingKeyFromBytes } from './sealing-key-bytes.js';

/** The password is not the one that the cache was made with. */
export class WrongPasswordError extends S3LogExtractionError {
  constructor(cacheFile: string) {
    super(
      'WRONG_PASSWORD',
      `The password in ${PASSWORD_VARIABLE} is not the one that the cache of ${cacheFile} was made with. Nothing was changed.`,
      {
        hint: `Set ${PASSWORD_VARIABLE} to the password of this cache, or name another cache with --cache.`,
      },
    );
  }
}

/** The key file is not the one that the cache was made with. */
export class WrongKeyFileError extends S3LogExtractionError {
  constructor(cacheFile: string, path: string) {
    super(
      'WRONG_KEY_FILE',
      `The key file ${path} is not the one that the cache of ${cacheFile} was made with. Nothing was changed.`,
      {
        hint: 'Restore the key file of this cache from a backup, or name another cache with --cache.',
      },
    );
  }
}

/** A password is set for a cache made with a key file, or the other way round. */
export class KeySourceMismatchError extends S3LogExtractionError {
  constructor(needed: CacheKey['source'], cacheFile: string) {
    super(
      'KEY_SOURCE_MISMATCH',
      needed === 'password'
        ? `The cache of ${cacheFile} was made with a password, and ${PASSWORD_VARIABLE} is not set.`
        : `The cache of ${cacheFile} was made with a key file, and ${PASSWORD_VARIABLE} is set.`,
      {
        hint:
          needed === 'password'
            ? `Set ${PASSWORD_VARIABLE} to the password of this cache.`
            : `Unset ${PASSWORD_VARIABLE} for this cache, so that its key file is used.`,
      },
    );
  }
}

/** What a sealing key is derived from. */
export type KeySecret =
  | { readonly source: 'password'; readonly password: string; readonly kdf: ScryptParameters }
  | { readonly source: 'keyfile'; readonly bytes: Uint8Array; readonly kdf: Blake2bParameters };

/**
 * Derive the sealing key and the value that tells whether it is the right one (FORMAT.md section 3).
 * From a password this takes about half a second and 128 MiB, once per run.
 *
 * @returns `check`: 32 hex digits
 */
export async function deriveSealingKey(
  secret: KeySecret,
): Promise<{ key: SealingKey; check: string }> {
  await sodium.ready;
  const salt = new Uint8Array(Buffer.from(secret.kdf.salt, 'hex'));
  const master =
    secret.source === 'password'
      ? await scryptMaster(secret.password, salt, secret.kdf)
      : sodium.crypto_generichash(32, salt, secret.bytes);
  const key = sodium.crypto_generichash(16, 's3logextraction/seal/v1', master);
  const check = sodium.crypto_generichash(16, 's3logextraction/check/v1', master);
  sodium.memzero(master);
  return { key: sealingKeyFromBytes(key), check: Buffer.from(check).toString('hex') };
}

/**
 * Choose the key of a new cache: from the password when one is set, else from the key file of the
 * user, which is made when there is none.
 *
 * @throws {WeakPasswordError} before anything is created
 * @throws {KeyFileDamagedError} and others that say why the key file cannot be used
 */
export async function createSealingKey(
  env: NodeJS.ProcessEnv,
): Promise<{ key: SealingKey; cacheKey: CacheKey }> {
  const salt = randomBytes(16).toString('hex');
  const password = passwordFrom(env);
  if (password !== undefined) {
    checkPassword(password);
    const kdf = { name: 'scrypt', N: 2 ** 17, r: 8, p: 1, salt } as const;
    const { key, check } = await deriveSealingKey({ source: 'password', password, kdf });
    return { key, cacheKey: { source: 'password', kdf, check } };
  }
  const kdf = { name: 'blake2b', salt } as const;
  const bytes = readOrCreateKeyFile(env);
  const { key, check } = await deriveSealingKey({ source: 'keyfile', bytes, kdf });
  return { key, cacheKey: { source: 'keyfile', kdf, check } };
}

/**
 * The key of an existing cache, checked. Writes nothing.
 *
 * @param cacheFile its `cache.json`, for messages
 * @throws {WrongPasswordError}
 * @throws {WrongKeyFileError}
 * @throws {KeySourceMismatchError}
 * @throws {KeyFileMissingError} and others that say why the key file cannot be used
 */
export async function openSealingKey(
  cacheKey: CacheKey,
  env: NodeJS.ProcessEnv,
  cacheFile: string,
): Promise<SealingKey> {
  const { key, check } = await deriveSealingKey(secretFor(cacheKey, env, cacheFile));
  if (!timingSafeEqual(Buffer.from(check, 'hex'), Buffer.from(cacheKey.check, 'hex'))) {
    throw cacheKey.source === 'password'
      ? new WrongPasswordError(cacheFile)
      : new WrongKeyFileError(cacheFile, keyFilePath(env));
  }
  return key;
}

function secretFor(cacheKey: CacheKey, env: NodeJS.ProcessEnv, cacheFile: string): KeySecret {
  const password = passwordFrom(env);
  if (cacheKey.source === 'password') {
    if (password === undefined) throw new KeySourceMismatchError('password', cacheFile);
    return { source: 'password', password, kdf: cacheKey.kdf };
  }
  if (password !== undefined) throw new KeySourceMismatchError('keyfile', cacheFile);
  return { source: 'keyfile', bytes: readKeyFile(env), kdf: cacheKey.kdf };
}

function scryptMaster(
  password: string,
  salt: Uint8Array,
  { N, r, p }: ScryptParameters,
): Promise<Uint8Array> {
  // scrypt's own need is 128 N r + 128 r p bytes; the limit only has to be above it.
  const maxmem = 256 * N * r + 256 * r * p + 2 ** 20;
  return new Promise((resolve, reject) => {
    scrypt(password.normalize('NFC'), salt, 32, { N, r, p, maxmem }, (error, master) => {
      if (error === null) resolve(new Uint8Array(master));
      else reject(error);
    });
  });
}
