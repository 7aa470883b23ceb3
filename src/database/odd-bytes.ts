import { isAscii } from 'node:buffer';

/** Looked at as a whole: most hold nothing but ASCII, and that is told much faster than byte by byte. */
const BLOCK_BYTES = 1 << 14;
const BACKSLASH = 0x5c;

/** Finds bytes that cannot be written into a text just as they are: NUL, backslashes, and all that are not ASCII. */
export class OddBytes {
  private nul = -1;
  private backslash = -1;
  private other = -1;

  /** @param end only what stands before is looked at */
  constructor(
    private readonly bytes: Buffer,
    private readonly end: number,
  ) {}

  /** Whether there is none in a range. To be asked for one range after the other. */
  isPlain(start: number, end: number): boolean {
    if (this.nul < start) this.nul = this.find(0, start);
    if (this.backslash < start) this.backslash = this.find(BACKSLASH, start);
    if (this.other < start) this.other = this.findOther(start);
    return this.nul >= end && this.backslash >= end && this.other >= end;
  }

  private find(byte: number, start: number): number {
    const at = this.bytes.indexOf(byte, start);
    return at < 0 || at > this.end ? this.end : at;
  }

  private findOther(start: number): number {
    const { bytes, end } = this;
    for (let at = start; at < end; at += BLOCK_BYTES) {
      const to = Math.min(end, at + BLOCK_BYTES);
      if (isAscii(bytes.subarray(at, to))) continue;
      for (let i = at; i < to; i++) if (bytes[i] > 0x7f) return i;
    }
    return end;
  }
}
