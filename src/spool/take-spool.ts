import { statSync } from 'node:fs';
import { systemErrorCode } from '../../cache/error.js';
import type { WritableCache } from '../../cache/open-cache.js';
import { extractLogs } from '../extract/extract-logs.js';
import type { ExtractOptions } from '../extract/extract-options.js';
import { NO_LOG } from '../extract/no-log.js';
import type { ExtractionReport } from '../extract/report.js';
import { displayPath, pathBytes } from '../source/log-path.js';
import type { SourceEntries, SourceFile } from '../source/walk-folder.js';
import type { Excerpts, ExcerptTally } from './excerpts.js';
import { isUnchanged, type SpoolFile } from './move-file.js';
import { MoveQueue } from './move-queue.js';
import { emptyTally, type ScanOptions, type ScanTally, scanSpool } from './scan-spool.js';
import { requireSpoolFolders, type Spool } from './spool.js';
import {
  FAILURES,
  type FailureCode,
  hasPlaceInArchive,
  putIntoArchive,
  putIntoFailed,
} from './spool-folders.js';

/** What one round did. */
export interface RoundReport {
  /** Files that came into the cache. */
  readonly extracted: number;
  readonly lines: ExtractionReport['lines'];
  /** Stored bytes of the files extracted. */
  readonly bytes: number;
  /** Files moved into `archive/`: those extracted, and those that the cache knew. */
  archived: number;
  /** Removed, because the very same bytes stand where they were to go. */
  repeated: number;
  /** Moved into `failed/`, by code. */
  readonly failed: Partial<Record<FailureCode, number>>;
  /** Left for the next round: they changed, or could not be read or moved just now. */
  left: number;
  /** What the scan found besides. */
  readonly scan: Omit<ScanTally, 'folders' | 'nextInMs'>;
  /** Where they were asked for. */
  readonly excerpts?: ExcerptTally;
  readonly elapsedMs: number;
  /** Whether it was asked to stop before it was through. */
  readonly stopped: boolean;
}

/** What a round needs, besides the cache and the spool. */
export interface RoundOptions
  extends Pick<ExtractOptions, 'workers' | 'threads' | 'skippedAddresses' | 'mode' | 'pipeline'>,
    Omit<ScanOptions, 'cacheRoot'> {
  readonly shouldStop: () => boolean;
  /** Counted up by the scan of the round. */
  readonly tally?: ScanTally;
  /** Keeps excerpts of rejected lines; undefined: none are kept. */
  readonly excerpts?: Excerpts | undefined;
}

/** Entries that go to the plan together. */
const BATCH = 256;

/** A look at a spool: what the scan found, and whether anything has settled. */
export interface SpoolLook {
  readonly isDue: boolean;
  readonly tally: ScanTally;
}

/**
 * Look whether a spool has anything to take: the scan ends at the first file that has.
 *
 * @throws {CacheWriteError}
 */
export async function lookAtSpool(spool: Spool, options: ScanOptions): Promise<SpoolLook> {
  const tally = emptyTally();
  for await (const _ of scanSpool(spool.paths, options, tally)) return { isDue: true, tally };
  return { isDue: false, tally };
}

/**
 * Extract all that has settled in a spool, in one run, and move each file: into `archive/` once it is in a commit, into `failed/` when it
 * never can be. The commit comes first, always; a file that is in a commit and was not moved is known by the next round, which moves it.
 *
 * @throws what {@link extractLogs} throws; what was committed until then is moved by the next round at the latest
 */
export async function takeSpool(
  cache: WritableCache,
  spool: Spool,
  options: RoundOptions,
): Promise<RoundReport> {
  const startedAt = performance.now();
  requireSpoolFolders(spool.paths);
  const { workers, threads, skippedAddresses, mode, pipeline, shouldStop, excerpts } = options;
  excerpts?.beginRound();
  const round = new Round(cache, spool, options);
  let extraction: ExtractionReport;
  try {
    extraction = await extractLogs(cache, {
      source: spool.paths.archive,
      given: round,
      workers,
      threads,
      skippedAddresses,
      mode,
      pipeline,
      shouldStop,
      onWarning: options.onWarning,
      onNote: options.onNote,
    });
  } finally {
    await round.queue.settled();
  }
  const { lines, bytes, stopped, files } = extraction;
  const { folders: _, nextInMs: __, ...scan } = round.tally;
  const elapsedMs = Math.round(performance.now() - startedAt);
  const kept = excerpts === undefined ? {} : { excerpts: excerpts.tally };
  return {
    extracted: files.extracted,
    lines,
    bytes,
    ...round.moved,
    scan,
    ...kept,
    elapsedMs,
    stopped,
  };
}

/** What becomes of the files of one round. */
class Round {
  readonly queue = new MoveQueue();
  readonly tally: ScanTally;
  readonly moved = {
    archived: 0,
    repeated: 0,
    failed: {} as Partial<Record<FailureCode, number>>,
    left: 0,
  };

  constructor(
    private readonly cache: WritableCache,
    private readonly spool: Spool,
    private readonly options: RoundOptions,
  ) {
    this.tally = options.tally ?? emptyTally();
  }

  async *entries(): AsyncGenerator<SourceEntries, void> {
    const options = { ...this.options, cacheRoot: this.cache.paths.root };
    let batch: SourceFile[] = [];
    for await (const file of scanSpool(this.spool.paths, options, this.tally)) {
      if (!(await this.hasPlace(file))) continue;
      batch.push(file);
      if (batch.length < BATCH) continue;
      yield batch;
      batch = [];
      await this.queue.keepUp();
    }
    yield batch;
  }

  committed(file: SpoolFile, rejected: number): void {
    this.archive(file, rejected);
  }

  known(file: SpoolFile): void {
    this.archive(file);
  }

  changed(file: SpoolFile, reason: string): void {
    this.fail(file, 'CHANGED', reason);
  }

  failed(file: SpoolFile, reason: string): void {
    if (reason.startsWith(NO_LOG)) this.fail(file, 'NOT_A_LOG', reason);
    else if (reason === 'EACCES' || reason === 'EPERM') this.fail(file, 'NO_PERMISSION');
    else if (/^E[A-Z0-9]+$/.test(reason) || !this.isAsItWas(file)) this.leave(file, reason);
    else this.fail(file, 'UNREADABLE', reason);
  }

  /** One whose name is taken is not extracted: what is in the cache must be in the archive, under the name it is known by. */
  private async hasPlace(file: SpoolFile): Promise<boolean> {
    try {
      if (await hasPlaceInArchive(this.spool.paths, file)) return true;
      this.fail(file, 'NAME_TAKEN');
    } catch (error) {
      if (systemErrorCode(error) === 'EACCES') this.fail(file, 'NO_PERMISSION');
      else this.leave(file, reasonOf(error));
    }
    return false;
  }

  /** @param rejected lines of it, where it has just been read */
  private archive(file: SpoolFile, rejected = 0): void {
    this.queue.add(() =>
      this.try(file, async () => {
        if (rejected > 0) await this.options.excerpts?.keepOf(file, rejected);
        this.spool.lock.assertHeld();
        requireSpoolFolders(this.spool.paths);
        const put = await putIntoArchive(this.spool.paths, file);
        if (put.kind === 'moved') this.moved.archived++;
        else if (put.kind === 'repeated') this.repeated(file);
        else this.leave(file, REASONS[put.kind]);
      }),
    );
  }

  private fail(file: SpoolFile, code: FailureCode, reason: string = FAILURES[code]): void {
    this.queue.add(() =>
      this.try(file, async () => {
        const isReadable = code !== 'NO_PERMISSION';
        const excerpts = isReadable ? await this.options.excerpts?.of(file) : undefined;
        this.spool.lock.assertHeld();
        requireSpoolFolders(this.spool.paths);
        const put = await putIntoFailed(this.spool.paths, file, { code, reason, excerpts });
        if (put.kind === 'repeated') this.repeated(file);
        else if (put.kind !== 'moved') this.leave(file, REASONS[put.kind]);
        else {
          this.moved.failed[code] = (this.moved.failed[code] ?? 0) + 1;
          const { onWarning } = this.options;
          onWarning(`Moved ${displayPath(file.path)} to ${displayPath(put.place)}: ${reason}.`);
        }
      }),
    );
  }

  private repeated(file: SpoolFile): void {
    this.moved.repeated++;
    this.options.onNote(
      `Removed ${displayPath(file.path)}: the very same file had been taken before.`,
    );
  }

  private leave(file: SpoolFile, reason: string): void {
    this.moved.left++;
    const { onWarning } = this.options;
    onWarning(`Left ${displayPath(file.path)} for the next round: ${reason}.`);
  }

  private async try(file: SpoolFile, move: () => Promise<void>): Promise<void> {
    try {
      await move();
    } catch (error) {
      this.leave(file, reasonOf(error));
    }
  }

  private isAsItWas(file: SpoolFile): boolean {
    return isUnchanged(file, statSync(pathBytes(file.path), { throwIfNoEntry: false }));
  }
}

const REASONS = {
  gone: 'it is not there any more',
  changed: 'it has changed since it was read',
  replaced: 'another file came in its place',
} as const;

function reasonOf(error: unknown): string {
  return systemErrorCode(error) ?? (error instanceof Error ? error.message : 'unknown error');
}
