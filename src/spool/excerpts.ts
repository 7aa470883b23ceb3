import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import type { Reason } from '../extract/reasons.js';
import { type RejectedLine, RejectedLines } from '../extract/rejected-lines.js';
import { MOST_EXCERPT_BYTES, maskExcerpt, maskRecord } from '../mask/mask-excerpt.js';
import { displayPath, type LogPath, logPath, pathBytes } from '../source/log-path.js';
import type { ExcerptStore } from './excerpt-store.js';
import type { SpoolFile } from './move-file.js';
import { writeOwnText } from './own-text.js';
import type { SpoolPaths } from './spool-paths.js';
import { textName } from './text-name.js';

/**
 * A rejected line, masked: `text` where it is small, else `url`. `text` is null where it is withheld, because it may hold an address all the
 * same, or could not be kept.
 */
export interface Excerpt {
  readonly offset: number;
  readonly reason: Reason;
  readonly text?: string | null;
  /** Of the store; or a path below the spool. */
  readonly url?: string;
  readonly withheld?: true;
}

/** What a round kept: lines in all, and of these the texts that went to the store, or stay in the spool beside, and what was withheld. */
export interface ExcerptTally {
  lines: number;
  sent: number;
  local: number;
  withheld: number;
}

const MOST_LINES = 10;
/** Content of a file that is looked through, and of all files of a round. */
const FILE_BYTES = 16 << 20;
const ROUND_BYTES = 256 << 20;
/** Excerpts of a round may take so long; files that come later have none. */
const ROUND_MS = 30_000;
/** Larger texts go to the store. */
const SMALL_BYTES = 256;

/** Excerpts of the rejected lines of files in a spool. They are no more than a help: what fails here is warned of, and ends nothing. */
export class Excerpts {
  tally: ExcerptTally = emptyTally();
  private readonly lines = new RejectedLines({
    mostLines: MOST_LINES,
    mostBytes: FILE_BYTES,
    // One more byte tells that there is more.
    mostLineBytes: MOST_EXCERPT_BYTES + 1,
  });
  private spentMs = 0;

  constructor(
    private readonly paths: SpoolPaths,
    private readonly store: ExcerptStore,
    private readonly onWarning: (message: string) => void,
  ) {}

  beginRound(): void {
    this.tally = emptyTally();
    this.lines.bytes = 0;
    this.spentMs = 0;
    this.store.beginRound();
  }

  /** Of a file that is still in the spool. @returns undefined when they cannot be had */
  async of(file: SpoolFile): Promise<readonly Excerpt[] | undefined> {
    if (this.lines.bytes >= ROUND_BYTES || this.spentMs >= ROUND_MS) {
      this.onWarning('So much was rejected that only the first files of the round have excerpts.');
      return undefined;
    }
    const startedAt = performance.now();
    try {
      const path = this.pathInSpool(file);
      if (path === undefined) {
        this.onWarning(`No excerpts of ${displayPath(file.path)}: it leads out of the spool.`);
        return undefined;
      }
      const excerpts: Excerpt[] = [];
      for (const line of await this.lines.of({ ...file, path })) {
        excerpts.push(await this.excerptOf(line));
        // Masking long lines takes time: signals are heard between them.
        await nextTurn();
      }
      return excerpts;
    } catch (error) {
      this.onWarning(`No excerpts of ${displayPath(file.path)}: ${codeOf(error)}.`);
      return undefined;
    } finally {
      this.spentMs += performance.now() - startedAt;
    }
  }

  /** Keep those of a log, which has no other place for them: `archive/` is what the cache holds. */
  async keepOf(file: SpoolFile, linesRejected: number): Promise<void> {
    const excerpts = await this.of(file);
    if (excerpts === undefined) return;
    const text = JSON.stringify(
      {
        version: 1,
        file: displayPath(file.relativePath),
        linesRejected,
        extractedAt: new Date().toISOString(),
        excerpts,
      },
      null,
      2,
    );
    try {
      const name = `${textName(file.relativePath)}.json`;
      writeOwnText(this.paths, join(this.paths.rejected, name), `${text}\n`);
    } catch (error) {
      this.onWarning(`No excerpts of ${displayPath(file.path)}: ${codeOf(error)}.`);
    }
  }

  /**
   * Whoever delivers may deliver links, to whatever the user of the service may read: its key, for one. Links of git-annex lead to its
   * objects, below the spool.
   *
   * @returns undefined for what is elsewhere
   */
  private pathInSpool({ path }: SpoolFile): LogPath | undefined {
    const real = realpathSync(pathBytes(path), 'buffer').toString('latin1') as LogPath;
    return real.startsWith(`${logPath(realpathSync(this.paths.root))}/`) ? real : undefined;
  }

  private async excerptOf({ offset, reason, bytes, record }: RejectedLine): Promise<Excerpt> {
    const { tally } = this;
    tally.lines++;
    const text = record === undefined ? maskExcerpt(bytes) : maskRecord(record);
    if (text === undefined) {
      tally.withheld++;
      return { offset, reason, text: null, withheld: true };
    }
    if (Buffer.byteLength(text) <= SMALL_BYTES) return { offset, reason, text };
    try {
      const { url, isSent } = await this.store.put(text);
      if (isSent) tally.sent++;
      else tally.local++;
      return { offset, reason, url };
    } catch (error) {
      this.onWarning(`Could not keep an excerpt of a rejected line: ${codeOf(error)}.`);
      return { offset, reason, text: null };
    }
  }
}

function emptyTally(): ExcerptTally {
  return { lines: 0, sent: 0, local: 0, withheld: 0 };
}

/** Messages of others may quote what stands in a line. */
function codeOf(error: unknown): string {
  return error instanceof S3LogExtractionError
    ? error.code
    : (systemErrorCode(error) ?? 'an unexpected failure');
}
