import { randomBytes } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { makeDirectory } from './atomic-write.js';
import { configurationDirectory } from './configuration.js';
import { S3LogExtractionError, systemErrorCode } from './error.js';
import { writeFileExclusive } from './exclusive-write.js';

/** Other users can read or change the key file. No message here ever holds what is in it. */
export class KeyFileExposedError extends S3LogExtractionError {
  constructor(path: string) {
    super('KEY_FILE_EXPOSED', `The key file ${path} can be read or changed by other users.`, {
      hint: `Run: chmod 600 "${path}". If others may have read it, what its caches hold is no longer sealed from them.`,
    });
  }
}

/** What is in the key file is not a key. */
export class KeyFileDamagedError extends S3LogExtractionError {
  constructor(path: string) {
    super('KEY_FILE_DAMAGED', `The key file ${path} is damaged: it is not 64 hexadecimal digits.`, {
      hint: 'Restore the key file from a backup.',
    });
  }
}

/** A cache needs the key file it was made with. */
export class KeyFileMissingError extends S3LogExtractionError {
  constructor(path: string) {
    super(
      'KEY_FILE_MISSING',
      `The key file ${path} is missing, and this cache was made with one.`,
      {
        hint: 'Restore the key file from a backup: without it nothing can be added to this cache.',
      },
    );
  }
}

/** The system does not let us read the key file. */
export class KeyFileUnreadableError extends S3LogExtractionError {
  constructor(path: string, cause: unknown) {
    const reason = systemErrorCode(cause) ?? (cause as Error).message;
    super('KEY_FILE_UNREADABLE', `Could not read the key file ${path}: ${reason}.`, {
      cause,
      hint: 'Check the permissions of the file and the user this runs as.',
    });
  }
}

/** Where the key file of this user is, whether it exists or not. */
export function keyFilePath(env: NodeJS.ProcessEnv): string {
  return join(configurationDirectory(env), 'key');
}

/**
 * The 32 bytes of the key file of this user.
 *
 * @throws {KeyFileMissingError}
 * @throws {KeyFileExposedError}
 * @throws {KeyFileDamagedError}
 * @throws {KeyFileUnreadableError}
 */
export function readKeyFile(env: NodeJS.ProcessEnv): Uint8Array {
  const path = keyFilePath(env);
  const key = readKey(path);
  if (key !== undefined) return key;
  throw new KeyFileMissingError(path);
}

/**
 * The 32 bytes of the key file of this user, which is made when there is none: 64 hexadecimal
 * digits and a line feed, mode 0600. Two processes that come first at once agree on one key.
 *
 * @throws {KeyFileExposedError}
 * @throws {KeyFileDamagedError}
 * @throws {KeyFileUnreadableError}
 * @throws {CacheWriteError}
 */
export function readOrCreateKeyFile(env: NodeJS.ProcessEnv): Uint8Array {
  const path = keyFilePath(env);
  const known = readKey(path);
  if (known !== undefined) return known;
  makeDirectory(dirname(path));
  const isMade = writeFileExclusive(path, `${randomBytes(32).toString('hex')}\n`);
  const key = readKey(path);
  if (key !== undefined) return key;
  if (isMade) throw new KeyFileMissingError(path);
  throw new KeyFileUnreadableError(path, new Error('it is a link that leads nowhere'));
}

/** @returns undefined when there is no such file */
function readKey(path: string): Uint8Array | undefined {
  let text: string;
  try {
    // Unlike files of a cache it may be a link: secrets are mounted so. What counts is the file it leads to.
    const fd = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    try {
      const { mode, size } = fstatSync(fd);
      checkNotExposed(path, mode);
      text = size > MAXIMUM_SIZE ? '' : readFileSync(fd, 'latin1');
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (error instanceof S3LogExtractionError) throw error;
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw new KeyFileUnreadableError(path, error);
  }
  if (!KEY_TEXT.test(text)) throw new KeyFileDamagedError(path);
  return new Uint8Array(Buffer.from(text.slice(0, 64), 'hex'));
}

const MAXIMUM_SIZE = 66;
const KEY_TEXT = /^[0-9a-fA-F]{64}\r?\n?$/;

/** Windows has no such modes: there the user's profile is what protects the file. */
function checkNotExposed(path: string, mode: number): void {
  if (process.platform === 'win32' || (mode & 0o077) === 0) return;
  throw new KeyFileExposedError(path);
}
