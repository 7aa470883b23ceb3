import { S3LogExtractionError } from '../cache/error.js';
import type { BucketOptions } from '../src/source/bucket/bucket-options.js';
import { isBucketUrl, parseBucketUrl } from '../src/source/bucket/bucket-url.js';
import { EXIT_STATUS } from './exit-status.js';

/** Logs are read from folders and buckets. */
export class SourceKindError extends S3LogExtractionError {
  constructor(source: string) {
    super(
      'SOURCE_NOT_A_FOLDER',
      `Could not read logs from ${JSON.stringify(source)}: only folders and buckets (s3://) are read, no servers.`,
      { hint: 'Copy the logs to a folder and name that.' },
      EXIT_STATUS.usage.status,
    );
  }
}

/**
 * Refuse what is meant as an address, rather than look for a folder of that name.
 *
 * @throws {SourceKindError} @throws {BucketUrlError}
 */
export function requireReadableSource(source: string): void {
  if (isBucketUrl(source)) {
    parseBucketUrl(source);
    return;
  }
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return;
  throw new SourceKindError(source.replace(/\/\/.*@/s, '//'));
}

/** An option of buckets that is no such number, or stands with a folder. */
export class BucketOptionError extends S3LogExtractionError {
  constructor(what: string, hint: string) {
    super('INVALID_BUCKET_OPTION', `${what}.`, { hint }, 2);
  }
}

/** What the options of a command say of buckets, as a command gets them. */
export interface BucketValues {
  readonly endpoint?: string | undefined;
  readonly region?: string | undefined;
  readonly minAge?: number | undefined;
  readonly holdDays?: number | undefined;
  readonly maxFiles?: number | undefined;
  readonly deleteAfter?: boolean | undefined;
}

/**
 * @returns undefined when the source is a folder
 * @throws {BucketOptionError}
 */
export function bucketOptionsOf(
  source: string | undefined,
  { endpoint, region, minAge, holdDays, maxFiles, deleteAfter }: BucketValues,
): BucketOptions | undefined {
  const numbers = { 'min-age': minAge, 'hold-days': holdDays, 'max-files': maxFiles };
  const isBucket = source !== undefined && isBucketUrl(source);
  for (const [name, value] of Object.entries(numbers)) {
    const isSound = value === undefined || (value >= 0 && value <= MOST && Number.isInteger(value));
    if (!isSound) {
      throw new BucketOptionError(`--${name} is no whole number`, 'Give it as digits: 0 or more.');
    }
  }
  if (isBucket) {
    return { endpoint, region, minAgeMinutes: minAge, holdDays, maxFiles, deleteAfter };
  }
  const given = { endpoint, region, ...numbers, 'delete-after': deleteAfter || undefined };
  for (const [name, value] of Object.entries(given)) {
    if (value === undefined) continue;
    throw new BucketOptionError(
      `--${name} is for buckets, and the source is a folder`,
      FOLDER_HINT,
    );
  }
  return undefined;
}

const MOST = 1e9;

/** For what only buckets have. */
export const FOLDER_HINT = 'Leave it out, or name a bucket as s3://bucket/folder.';

export { isBucketUrl as isBucketSource } from '../src/source/bucket/bucket-url.js';
