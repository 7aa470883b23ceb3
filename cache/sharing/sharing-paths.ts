import { createHash } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory } from '../atomic-write.js';
import { requireOwnFolder } from '../own-file.js';
import type { CachePaths } from '../paths.js';

/** Where what is known of one destination stands (FORMAT.md section 21). */
export interface SharingPaths {
  /** `share/<16 hex>/` */
  readonly root: string;
  readonly memory: string;
  readonly consignment: string;
  /** Packages until they are shipped. */
  readonly packages: string;
  /** Scratch of the run that holds the lock. */
  readonly work: string;
}

/** Of all sharing, whatever the destination. */
export function sharingRoot(paths: CachePaths): string {
  return join(paths.root, 'share');
}

/** @param destination in its one form, without secrets */
export function sharingPaths(paths: CachePaths, destination: string): SharingPaths {
  const name = createHash('sha256').update(destination).digest('hex').slice(0, 16);
  const root = join(sharingRoot(paths), name);
  return {
    root,
    memory: join(root, 'memory.json'),
    consignment: join(root, 'consignment.json'),
    packages: join(root, 'packages'),
    work: join(root, 'work'),
  };
}

/** Make the folders of a destination. Only for the holder of the lock. @throws {LinkedFolderError} @throws {CacheWriteError} */
export function openSharing(paths: SharingPaths): void {
  for (const folder of [paths.root, paths.packages, paths.work]) {
    requireOwnFolder(folder);
    makeDirectory(folder);
  }
}

/**
 * Remove what a run that was killed has left. Only for the holder of the lock.
 *
 * @param standing names of the packages that wait to be shipped
 */
export function tidySharing(paths: SharingPaths, standing: ReadonlySet<string>): void {
  for (const name of readdirSync(paths.work)) {
    // Recursive removal unlinks symbolic links; it does not follow them.
    rmSync(join(paths.work, name), { recursive: true, force: true });
  }
  for (const name of readdirSync(paths.packages)) {
    if (!standing.has(name)) rmSync(join(paths.packages, name), { recursive: true, force: true });
  }
  for (const name of readdirSync(paths.root)) {
    if (TEMPORARY.test(name)) rmSync(join(paths.root, name), { force: true });
  }
}

const TEMPORARY = /^(?:memory|consignment)\.json\.[0-9a-f]{12}\.tmp$/;
