import type { Stats } from 'node:fs';
import type { LineCutter } from '../src/extract/line-cutter.js';
import {
  type FoundFile,
  type OnProgress,
  readLogFile,
  readSmallFile,
} from '../src/extract/read-log-file.js';
import type { BucketAccess } from '../src/source/bucket/access.js';
import type { BucketOptions } from '../src/source/bucket/bucket-options.js';
import { logPath } from '../src/source/log-path.js';
import { type SourceEntries, walkFolder } from '../src/source/walk-folder.js';

/**
 * Where protocols get log files from. It is listed in the main thread and read in others, so that the two
 * halves share nothing but what stands in a `SourceFile`, and, of a bucket, what its objects are asked for with.
 */
export interface LogSource {
  /** Its files, always in the same order while nothing changes. */
  list(): AsyncGenerator<SourceEntries, void>;
  /** Of a bucket: for requests signed from now on. */
  access?(): Promise<BucketAccess>;
  close?(): void;
}

/** The files below a folder. @param isExcluded tells a folder that is not entered: the cache */
export function folderSource(root: string, isExcluded: (stats: Stats) => boolean): LogSource {
  return { list: () => walkFolder(logPath(root), isExcluded) };
}

/** The objects of a bucket, all of them: nothing is held back. @throws {S3LogExtractionError} */
export async function bucketSource(url: string, options: BucketOptions): Promise<LogSource> {
  const { openBucket } = await import('../src/source/bucket/open-bucket.js');
  const { listBucket } = await import('../src/source/bucket/list-bucket.js');
  const bucket = await openBucket(url, options);
  return {
    list: () => listBucket(bucket, { ...options, holdDays: 0 }),
    access: () => bucket.access(),
    close: () => bucket.close(),
  };
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
