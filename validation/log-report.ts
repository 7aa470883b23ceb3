import type { LogFinding } from './finding.js';
import type { Tally, Verdict } from './line-examiner.js';
import type { Protocol } from './protocol.js';

/** What a run over log files came to. */
export interface LogReport {
  readonly files: {
    /** Found in the source, up to the limit. */
    found: number;
    /** Read in this run. */
    read: number;
    /** Not read: all protocols have said before what they have to say, and the file has not changed. */
    known: number;
    /** Unreadable; a warning told of each. */
    failed: number;
  };
  /** The first unreadable files, 1,000 at most, and why each is; a warning told of all. */
  readonly unreadable: readonly { readonly file: string; readonly reason: string }[];
  /** Lines, and bytes of content, of all files that something is said of. */
  lines: number;
  bytes: number;
  readonly protocols: readonly ProtocolReport[];
  /** The first findings, by file and offset; counts are of all. */
  readonly findings: readonly LogFinding[];
  /** Whether the run was asked to stop before its end. */
  stopped: boolean;
  elapsedMs: number;
}

/** What one protocol came to. */
export interface ProtocolReport {
  readonly protocol: string;
  readonly version: number;
  /** Findings, of which `reasons` are the parts. */
  readonly findings: number;
  /** Files that it can say something of, and those that it cannot. */
  readonly files: { readonly judged: number; readonly unjudged: number };
  readonly reasons: readonly ReasonReport[];
}

/** Lines that refute a claim in one way. A line may do so in several. */
export interface ReasonReport {
  readonly reason: string;
  readonly claim: string;
  readonly what: string;
  readonly lines: number;
  /** Those of the lines that extraction keeps. */
  readonly records: number;
  /** The bytes sent that these tell of, as digits: they may be more than 2^53. */
  readonly bytes: string;
}

/** Adds up what a protocol says of files. */
export class ProtocolSums {
  readonly #sums = new Map<number, { lines: number; records: number; bytes: bigint }>();
  #judged = 0;
  #unjudged = 0;

  constructor(readonly protocol: Protocol) {}

  add({ isJudged, tallies }: Pick<Verdict, 'isJudged' | 'tallies'>): void {
    if (isJudged) this.#judged++;
    else this.#unjudged++;
    for (const tally of tallies) this.addTally(tally);
  }

  addTally({ reason, lines, records, bytes }: Tally): void {
    if (lines === 0) return;
    const sum = this.#sums.get(reason) ?? { lines: 0, records: 0, bytes: 0n };
    sum.lines += lines;
    sum.records += records;
    sum.bytes += BigInt(bytes);
    this.#sums.set(reason, sum);
  }

  report(): ProtocolReport {
    const { name, version, reasons } = this.protocol;
    const found = [...this.#sums]
      .sort(([one], [other]) => one - other)
      .map(([reason, { lines, records, bytes }]) => {
        const { name: reasonName, claim, what } = reasons[reason];
        return { reason: reasonName, claim, what, lines, records, bytes: String(bytes) };
      });
    return {
      protocol: name,
      version,
      findings: found.reduce((sum, { lines }) => sum + lines, 0),
      files: { judged: this.#judged, unjudged: this.#unjudged },
      reasons: found,
    };
  }
}
