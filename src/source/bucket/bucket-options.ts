/** Which store a bucket is in, and which of its objects are read. */
export interface BucketOptions {
  /** URL of a store other than AWS; buckets are addressed by path there. Default: what the usual variables and files say. */
  readonly endpoint?: string | undefined;
  /** Default: what the usual variables and files say, else us-east-1. */
  readonly region?: string | undefined;
  /** Objects that were modified less than so many minutes ago are left for the next run. Default 0. */
  readonly minAgeMinutes?: number | undefined;
  /** Objects of so many newest days (UTC) are left for later: logs are delivered late. Default {@link HOLD_DAYS}. */
  readonly holdDays?: number | undefined;
  /** Listing ends once so many new objects are found. Default: all. */
  readonly maxFiles?: number | undefined;
  /** Whether objects are deleted once what was read of them is committed for good. */
  readonly deleteAfter?: boolean | undefined;
}

/** Today and yesterday. */
export const HOLD_DAYS = 2;
