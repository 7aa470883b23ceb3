import { statSync } from 'node:fs';
import { systemErrorCode } from '../cache/error.js';
import { LF } from '../src/extract/bytes.js';
import { isCompressed } from '../src/extract/is-compressed.js';
import { LineCutter } from '../src/extract/line-cutter.js';
import { readLogFile, readLogFilePart, UnreadableFileError } from '../src/extract/read-log-file.js';
import { CHUNK_BYTES, LONGEST_LINE } from '../src/extract/record-batch.js';
import { type LogPath, pathBytes } from '../src/source/log-path.js';
import { modifiedTime } from '../src/source/modified-time.js';
import type { KeptFinding } from './kept-findings.js';
import { maskLine } from './mask-line.js';

/**
 * The lines of findings, masked. Lines are kept nowhere: they are read again, file by file.
 *
 * @param findings in their order
 * @returns nothing of files that cannot be read any more
 */
export async function linesOf(
  findings: readonly KeptFinding[],
): Promise<ReadonlyMap<KeptFinding, string>> {
  const lines = new Map<KeptFinding, string>();
  for (let from = 0; from < findings.length; ) {
    const { path } = findings[from];
    let to = from;
    while (findings[to]?.path === path) to++;
    const own = findings.slice(from, to);
    const found = await linesAt(
      path as LogPath,
      own.map(({ offset }) => offset),
    );
    for (const finding of own) {
      const line = found.get(finding.offset);
      if (line !== undefined) lines.set(finding, line);
    }
    from = to;
  }
  return lines;
}

/** The lines that begin at some places of a log file, by their offset. */
async function linesAt(
  path: LogPath,
  offsets: readonly number[],
): Promise<ReadonlyMap<number, string>> {
  const reader = new LineReader(new Set(offsets));
  try {
    const stats = statSync(pathBytes(path));
    const file = { path, sizeBytes: stats.size, modifiedMs: modifiedTime(stats) };
    if (isCompressed(file)) {
      reader.begin(0, Number.POSITIVE_INFINITY);
      await readLogFile(file, true, reader, () => reader.requireMore());
    } else {
      for (const offset of new Set(offsets)) {
        const from = reader.begin(offset, offset + 1);
        await readLogFilePart(file, from, reader, () => {});
      }
    }
  } catch (error) {
    const isExpected =
      error instanceof EnoughError ||
      error instanceof UnreadableFileError ||
      systemErrorCode(error) !== undefined;
    if (!isExpected) throw error;
  }
  return reader.found;
}

/** All that was wanted is there. */
class EnoughError extends Error {}

class LineReader extends LineCutter {
  readonly found = new Map<number, string>();

  constructor(private readonly wanted: ReadonlySet<number>) {
    super(Buffer.allocUnsafeSlow(CHUNK_BYTES + LONGEST_LINE + 1));
  }

  begin(start: number, end: number): number {
    return this.beginAt(start, end);
  }

  /** @throws when all lines are there */
  requireMore(): void {
    if (this.found.size === this.wanted.size) throw new EnoughError();
  }

  protected takeLines(end: number, isLast: boolean, fileOffset: number, limit: number): number {
    const { buffer } = this;
    buffer[end] = LF;
    let at = 0;
    while (at < end && at < limit) {
      const feed = buffer.indexOf(LF, at);
      if (feed === end && !isLast) break;
      if (this.wanted.has(fileOffset + at)) {
        this.found.set(fileOffset + at, maskLine(buffer.subarray(at, feed)));
      }
      at = feed + 1;
    }
    return Math.min(at, end);
  }

  protected takeLongLine(fileOffset: number): void {
    if (this.wanted.has(fileOffset)) {
      this.found.set(fileOffset, maskLine(this.buffer.subarray(0, LONGEST_LINE)));
    }
  }
}
