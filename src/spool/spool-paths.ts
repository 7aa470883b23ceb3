import { lstatSync, realpathSync } from 'node:fs';
import { join, resolve } from 'node:path';

/** Where everything stands in a spool (ARCHITECTURE.md, "Spools"). All absolute. */
export interface SpoolPaths {
  readonly root: string;
  /** What is in the cache. */
  readonly archive: string;
  /** What is not, each file with its reason beside it. */
  readonly failed: string;
  /** Ours; hidden, so that nobody takes it for logs. */
  readonly own: string;
  readonly lock: string;
  readonly stop: string;
  /** With `--excerpts`: texts of rejected lines by their hash, and which log files they are of. */
  readonly excerpts: string;
  readonly rejected: string;
}

/** The name of the folder by which a spool is known to be one. */
const OWN = '.s3logextraction';

/** Within `archive/` and `failed/`: copies on their way from another file system. */
export const MOVING = '.moving';

/** @param folder the spool, which need not exist */
export function spoolPaths(folder: string): SpoolPaths {
  const root = resolve(folder);
  const own = join(root, OWN);
  return {
    root,
    archive: join(root, 'archive'),
    failed: join(root, 'failed'),
    own,
    lock: join(own, 'lock'),
    stop: join(own, 'stop'),
    excerpts: join(own, 'excerpts'),
    rejected: join(own, 'rejected'),
  };
}

/** What the lock of a spool says of who holds it: `stop` on one cache must not end who watches for another. */
export function watchCommandFor(cacheRoot: string): string {
  const root = resolve(cacheRoot);
  try {
    return `watch --cache ${realpathSync(root)}`;
  } catch {
    return `watch --cache ${root}`;
  }
}

/** Whether somebody has watched this folder as a spool. */
export function isSpool(folder: string): boolean {
  try {
    return lstatSync(spoolPaths(folder).lock).isDirectory();
  } catch {
    // A file is none either.
    return false;
  }
}
