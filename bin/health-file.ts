import { lstatSync, realpathSync } from 'node:fs';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { PUBLISHED, writeFileAtomic } from '../cache/atomic-write.js';
import { S3LogExtractionError } from '../cache/error.js';
import { readGivenFile } from '../cache/given-file.js';
import { isObject } from '../cache/sealed-json.js';

/** What a service does: `waiting`: another process writes to the cache. */
export type ServiceState =
  | 'starting'
  | 'idle'
  | 'waiting'
  | 'extracting'
  | 'publishing'
  | 'stopped';

/** What the health file says (WATCH.md). Counts are of this process. */
export interface Health {
  state: ServiceState;
  round: number;
  readonly counts: {
    extracted: number;
    archived: number;
    repeated: number;
    failed: number;
    emptied: number;
    linesKept: number;
    linesRejected: number;
  };
  /** Of the last look at the spool. */
  readonly spool: { waiting: number; leftAlone: number; left: number; unreadable: number };
  /** When something last came into the cache. */
  lastExtraction: string | null;
  /** The last failure of a round; null once a round has gone well. */
  lastError: { readonly time: string; readonly code: string; readonly message: string } | null;
}

/** The heartbeat's file would take the place of something else, or be taken for a log. */
export class HealthFileError extends S3LogExtractionError {
  constructor(path: string, code: string, why: string, hint: string) {
    super(code, `Could not keep the health file ${path} there: ${why}.`, { hint }, 2);
  }
}

const BEAT_MS = 10_000;
/** Of a health file; what is larger is none. */
const MOST_BYTES = 1 << 20;

/** A heartbeat: a file that says every 10 seconds, and whenever something changes, how a service is. */
export class HealthFile {
  readonly health: Health = {
    state: 'starting',
    round: 0,
    counts: {
      extracted: 0,
      archived: 0,
      repeated: 0,
      failed: 0,
      emptied: 0,
      linesKept: 0,
      linesRejected: 0,
    },
    spool: { waiting: 0, leftAlone: 0, left: 0, unreadable: 0 },
    lastExtraction: null,
    lastError: null,
  };
  private readonly timer: NodeJS.Timeout | undefined;
  private readonly startedAt = new Date().toISOString();

  /**
   * @param path undefined: none is kept
   * @param warn tells that it cannot be written, which ends nothing
   */
  constructor(
    private readonly path: string | undefined,
    private readonly warn: (message: string) => void,
  ) {
    if (path === undefined) return;
    this.timer = setInterval(() => this.write(), BEAT_MS);
    this.timer.unref();
    this.write();
  }

  enter(state: ServiceState): void {
    this.health.state = state;
    this.write();
  }

  /** Write it now, whole or not at all. */
  write(): void {
    if (this.path === undefined) return;
    const { startedAt, health } = this;
    const text = JSON.stringify(
      { version: 1, time: new Date().toISOString(), pid: process.pid, startedAt, ...health },
      null,
      2,
    );
    try {
      writeFileAtomic(this.path, `${text}\n`, PUBLISHED);
    } catch (error) {
      this.warn((error as Error).message);
    }
  }

  close(): void {
    clearInterval(this.timer);
    this.enter('stopped');
  }
}

/**
 * The health file is replaced every 10 seconds: what stands at its place must be one, or nothing.
 *
 * @throws {HealthFileError}
 */
export function requireHealthPlace(path: string, spool: string, cache: string): void {
  const real = join(realFolder(dirname(resolve(path))), basename(path));
  if (isBelow(real, realFolder(spool))) {
    const why = 'it would be taken for a log';
    throw new HealthFileError(path, 'HEALTH_IN_SPOOL', why, 'Name a file outside of the spool.');
  }
  if (isBelow(real, realFolder(cache))) {
    const why = 'it is in the cache';
    throw new HealthFileError(path, 'HEALTH_IN_CACHE', why, 'Name a file outside of the cache.');
  }
  const stats = lstatSync(real, { throwIfNoEntry: false });
  if (stats === undefined || (stats.isFile() && (stats.size === 0 || isHealth(real)))) return;
  const why = stats.isFile()
    ? 'it is a file of something else'
    : 'what is there is no regular file';
  const hint = 'Name a file of its own: it is replaced every 10 seconds.';
  throw new HealthFileError(path, 'HEALTH_FILE_TAKEN', why, hint);
}

function isHealth(path: string): boolean {
  try {
    const value: unknown = JSON.parse(readGivenFile(path, MOST_BYTES).toString('utf8'));
    return isObject(value) && value.version === 1 && isObject(value.counts);
  } catch {
    return false;
  }
}

function realFolder(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    // Not there yet.
    return resolve(path);
  }
}

function isBelow(path: string, folder: string): boolean {
  const from = relative(folder, path);
  return from !== '..' && !from.startsWith(`..${sep}`) && !isAbsolute(from);
}
