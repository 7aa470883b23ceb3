import type { Line } from '../src/extract/line.js';

/** A line as protocols see it. One object is used for all lines; valid during the call only. */
export interface ExaminedLine {
  /** The line is `buffer[start .. end]`, without its line feed; empty for one that is too long to be looked at. */
  readonly buffer: Buffer;
  readonly start: number;
  readonly end: number;
  /** Where it begins, in bytes of the uncompressed log file. */
  readonly offset: number;
  /** What `parseLine` returned: 0, or the code of a reason. */
  readonly code: number;
  /** What `parseLine` left; whole only where `code` is 0. */
  readonly line: Line;
}

/** The log file whose lines come. */
export interface ExaminedFile {
  /** Its path below the source, one character a byte; may end in a compression suffix. */
  readonly relativePath: string;
}

/** A way in which a line may refute a claim. */
export interface Reason {
  readonly name: string;
  readonly claim: string;
  /** For people, one clause without a stop. */
  readonly what: string;
}

/** Looks at the lines of one file, in their order. @param report takes the index of a reason that applies to this line */
export type Examiner = (line: ExaminedLine, report: (reason: number) => void) => void;

/**
 * Claims about the lines of log files; PROTOCOLS.md states them. What it says of a file depends on that file alone, its
 * name and its content, unless it says otherwise.
 */
export interface Protocol {
  readonly name: string;
  /** Raised whenever it may say something else of the same file: then all files are looked at again. */
  readonly version: number;
  readonly reasons: readonly Reason[];
  /** Whether it compares lines of all files; then what `begin` returns has nothing to say. */
  readonly isAcrossFiles?: boolean;
  /** @returns undefined when it can say nothing of this file */
  begin(file: ExaminedFile): Examiner | undefined;
}
