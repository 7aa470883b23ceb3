import { LineCutter } from './line-cutter.js';
import { REASON } from './reasons.js';
import type { RecordBatch } from './record-batch.js';
import { type FileAccount, reject, scanLines } from './scan-lines.js';

/** Cuts the bytes of one log file into lines and hands these to a batch. */
export class LineFeeder extends LineCutter {
  private name = '';
  private account!: FileAccount;

  constructor(private readonly batch: RecordBatch) {
    super(batch.input);
  }

  /**
   * Begin a log file, or the part of it with the lines that begin from `start` up to `end`.
   *
   * @returns the offset to read from: one byte before `start`, to see whether a line begins there
   */
  begin(name: string, account: FileAccount, start = 0, end = Number.POSITIVE_INFINITY): number {
    this.name = name;
    this.account = account;
    this.batch.beginFile(name);
    return this.beginAt(start, end);
  }

  protected takeLines(end: number, isLast: boolean, fileOffset: number, limit: number): number {
    const { batch, name, account } = this;
    return scanLines(batch, 0, end, isLast, fileOffset, limit, name, account);
  }

  protected takeLongLine(fileOffset: number): void {
    this.account.lines++;
    reject(fileOffset, REASON.line_too_long, this.name, this.batch, this.account);
  }
}
