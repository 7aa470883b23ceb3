import { randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../atomic-write.js';
import { checkMayBecomeCache, readCacheFile } from '../cache-file.js';
import { S3LogExtractionError } from '../error.js';
import { acquireLock, CacheLockedError } from '../lock.js';
import { requireOwnFolders } from '../own-file.js';
import type { CachePaths } from '../paths.js';

/** `validation/` of a cache (FORMAT.md section 19), held by one run over log files. */
export interface ValidationFolder {
  readonly path: string;
  /** An empty folder for what is put aside during the run; made when it is first asked for. */
  scratch(): string;
  /** Remove what was put aside, and let others run. */
  close(): void;
}

/** Another run over log files uses this cache. */
export class ValidationLockedError extends S3LogExtractionError {
  constructor(folder: string, cause: CacheLockedError) {
    super(
      'VALIDATION_LOCKED',
      `Another validation of log files keeps its state in ${folder}.`,
      { cause, hint: 'Wait until it is done, or name another directory with --cache.' },
      cause.exitCode,
    );
  }
}

const SCRATCH = /^scratch-[0-9a-f]{12}$/;

/**
 * Take `validation/` of a cache, which need not exist otherwise, and remove what earlier runs put aside there. It has a
 * lock of its own: extraction goes on meanwhile.
 *
 * @throws {ValidationLockedError} @throws {LinkedFolderError}
 * @throws {NotACacheError} when the directory holds something else
 * @throws {CacheWriteError}
 */
export function openValidationFolder(paths: CachePaths): ValidationFolder {
  requireOwnFolders(paths);
  if (readCacheFile(paths) === undefined) checkMayBecomeCache(paths);
  const path = join(paths.root, 'validation');
  const release = holdLock(paths, path);
  for (const name of readdirSync(path)) if (SCRATCH.test(name)) remove(join(path, name));
  let scratch: string | undefined;
  return {
    path,
    scratch() {
      if (scratch === undefined) {
        scratch = join(path, `scratch-${randomBytes(6).toString('hex')}`);
        makeDirectory(scratch);
      }
      return scratch;
    },
    close() {
      if (scratch !== undefined) remove(scratch);
      release();
    },
  };
}

function holdLock(paths: CachePaths, folder: string): () => void {
  makeDirectory(folder);
  try {
    const lock = acquireLock({ ...paths, lock: join(folder, 'lock') }, { command: 'validate' });
    return () => lock.release();
  } catch (error) {
    throw error instanceof CacheLockedError ? new ValidationLockedError(folder, error) : error;
  }
}

function remove(path: string): void {
  rmSync(path, { recursive: true, force: true });
}
