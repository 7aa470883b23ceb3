import type { BucketOptions } from '../source/bucket/bucket-options.js';
import { listBucket } from '../source/bucket/list-bucket.js';
import { openBucket } from '../source/bucket/open-bucket.js';
import type { LogSource } from './log-source.js';

/**
 * Log objects of a bucket.
 *
 * @param url `s3://bucket/folder`
 * @throws {BucketUrlError} @throws {EndpointError}
 */
export async function bucketSource(url: string, options: BucketOptions): Promise<LogSource> {
  const bucket = await openBucket(url, options);
  return {
    name: bucket.url,
    access: async () => ({ kind: 'bucket', access: await bucket.access() }),
    close: () => bucket.close(),
    async *list() {
      for await (const entries of listBucket(bucket, options)) {
        yield entries.map((entry) =>
          entry.kind === 'problem' ? entry : { ...entry, kind: 'object' as const },
        );
      }
    },
    remove: ({ path, etag }) => bucket.remove(path, etag),
  };
}
