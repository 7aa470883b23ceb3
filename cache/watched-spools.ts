import { createHash } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeFileAtomic } from './atomic-write.js';
import { systemErrorCode } from './error.js';
import type { Lock } from './lock.js';
import { readOwnText } from './own-file.js';
import type { CachePaths } from './paths.js';
import { isObject, isText } from './sealed-json.js';

/**
 * Remember that a spool is watched for this cache (FORMAT.md section 20), so that `stop` finds who watches it also while
 * nobody writes to the cache.
 *
 * @param spool its folder, absolute
 * @throws {LockLostError} @throws {CacheWriteError}
 */
export function rememberSpool(paths: CachePaths, lock: Lock, spool: string): void {
  const path = join(paths.watch, `${nameOf(spool)}.json`);
  if (spoolIn(path) === spool) return;
  lock.assertHeld();
  makeDirectory(paths.watch);
  writeFileAtomic(path, `${JSON.stringify({ version: 1, spool })}\n`);
}

/** The spools that were ever watched for this cache, in no order. What cannot be read counts for none. */
export function watchedSpools(paths: CachePaths): string[] {
  let names: string[];
  try {
    names = readdirSync(paths.watch);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
  return names.flatMap((name) => {
    const spool = NAME.test(name) ? spoolIn(join(paths.watch, name)) : undefined;
    return spool === undefined ? [] : [spool];
  });
}

const NAME = /^[0-9a-f]{16}\.json$/;

function nameOf(spool: string): string {
  return createHash('sha256').update(spool).digest('hex').slice(0, 16);
}

function spoolIn(path: string): string | undefined {
  try {
    const value: unknown = JSON.parse(readOwnText(path));
    return isObject(value) && value.version === 1 && isText(value.spool) ? value.spool : undefined;
  } catch {
    return undefined;
  }
}
