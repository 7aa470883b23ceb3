/** Something that is not as a protocol claims. Never holds a line's content or an address. */
export interface Finding {
  /** The claim that does not hold, for programs. */
  readonly claim: string;
  /** The file concerned. */
  readonly file: string;
  /** What is wrong, for people. */
  readonly what: string;
}
