import { type LogPath, logPath } from '../log-path.js';

/** What an object is shown and found by: `s3://bucket/key`. */
export function objectPath(bucket: string, key: string): LogPath {
  return logPath(`s3://${bucket}/${key}`);
}

/** The key of an object, in the bytes of its UTF-8, from {@link objectPath}. */
export function keyOf(path: LogPath): LogPath {
  return path.slice(path.indexOf('/', 5) + 1) as LogPath;
}
