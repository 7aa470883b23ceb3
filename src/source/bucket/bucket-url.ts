import { S3LogExtractionError } from '../../../cache/error.js';

/** A bucket, or what of it lies below a folder or begins with a prefix. */
export interface BucketUrl {
  readonly bucket: string;
  /** What all keys begin with: '', a folder with a `/` at its end, or, of a URL that ends in `*`, any text. */
  readonly prefix: string;
  /** The URL in its one form; commits have it as their source. */
  readonly url: string;
}

/** A URL of a bucket that names none, or holds what does not belong there. */
export class BucketUrlError extends S3LogExtractionError {
  constructor(why: string) {
    super(
      'INVALID_BUCKET_URL',
      `Could not read the URL of a bucket: ${why}.`,
      {
        hint: 'Write it as s3://bucket/folder, or s3://bucket/beginning-of-names*; credentials come from the environment or ~/.aws, another store from --endpoint.',
      },
      2,
    );
  }
}

export function isBucketUrl(source: string): boolean {
  return /^s3:\/\//i.test(source);
}

/**
 * @param source `s3://bucket`, `s3://bucket/folder` (with or without a `/` at its end) or `s3://bucket/prefix*`
 * @throws {BucketUrlError}
 */
export function parseBucketUrl(source: string): BucketUrl {
  const [, bucket = '', rest = ''] = /^s3:\/\/([^/]*)\/?(.*)$/is.exec(source) ?? [];
  // What stands before an `@` may be a secret: it is not shown.
  if (bucket.includes('@')) throw new BucketUrlError('it holds credentials');
  if (!/^[a-z0-9A-Z][a-zA-Z0-9._-]{1,254}$/.test(bucket)) {
    throw new BucketUrlError('its bucket has a name that no bucket can have');
  }
  if (/\0/.test(rest)) throw new BucketUrlError('its prefix holds a NUL');
  const isPrefix = rest.endsWith('*');
  const trimmed = isPrefix ? rest.slice(0, -1) : rest.replace(/\/+$/, '');
  const prefix = isPrefix || trimmed === '' ? trimmed : `${trimmed}/`;
  return { bucket, prefix, url: `s3://${bucket}/${prefix}${isPrefix ? '*' : ''}` };
}

/** The folder that paths of objects are relative to: keys without it are. */
export function folderOf({ prefix }: BucketUrl): string {
  return prefix.slice(0, prefix.lastIndexOf('/') + 1);
}
