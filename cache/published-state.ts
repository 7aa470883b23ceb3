import { createHash } from 'node:crypto';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from './atomic-write.js';
import { listCommits } from './commit-record.js';
import { systemErrorCode } from './error.js';
import type { CachePaths } from './paths.js';

/** Raise it when the same records would be published as other bytes. */
const PUBLICATION_VERSION = 1;

/** What was published last: out of what, and which files with which size and modification time. */
interface PublishedState {
  readonly inputs: string;
  readonly files: Readonly<Record<string, readonly [number, number]>>;
}

/**
 * Whether all that `update` publishes is there already, made out of just these commits with these
 * options, and untouched since. Any doubt means no: publishing again gives the same bytes.
 *
 * @param options whatever else the published bytes depend on
 */
export function isPublished(paths: CachePaths, options: readonly unknown[]): boolean {
  try {
    const state = JSON.parse(readFileSync(stateFile(paths), 'utf8')) as PublishedState;
    if (state.inputs !== inputsOf(paths, options)) return false;
    return Object.entries(state.files).every(([file, [size, modified]]) => {
      const stats = lstatSync(join(paths.root, file));
      return stats.isFile() && stats.size === size && stats.mtimeMs === modified;
    });
  } catch {
    return false;
  }
}

/**
 * Note that everything was published just now.
 *
 * @throws {CacheWriteError}
 */
export function markPublished(paths: CachePaths, options: readonly unknown[]): void {
  const files: Record<string, [number, number]> = {};
  for (const folder of ['summaries', join('ips', 'indexes')]) {
    for (const file of filesBelow(paths.root, folder)) {
      const { size, mtimeMs } = lstatSync(join(paths.root, file));
      files[file] = [size, mtimeMs];
    }
  }
  const state: PublishedState = { inputs: inputsOf(paths, options), files };
  writeFileAtomic(stateFile(paths), `${JSON.stringify(state)}\n`);
}

function inputsOf(paths: CachePaths, options: readonly unknown[]): string {
  const regions = namesIn(paths.root, join('ips', 'regions')).map(({ name }) => name);
  const inputs = [PUBLICATION_VERSION, options, regions.sort(), listCommits(paths)];
  return createHash('sha256').update(JSON.stringify(inputs)).digest('hex');
}

function filesBelow(root: string, folder: string): string[] {
  return namesIn(root, folder).flatMap(({ name, isFolder }) =>
    isFolder ? filesBelow(root, join(folder, name)) : [join(folder, name)],
  );
}

function namesIn(root: string, folder: string): { name: string; isFolder: boolean }[] {
  try {
    const entries = readdirSync(join(root, folder), { withFileTypes: true });
    return entries.map((entry) => ({ name: entry.name, isFolder: entry.isDirectory() }));
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

function stateFile(paths: CachePaths): string {
  return join(paths.rollups, 'published.json');
}
