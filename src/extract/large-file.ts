import type { CommitBatch } from './commit-batch.js';
import type { NewFile } from './plan-files.js';
import { FILE_NUMBERS, type FileNumbers } from './worker-messages.js';

/** Parts are read by whichever worker is free: small enough that all are done at about the same time. */
const PART_BYTES = 32 << 20;

/** A part of a file: the lines that begin from `start` up to `end`; undefined: the whole file. */
export type PartRange = { readonly start: number; readonly end: number } | undefined;

/** A file that several workers read at once, or, when it is compressed, one worker in one go. */
export class LargeFile {
  /** Why it cannot be read. */
  failure: string | undefined;
  private next = 0;
  private open = 0;
  private readonly replies: FileNumbers[] = [];

  constructor(
    readonly file: NewFile,
    /** The commit its records join. */
    readonly batch: CommitBatch,
    /** Whether that commit is its own. */
    readonly isSolo: boolean,
    private readonly isCompressed: boolean,
  ) {}

  /** Bytes of parts that nobody has begun. */
  get bytesLeft(): number {
    return this.file.sizeBytes - this.next;
  }

  /** Whether all parts were begun, or none is wanted any more. */
  get isHandedOut(): boolean {
    return this.bytesLeft <= 0 || this.failure !== undefined;
  }

  /** Whether nobody reads in it any more, nor will. */
  get isDone(): boolean {
    return this.isHandedOut && this.open === 0;
  }

  nextPart(): PartRange {
    const start = this.next;
    const { sizeBytes } = this.file;
    this.next = this.isCompressed ? sizeBytes : Math.min(start + PART_BYTES, sizeBytes);
    this.open++;
    if (this.isCompressed) return undefined;
    // The last part's lines have no upper bound: the file ends them.
    return { start, end: this.next === sizeBytes ? Number.POSITIVE_INFINITY : this.next };
  }

  took(reply: FileNumbers): void {
    this.open--;
    this.replies.push(reply);
    for (const [, reason] of reply.failures) this.failure ??= reason;
  }

  /** What the parts come to. */
  sum(): FileNumbers {
    const numbers = new Float64Array(FILE_NUMBERS.length);
    const reasons = new Float64Array(this.replies[0].reasons.length);
    const notes = new Float64Array(this.replies[0].notes.length);
    for (const reply of this.replies) {
      for (let i = 0; i < numbers.length; i++) numbers[i] += reply.numbers[i];
      for (let i = 0; i < reasons.length; i++) reasons[i] += reply.reasons[i];
      for (let i = 0; i < notes.length; i++) notes[i] += reply.notes[i];
    }
    return { numbers, failures: [], large: [], reasons, notes };
  }
}
