import { lstatSync } from 'node:fs';
import { PUBLISHED, writeFileAtomic } from '../cache/atomic-write.js';
import { S3LogExtractionError } from '../cache/error.js';
import { readGivenFile } from '../cache/given-file.js';
import { isBelow, realFilePlace, realPlace } from '../cache/real-place.js';
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

/** The heartbeat's file would be taken for a log, or stand among the files of the cache. */
export class HealthFileError extends S3LogExtractionError {
  constructor(path: string, where: 'spool' | 'cache') {
    const why = where === 'spool' ? 'it would be taken for a log' : 'it is in the cache';
    super(
      'HEALTH_MISPLACED',
      `Could not keep the health file ${path} there: ${why}.`,
      { hint: `Name a file outside of the ${where}.` },
      2,
    );
  }
}

/** The heartbeat's file would take the place of something else. */
export class HealthFileTakenError extends S3LogExtractionError {
  constructor(path: string, why: string) {
    super(
      'HEALTH_FILE_TAKEN',
      `Could not keep the health file ${path} there: ${why}.`,
      { hint: 'Name a file of its own: it is replaced every 10 seconds.' },
      2,
    );
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
 * What stands at the place of the health file must be one, or nothing: it is replaced every 10 seconds.
 *
 * @throws {HealthFileError} @throws {HealthFileTakenError}
 */
export function requireHealthPlace(path: string, spool: string, cache: string): void {
  const real = realFilePlace(path);
  if (isBelow(real, realPlace(spool))) throw new HealthFileError(path, 'spool');
  if (isBelow(real, realPlace(cache))) throw new HealthFileError(path, 'cache');
  const stats = lstatSync(real, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isFile()) throw new HealthFileTakenError(path, 'what is there is no regular file');
  if (stats.size > 0 && !isHealth(real)) {
    throw new HealthFileTakenError(path, 'it is a file of something else');
  }
}

function isHealth(path: string): boolean {
  try {
    const value: unknown = JSON.parse(readGivenFile(path, MOST_BYTES).toString('utf8'));
    return isObject(value) && value.version === 1 && isObject(value.counts);
  } catch {
    return false;
  }
}
