import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { logFileName } from '../source/log-name.js';
import { type LogPath, logPath } from '../source/log-path.js';
import { list, peerLines } from './peer-cache.js';

/** What the Python tool has noted of the log files it has read. */
export interface PeerLedger {
  /** Names, as ours. */
  readonly names: ReadonlySet<string>;
  /** Begun and not ended: some of their records may be there. */
  readonly unfinished: ReadonlySet<string>;
  /** Undefined when it has noted nothing. */
  readonly mode: 'generic' | 'dandi' | undefined;
}

/** `<extractor>_file-processing-end.txt` of folders, `<extractor>_s3-url-processing-end.txt` of buckets. */
const LEDGER_FILE = /^(.*)_(?:file|s3-url)-processing-(start|end)\.txt$/;

/**
 * Read the ledgers of all its extractors. They hold, by version, paths or keys below the root of the logs, whole paths,
 * whole `s3://` URLs, or bare names.
 *
 * @param logRoot folder or `s3://` URL of the logs, for ledgers that hold whole paths and URLs
 * @throws {PeerCacheError}
 */
export function readPeerLedger(root: string, logRoot: string | undefined): PeerLedger {
  const folder = join(root, 'records');
  const names = new Set<string>();
  const begun = new Set<string>();
  let mode: PeerLedger['mode'];
  for (const entry of existsSync(folder) ? list(folder) : []) {
    const { name: file } = entry;
    const match = LEDGER_FILE.exec(file);
    if (match === null || !entry.isFile()) continue;
    if (/dandi/i.test(match[1] as string)) mode = 'dandi';
    else mode ??= 'generic';
    const noted = match[2] === 'end' ? names : begun;
    for (const line of peerLines(join(folder, file))) noted.add(nameOf(line as LogPath, logRoot));
  }
  for (const name of names) begun.delete(name);
  return { names, unfinished: begun, mode };
}

/** Beyond the given root, a bucket is one. */
const BUCKET = /^s3:\/\/[^/]+\//;

function nameOf(path: LogPath, logRoot: string | undefined): string {
  const root = logRoot === undefined ? undefined : `${logPath(logRoot).replace(/\/+$/, '')}/`;
  const isBelow = root !== undefined && path.startsWith(root);
  const relative = isBelow ? path.slice(root.length) : path.replace(BUCKET, '');
  return logFileName(relative as LogPath);
}
