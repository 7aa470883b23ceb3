import { lstatSync, unlinkSync } from 'node:fs';
import { resolve } from 'node:path';
import { systemErrorCode } from '../../cache/error.js';
import type { CachePaths } from '../../cache/paths.js';
import { isCacheFolder, requireOutsideCache } from '../extract/open-plan.js';
import { logPath, pathBytes } from '../source/log-path.js';
import { modifiedTime } from '../source/modified-time.js';
import { requireSource } from '../source/require-source.js';
import { walkFolder } from '../source/walk-folder.js';
import type { LogObject, LogSource, Removal } from './log-source.js';

/**
 * Log files below a folder.
 *
 * @param paths of the cache, which need not exist: its files are no logs
 * @throws {SourceNotFoundError} @throws {SourceInCacheError}
 */
export function folderSource(folder: string, paths: CachePaths): LogSource {
  requireSource(folder);
  requireOutsideCache(folder, paths);
  const root = logPath(resolve(folder));
  return {
    name: resolve(folder),
    access: async () => ({ kind: 'folder' }),
    close: () => undefined,
    async *list() {
      for await (const entries of walkFolder(root, isCacheFolder(paths))) {
        yield entries.map((entry) =>
          entry.kind === 'problem' ? entry : { ...entry, kind: 'object' as const },
        );
      }
    },
    remove: async (object) => removeFile(object),
  };
}

function removeFile({ path, sizeBytes, modifiedMs }: LogObject): Removal {
  const bytes = pathBytes(path);
  const stats = lstatSync(bytes, { throwIfNoEntry: false });
  if (stats === undefined) return 'gone';
  // Of a link we have read what it leads to, which is not ours to delete.
  if (!stats.isFile() || stats.size !== sizeBytes || modifiedTime(stats) !== modifiedMs) {
    return 'changed';
  }
  try {
    unlinkSync(bytes);
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return 'gone';
    throw error;
  }
  return 'removed';
}
