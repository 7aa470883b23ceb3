import type { BucketOptions } from '../source/bucket/bucket-options.js';
import { listBucket } from '../source/bucket/list-bucket.js';
import { keyOf } from '../source/bucket/object-path.js';
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
    async remove({ path, etag }) {
      // Without one nobody could tell whether it is the one that was read.
      if (etag === undefined || etag === '') return { failed: 'the store names no ETag' };
      return bucket.remove(Buffer.from(keyOf(path), 'latin1').toString(), etag);
    },
  };
}
