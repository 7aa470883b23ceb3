import { createHash } from 'node:crypto';
import { logFileName } from '../source/log-name.js';
import { displayPath, type LogPath, storedPath } from '../source/log-path.js';

/** What a log object is known by, the same as in the ledger of a cache (cache/FORMAT.md section 7). */
export interface ObjectName {
  readonly name: string;
  /** SHA-256 of the name: names may be longer than an index takes. */
  readonly hash: Buffer;
}

/** @param relativePath below the source */
export function objectName(relativePath: LogPath): ObjectName {
  const name = logFileName(relativePath);
  return { name, hash: createHash('sha256').update(name, 'utf8').digest() };
}

export { displayPath, storedPath };
