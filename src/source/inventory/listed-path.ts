import { type LogPath, logPath } from '../log-path.js';
import { logHour } from '../log-period.js';

/** Why an object that an inventory lists is no log file to be expected. */
export type LeftOut = 'outside' | 'unsafe' | 'hidden' | 'other';

/** A log file that is to be expected below the source. */
export interface ListedLog {
  readonly path: LogPath;
  /** When it was delivered, see `logHour`. */
  readonly hour: string;
}

export type LeftOutCounts = Record<LeftOut, number>;

export function emptyLeftOut(): LeftOutCounts {
  return { outside: 0, unsafe: 0, hidden: 0, other: 0 };
}

/** The folder in the bucket that the source is a copy of: '' for the whole bucket. */
export function prefixFolder(prefix: string | undefined): LogPath {
  const folder = (prefix ?? '').replace(/^s3:\/\/[^/]*\/?/, '').replace(/\/+$/, '');
  return logPath(folder === '' ? '' : `${folder}/`);
}

/**
 * The path below the source of an object, or why it has none: it is `outside` of the folder, its key is no path that
 * stays below one (`unsafe`), a part of it begins with a dot (`hidden`, as for folders that are walked), or it has a name
 * that S3 does not give to logs (`other`).
 */
export function listedPath(key: LogPath, folder: LogPath): ListedLog | LeftOut {
  if (!key.startsWith(folder)) return 'outside';
  const path = key.slice(folder.length) as LogPath;
  if (/[\0\\]|^\/|\/\//.test(path)) return 'unsafe';
  if (/(?:^|\/)\./.test(path)) return /(?:^|\/)\.\.?(?:\/|$)/.test(path) ? 'unsafe' : 'hidden';
  const hour = logHour(path);
  return hour === undefined ? 'other' : { path, hour };
}
