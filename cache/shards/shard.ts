/** A part of the log files: those whose names fall to it (`shard-of.ts`). */
export interface Shard {
  /** From 1 to {@link count}. */
  readonly index: number;
  readonly count: number;
}

/** More than any cluster has machines; names of folders stay short. */
export const MOST_SHARDS = 65_536;
