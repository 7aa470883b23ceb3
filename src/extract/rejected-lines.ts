import { UnreadableFileError } from '../source/unreadable-file.js';
import { LF } from './bytes.js';
import { Line } from './line.js';
import { LineCutter } from './line-cutter.js';
import { parseLine } from './parse-line.js';
import { type FoundFile, readLogFile } from './read-log-file.js';
import { REASON, REASONS, type Reason } from './reasons.js';
import { CHUNK_BYTES, LONGEST_LINE, MADE_LINE_BYTES } from './record-batch.js';
import { isStructured, takeStructured } from './take-structured.js';

/** A rejected line: what stands in it never leaves memory as it is. */
export interface RejectedLine {
  /** Of its first byte in the uncompressed log file. */
  readonly offset: number;
  readonly reason: Reason;
  /** Its bytes, without a line feed; of a line that is too long, the first ones. */
  readonly bytes: Buffer;
  /** Where it, or a part of it, is a structured record: that one, parsed. */
  readonly record: unknown;
}

/** How much is read, and kept. */
export interface RejectedLimits {
  readonly mostLines: number;
  /** Of the uncompressed content; what stands behind is not read. */
  readonly mostBytes: number;
  /** Of each line. */
  readonly mostLineBytes: number;
}

/** Reads log files again, for the first of their rejected lines, judged as extraction judges them. Lines are kept nowhere. */
export class RejectedLines extends LineCutter {
  /** Content read so far, of all files. */
  bytes = 0;
  private readonly line = new Line();
  private found: RejectedLine[] = [];
  private end = 0;

  constructor(private readonly limits: RejectedLimits) {
    super(Buffer.allocUnsafeSlow(CHUNK_BYTES + LONGEST_LINE + 1));
  }

  /** The first rejected lines of a file; of one that cannot be read to its end, those before that. */
  async of(file: FoundFile): Promise<readonly RejectedLine[]> {
    this.found = [];
    this.end = this.bytes + this.limits.mostBytes;
    this.beginAt(0, Number.POSITIVE_INFINITY);
    try {
      await readLogFile(file, true, this, () => this.requireMore());
    } catch (error) {
      if (!(error instanceof EnoughError) && !(error instanceof UnreadableFileError)) throw error;
    }
    const { found } = this;
    this.found = [];
    return found;
  }

  override took(count: number): void {
    super.took(count);
    this.bytes += count;
  }

  protected takeLines(end: number, isLast: boolean, fileOffset: number): number {
    const { buffer } = this;
    buffer[end] = LF;
    let at = 0;
    while (at < end && !this.isOver) {
      const feed = buffer.indexOf(LF, at);
      if (feed === end && !isLast) break;
      this.takeLine(at, feed, fileOffset + at);
      at = feed + 1;
    }
    // What is of no interest any more makes room.
    return this.isOver ? end : Math.min(at, end);
  }

  protected takeLongLine(fileOffset: number): void {
    this.add(0, LONGEST_LINE, fileOffset, REASON.line_too_long, undefined);
  }

  private get isOver(): boolean {
    return this.found.length >= this.limits.mostLines || this.bytes >= this.end;
  }

  /** @throws when there is nothing more to be looked for */
  private requireMore(): void {
    if (this.isOver) throw new EnoughError();
  }

  private takeLine(start: number, end: number, offset: number): void {
    const { buffer, line } = this;
    if (end - start > LONGEST_LINE) {
      this.add(start, end, offset, REASON.line_too_long, undefined);
      return;
    }
    const reason = parseLine(buffer, start, end, line);
    if (reason === 0) return;
    if (!isStructured(buffer, start, end)) {
      this.add(start, end, offset, reason, undefined);
      return;
    }
    takeStructured(buffer, start, end, {
      line: (text, record) => {
        const code = this.judge(text);
        if (code !== 0) this.add(start, end, offset, code, record);
      },
      rejected: (code, record) => this.add(start, end, offset, code, record),
    });
  }

  private judge(text: string): number {
    if (text.length >= MADE_LINE_BYTES) return REASON.invalid_key;
    const made = Buffer.from(text, 'latin1');
    return parseLine(made, 0, made.length, this.line);
  }

  private add(start: number, end: number, offset: number, code: number, record: unknown): void {
    if (this.found.length >= this.limits.mostLines) return;
    const to = Math.min(end, start + this.limits.mostLineBytes);
    const bytes = Buffer.from(this.buffer.subarray(start, to));
    this.found.push({ offset, reason: REASONS[code] as Reason, bytes, record });
  }
}

/** All that was wanted is there. */
class EnoughError extends Error {}
