import type { Stats } from 'node:fs';
import type { LineCutter } from '../src/extract/line-cutter.js';
import {
  type FoundFile,
  type OnProgress,
  readLogFile,
  readSmallFile,
} from '../src/extract/read-log-file.js';
import { logPath } from '../src/source/log-path.js';
import { type SourceEntries, walkFolder } from '../src/source/walk-folder.js';

/**
 * Where protocols get log files from. It is listed in the main thread and read in others, so that the two
 * halves share nothing but what stands in a `SourceFile`. A bucket would be another of these.
 */
export interface LogSource {
  /** Its files, always in the same order while nothing changes. */
  list(): AsyncGenerator<SourceEntries, void>;
}

/** The files below a folder. @param isExcluded tells a folder that is not entered: the cache */
export function folderSource(root: string, isExcluded: (stats: Stats) => boolean): LogSource {
  return { list: () => walkFolder(logPath(root), isExcluded) };
}

/**
 * Feed all lines of a file, plain or compressed, of any size.
 *
 * @returns bytes of its content
 * @throws {UnreadableFileError}
 */
export async function readSourceFile(
  file: FoundFile,
  lines: LineCutter,
  onProgress: OnProgress,
): Promise<number> {
  const read =
    readSmallFile(file, lines, onProgress) ?? (await readLogFile(file, true, lines, onProgress));
  return read.contentBytes;
}
