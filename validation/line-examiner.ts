import type { LineHashes } from '../cache/validation/line-hashes.js';
import { LF } from '../src/extract/bytes.js';
import { KIND, Line } from '../src/extract/line.js';
import { LineCutter } from '../src/extract/line-cutter.js';
import { parseLine } from '../src/extract/parse-line.js';
import { REASON } from '../src/extract/reasons.js';
import { CHUNK_BYTES, LONGEST_LINE } from '../src/extract/record-batch.js';
import type { ExaminedFile, Examiner, Protocol } from './protocol.js';

/** How many lines of a file refute a claim in one way, and what they weigh. */
export interface Tally {
  /** Index of the reason. */
  readonly reason: number;
  lines: number;
  /** Those of the lines that extraction keeps, and the bytes sent that they tell of, as digits. */
  records: number;
  bytes: string;
}

/** What one protocol says of one file. */
export interface Verdict {
  /** Whether it looked at the file: `late`, for one, needs a time in its name. */
  readonly isJudged: boolean;
  /** By index of the reason. */
  readonly tallies: readonly Tally[];
  /** Offset of the line and index of the reason, of the first lines found. */
  readonly first: readonly (readonly [offset: number, reason: number])[];
}

/** What is counted of a reason while a file is read. */
interface Count {
  lines: number;
  records: number;
  bytes: bigint;
}

/** Has every line of a file parsed once, and looked at by all protocols. */
export class LineExaminer extends LineCutter {
  lines = 0;
  readonly #seen = {
    buffer: this.buffer,
    start: 0,
    end: 0,
    offset: 0,
    code: 0,
    line: new Line(),
  };
  #courts: Court[] = [];
  #hashes: LineHashes | undefined;
  #number = 0;

  constructor() {
    super(Buffer.allocUnsafeSlow(CHUNK_BYTES + LONGEST_LINE + 1));
  }

  /**
   * @param most findings of each protocol that are told one by one
   * @param hashes takes all lines of the file, where lines are to be compared
   * @param number of the file, for these
   */
  begin(
    file: ExaminedFile,
    protocols: readonly Protocol[],
    most: number,
    hashes?: LineHashes | undefined,
    number = 0,
  ): void {
    this.lines = 0;
    this.#hashes = hashes;
    this.#number = number;
    this.#courts = protocols.map((protocol) => new Court(protocol.begin(file), most));
    this.beginAt(0, Number.POSITIVE_INFINITY);
  }

  /** In the order of the protocols. */
  verdicts(): Verdict[] {
    return this.#courts.map((court) => court.verdict());
  }

  protected takeLines(end: number, isLast: boolean, fileOffset: number): number {
    const { buffer } = this;
    // What stands behind is of an earlier file; the last line may end here.
    buffer[end] = LF;
    let at = 0;
    while (at < end) {
      const feed = buffer.indexOf(LF, at);
      if (feed === end && !isLast) break;
      const code =
        feed - at > LONGEST_LINE
          ? REASON.line_too_long
          : parseLine(buffer, at, feed, this.#seen.line);
      this.#take(at, feed, fileOffset + at, code);
      at = feed + 1;
    }
    return Math.min(at, end);
  }

  protected takeLongLine(fileOffset: number): void {
    this.#take(0, 0, fileOffset, REASON.line_too_long);
  }

  #take(start: number, end: number, offset: number, code: number): void {
    this.lines++;
    const seen = this.#seen;
    seen.start = start;
    seen.end = end;
    seen.offset = offset;
    seen.code = code;
    for (const court of this.#courts) court.hear(seen);
    // Of a line that is too long there is nothing to compare.
    if (this.#hashes !== undefined && end > start) this.#putAside(this.#hashes);
  }

  #putAside(hashes: LineHashes): void {
    const { start, end, offset, code, line } = this.#seen;
    const isRecord = code === 0 && line.kind !== KIND.skipped;
    hashes.add(this.buffer.subarray(start, end), {
      file: this.#number,
      offset,
      isRecord,
      bytesLow: isRecord ? line.bytesSentLow : 0,
      bytesHigh: isRecord ? line.bytesSentHigh : 0,
    });
  }
}

/** One protocol and what it has said of the file so far. */
class Court {
  readonly #counts = new Map<number, Count>();
  readonly #first: [number, number][] = [];
  #seen!: Parameters<Examiner>[0];

  constructor(
    readonly examiner: Examiner | undefined,
    readonly most: number,
  ) {}

  hear(seen: Parameters<Examiner>[0]): void {
    this.#seen = seen;
    this.examiner?.(seen, this.#report);
  }

  readonly #report = (reason: number): void => {
    const { code, line, offset } = this.#seen;
    let count = this.#counts.get(reason);
    if (count === undefined) {
      count = { lines: 0, records: 0, bytes: 0n };
      this.#counts.set(reason, count);
    }
    count.lines++;
    if (code === 0 && line.kind !== KIND.skipped) {
      count.records++;
      count.bytes += (BigInt(line.bytesSentHigh) << 32n) + BigInt(line.bytesSentLow);
    }
    if (this.#first.length < this.most) this.#first.push([offset, reason]);
  };

  verdict(): Verdict {
    const tallies = [...this.#counts]
      .sort(([one], [other]) => one - other)
      .map(([reason, { lines, records, bytes }]) => ({
        reason,
        lines,
        records,
        bytes: String(bytes),
      }));
    return { isJudged: this.examiner !== undefined, tallies, first: this.#first };
  }
}
