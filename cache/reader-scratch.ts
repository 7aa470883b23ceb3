import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from './atomic-write.js';
import type { CachePaths } from './paths.js';
import { currentProcess, processStatus } from './process-identity.js';

/** A reader that cannot be seen from here is given this long: what it spills is removed when it ends. */
const UNSEEN_LIMIT_MS = 24 * 60 * 60 * 1000;

/** `reader-<pid>-<start of the process>-<8 hex of its machine>-<12 hex, random>` */
const NAME = /^reader-(\d{1,10})-(\d{1,20}|unknown)-([0-9a-f]{8})-[0-9a-f]{12}$/;

/**
 * Make a folder in `tmp/` for a reader that holds no lock: as long as its process lives, writers leave it there
 * (FORMAT.md W3).
 *
 * @throws {CacheWriteError}
 */
export function makeReaderScratch(paths: CachePaths): string {
  const folder = join(paths.tmp, `${prefixOfProcess()}-${randomBytes(6).toString('hex')}`);
  makeDirectory(paths.tmp);
  makeDirectory(folder);
  return folder;
}

/** Remove the folders of this process, which is about to end. What cannot be removed is left to the next writer. */
export function removeOwnScratch(paths: CachePaths): void {
  const own = `${prefixOfProcess()}-`;
  try {
    for (const name of readdirSync(paths.tmp)) {
      if (!name.startsWith(own) || !NAME.test(name)) continue;
      rmSync(join(paths.tmp, name), { recursive: true, force: true });
    }
  } catch {
    // See above.
  }
}

function prefixOfProcess(): string {
  const process = currentProcess();
  return `reader-${process.pid}-${process.startedAt ?? 'unknown'}-${machineOf(process)}`;
}

/** Whether an entry of `tmp/` is the folder of a reader that may still live. */
export function isReaderScratch(paths: CachePaths, name: string): boolean {
  const match = NAME.exec(name);
  if (match === null) return false;
  const here = currentProcess();
  if (match[3] === machineOf(here)) {
    const startedAt = match[2] === 'unknown' ? null : (match[2] as string);
    const status = processStatus({ ...here, pid: Number(match[1]), startedAt });
    if (status !== 'unknown') return status === 'alive';
  }
  try {
    return Date.now() - lstatSync(join(paths.tmp, name)).mtimeMs < UNSEEN_LIMIT_MS;
  } catch {
    return false;
  }
}

function machineOf({
  host,
  boot,
}: {
  readonly host: string;
  readonly boot: string | null;
}): string {
  return createHash('sha256').update(`${host} ${boot}`).digest('hex').slice(0, 8);
}
