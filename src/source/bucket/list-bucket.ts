import { logPath } from '../log-path.js';
import type { SourceFile, SourceProblem } from '../walk-folder.js';
import type { BucketOptions } from './bucket-options.js';
import { folderOf } from './bucket-url.js';
import { holdRule } from './hold.js';
import { objectPath } from './object-path.js';
import type { Bucket } from './open-bucket.js';

/** What listing shows besides objects, and how it is ended early. */
export class BucketListing {
  /** Objects left for a later run: too new. */
  held = 0;
  /** Whether enough was found: no further page is asked for. */
  isEnough = false;
}

/**
 * The objects of a bucket that may be log files, in the order of their keys, page by page, as `walkFolder` has files: none
 * that is hidden (a part of its key begins with a dot), stands for a folder, or is held back.
 *
 * @throws {S3LogExtractionError}
 */
export async function* listBucket(
  bucket: Bucket,
  options: BucketOptions,
  listing = new BucketListing(),
): AsyncGenerator<(SourceFile | SourceProblem)[], void> {
  const isHeld = holdRule(options, Date.now());
  const folder = folderOf(bucket);
  for await (const page of bucket.pages()) {
    const entries: (SourceFile | SourceProblem)[] = [];
    for (const { key, sizeBytes, modifiedMs, etag } of page) {
      const relative = key.slice(folder.length);
      // A store may answer with anything.
      if (!key.startsWith(bucket.prefix) || relative === '' || key.endsWith('/')) continue;
      if (/(?:^|\/)\./.test(relative)) continue;
      const path = objectPath(bucket.bucket, key);
      if (key.includes('\0')) {
        entries.push({ kind: 'problem', path, isLoss: true, reason: 'its key holds a NUL' });
      } else if (isHeld(key, modifiedMs)) {
        listing.held++;
      } else {
        const relativePath = logPath(relative);
        entries.push({ kind: 'file', path, relativePath, sizeBytes, modifiedMs, etag });
      }
    }
    yield entries;
    if (listing.isEnough) return;
  }
}
