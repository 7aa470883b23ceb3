import { createHash, randomBytes } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { makeDirectory, writeFileAtomic } from '../atomic-write.js';
import { systemErrorCode } from '../error.js';
import { DamagedCacheError, readOwnFile } from '../own-file.js';
import type { CachePaths } from '../paths.js';

/** Names of the kinds of files in `datasets/` that settings name (FORMAT.md section 15). */
const NAMES = { contents: /^[0-9a-f]{32}\.contents$/, names: /^[0-9a-f]{32}\.names$/ } as const;
export type DatasetFileKind = keyof typeof NAMES;

/** Such a file, as the settings name it. */
export interface DatasetFile {
  /** Bare name in `datasets/`. */
  readonly file: string;
  readonly sha256: string;
}

/** Whether it is the name of such a file, and so no path to anywhere else. */
export function isDatasetFile(name: unknown, kind: DatasetFileKind): name is string {
  return typeof name === 'string' && NAMES[kind].test(name);
}

/**
 * Write a file, durably, under a new name; it counts once the settings name it.
 *
 * @throws {CacheWriteError}
 */
export function writeDatasetFile(
  paths: CachePaths,
  kind: DatasetFileKind,
  bytes: Buffer,
): DatasetFile {
  const folder = datasetsFolder(paths);
  makeDirectory(folder);
  const file = `${randomBytes(16).toString('hex')}.${kind}`;
  writeFileAtomic(join(folder, file), bytes);
  return { file, sha256: sha256(bytes) };
}

/**
 * @param hint what to do when it is damaged; default: what to do for any file
 * @throws {DamagedCacheError}
 */
export function readDatasetFile(
  paths: CachePaths,
  { file, sha256: expected }: DatasetFile,
  hint?: string,
): Buffer {
  const path = join(datasetsFolder(paths), file);
  let bytes: Buffer;
  try {
    bytes = readOwnFile(path);
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new DamagedCacheError(path, 'it is missing', error, hint);
  }
  if (sha256(bytes) !== expected) {
    throw new DamagedCacheError(path, 'its SHA-256 is not the recorded one', undefined, hint);
  }
  return bytes;
}

/** Remove the files of a kind that no longer count; a crash leaves some, which the next time removes. */
export function removeOtherFiles(paths: CachePaths, kind: DatasetFileKind, keep: string): void {
  const folder = datasetsFolder(paths);
  try {
    for (const name of readdirSync(folder)) {
      if (isDatasetFile(name, kind) && name !== keep) rmSync(join(folder, name));
    }
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
  }
}

export function datasetsFolder(paths: CachePaths): string {
  return join(paths.root, 'datasets');
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
