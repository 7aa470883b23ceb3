import type { BulkSealer } from '../../cache/seal-many.js';
import { LF } from '../extract/bytes.js';
import { Line } from '../extract/line.js';
import { LineCutter } from '../extract/line-cutter.js';
import { parseLine } from '../extract/parse-line.js';
import { UnreadableFileError } from '../extract/read-log-file.js';
import { REASON } from '../extract/reasons.js';
import { CHUNK_BYTES, LONGEST_LINE } from '../extract/record-batch.js';
import { RowEncoder, type RowSums } from './row-encoder.js';

/** Of some 1 MiB each. */
const MOST_PIECES = 256;

/** What lines of a log object come to. */
export interface ObjectRows extends RowSums {
  rejects: number;
}

/** Lines that were refused, as columns. */
export class RejectList {
  readonly objects: bigint[] = [];
  readonly offsets: number[] = [];
  readonly reasons: number[] = [];

  add(object: bigint, offset: number, reason: number): void {
    this.objects.push(object);
    this.offsets.push(offset);
    this.reasons.push(reason);
  }

  clear(): void {
    this.objects.length = 0;
    this.offsets.length = 0;
    this.reasons.length = 0;
  }
}

/** Cuts the bytes of log objects into lines and each line into a row: all of them, whatever their operation. */
export class LineRows extends LineCutter {
  readonly encoder: RowEncoder;
  readonly rejects = new RejectList();
  private readonly line = new Line();
  private object = 0n;
  private sums!: ObjectRows;

  constructor(sealer: BulkSealer) {
    const encoder = new RowEncoder(sealer, CHUNK_BYTES + LONGEST_LINE + 64);
    super(encoder.input);
    this.encoder = encoder;
  }

  /** Begin a log object. @param sums are added to */
  begin(object: bigint, sums: ObjectRows): void {
    this.object = object;
    this.sums = sums;
    this.encoder.begin(object);
    this.beginAt(0, Number.POSITIVE_INFINITY);
  }

  protected takeLines(end: number, isLast: boolean, fileOffset: number): number {
    const { buffer, encoder, line, sums } = this;
    for (let at = 0; ; ) {
      at = encoder.addUsual(at, end, isLast, fileOffset, sums);
      // Who waits after each piece never gets here: compressed data may give very much at once.
      if (encoder.pieces.length > MOST_PIECES) {
        throw new UnreadableFileError('more content comes out of it at once than can be held');
      }
      if (at === end) return end;
      let feed = buffer.indexOf(LF, at);
      if (feed < 0 || feed >= end) {
        if (!isLast) return at;
        feed = end;
      }
      const reason =
        feed - at > LONGEST_LINE ? REASON.line_too_long : parseLine(buffer, at, feed, line);
      if (reason === 0) {
        encoder.add(at, feed, line, fileOffset + at);
        sums.rows++;
        if (line.timeSeconds < sums.firstTime) sums.firstTime = line.timeSeconds;
        if (line.timeSeconds > sums.lastTime) sums.lastTime = line.timeSeconds;
      } else {
        this.reject(fileOffset + at, reason);
      }
      at = feed + 1;
    }
  }

  protected takeLongLine(fileOffset: number): void {
    this.reject(fileOffset, REASON.line_too_long);
  }

  private reject(offset: number, reason: number): void {
    this.sums.rejects++;
    this.rejects.add(this.object, offset, reason);
  }
}
