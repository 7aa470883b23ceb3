import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { S3LogExtractionError } from '../error.js';
import { acquireLock, CacheLockedError, describeOwner, type Lock } from '../lock.js';
import type { CachePaths } from '../paths.js';
import { sharingRoot } from './sharing-paths.js';

/** Another process shares what this cache publishes. */
export class ShareLockedError extends S3LogExtractionError {
  constructor(root: string, cause: CacheLockedError) {
    super(
      'SHARE_LOCKED',
      `What the cache ${root} publishes is being shared by ${describeOwner(cause.owner)}.`,
      {
        cause,
        hint: 'Wait until it is done, or end it with SIGTERM. One that died on another host stops counting after 10 minutes.',
      },
      cause.exitCode,
    );
  }
}

/**
 * Exclude other runs that share. It is another lock than that of the cache: extraction goes on meanwhile.
 *
 * @throws {ShareLockedError} @throws {CacheWriteError}
 */
export function lockSharing(paths: CachePaths): Lock {
  const root = sharingRoot(paths);
  const lock = join(root, 'lock');
  try {
    const held = acquireLock({ root, lock }, { command: 'share' });
    for (const name of readdirSync(lock)) {
      if (TEMPORARY.test(name)) rmSync(join(lock, name), { force: true });
    }
    return held;
  } catch (error) {
    throw error instanceof CacheLockedError ? new ShareLockedError(paths.root, error) : error;
  }
}

const TEMPORARY = /^\d{12}\.json\.[0-9a-f]{12}\.tmp$/;
