/** Something that is not as a protocol claims. Never holds a line's content or an address. */
export interface Finding {
  /** The claim that does not hold, for programs. */
  readonly claim: string;
  /** The file concerned. */
  readonly file: string;
  /** What is wrong, for people. */
  readonly what: string;
}

/** A line of a log file that refutes a claim. */
export interface LogFinding extends Finding {
  readonly protocol: string;
  /** In which way, for programs: one of those of the protocol. */
  readonly reason: string;
  /** Where the line begins, in bytes of the uncompressed log file. */
  readonly offset: number;
  /** Of a line that stands twice: where it stands first. */
  readonly first?: { readonly file: string; readonly offset: number };
  /** The line, its address and whatever else looks like one masked; only where it was asked for. */
  readonly line?: string;
}
