import { statSync } from 'node:fs';
import { systemErrorCode } from '../../cache/error.js';
import { joinLogPath, type LogPath, pathBytes } from './log-path.js';
import { modifiedTime } from './modified-time.js';

/** What is at a path that is no regular file, in place of its size. */
export const NO_FILE = { folder: -1, other: -2, unreadable: -3 } as const;

/** What is at some paths. */
export interface FileStats {
  /** Bytes, or one of {@link NO_FILE}. */
  readonly sizes: Float64Array;
  /** Whole milliseconds since 1970. */
  readonly modified: Float64Array;
  /** Why paths are unreadable, in their order. */
  readonly reasons: readonly string[];
}

/** Look at paths below a folder; links are followed. */
export function statFiles(root: LogPath, paths: readonly LogPath[]): FileStats {
  const sizes = new Float64Array(paths.length);
  const modified = new Float64Array(paths.length);
  const reasons: string[] = [];
  paths.forEach((path, i) => {
    try {
      // An error costs ten times as much as a look, and of what an inventory lists much may not be there.
      const stats = statSync(openable(joinLogPath(root, path)), { throwIfNoEntry: false });
      if (stats === undefined) {
        sizes[i] = NO_FILE.unreadable;
        reasons.push('ENOENT');
        return;
      }
      modified[i] = modifiedTime(stats);
      if (stats.isFile()) sizes[i] = stats.size;
      else sizes[i] = stats.isDirectory() ? NO_FILE.folder : NO_FILE.other;
    } catch (error) {
      sizes[i] = NO_FILE.unreadable;
      reasons.push(systemErrorCode(error) ?? 'it cannot be read');
    }
  });
  return { sizes, modified, reasons };
}

/** A string where its bytes are those of the path: it is quicker than a Buffer. */
function openable(path: LogPath): string | Buffer {
  return /[^\u0001-\u007f]/.test(path) ? pathBytes(path) : path;
}
