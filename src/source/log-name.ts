import { type LogPath, storedPath } from './log-path.js';

/** Not part of a log file's name. */
export const COMPRESSION_SUFFIX = /\.(?:gz|zst)$/;

/** `[prefix]YYYY-MM-DD-hh-mm-ss-` and 16 (AWS) or 32 (OVHcloud) upper-case hexadecimal digits. */
const UNIQUE_NAME = /\d{4}-\d{2}-\d{2}-\d{2}-\d{2}-\d{2}-(?:[0-9A-F]{16}|[0-9A-F]{32})$/;

/** Whether a name, without a compression suffix, is unique by itself: S3 gives it once. */
export function isUniqueLogName(name: string): boolean {
  return UNIQUE_NAME.test(name);
}

/**
 * What a log file is known by (cache/FORMAT.md section 7): its base name when that is unique by
 * itself, as S3 names its logs; else its path below the source. A compression suffix is not part of it.
 *
 * @param path relative to the root of the source
 */
export function logFileName(path: LogPath): string {
  const plain = path.replace(COMPRESSION_SUFFIX, '') as LogPath;
  const base = plain.slice(plain.lastIndexOf('/') + 1) as LogPath;
  return storedPath(UNIQUE_NAME.test(base) ? base : plain);
}
