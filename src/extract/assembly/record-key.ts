/** What is kept of the key of a line, by the mode of extraction. */
import { prependBucket } from './bucket-key';
import { contentKeyLength } from './content-key';

/** As `KEY_CHOICE` in src/extract/core.ts. */
const CONTENT: u32 = 1;
const WITH_BUCKET: u32 = 2;

/** Whether keys are kept as they are; asked for each record. */
export let keepsKeys: bool = true;
/** Where the key begins that {@link recordKey} has found. */
export let recordKeyStart: usize = 0;

let choice: u32 = 0;

/** Before the first line. */
export function chooseKeys(chosen: u32): void {
  choice = chosen;
  keepsKeys = chosen !== CONTENT && chosen !== WITH_BUCKET;
}

/**
 * The key of a record where keys are not kept as they are. Overwrites what stands before the key.
 *
 * @returns its length from {@link recordKeyStart} on, 0 when the record is not kept
 */
export function recordKey(bucket: usize, bucketLength: usize, key: usize, keyLength: usize): usize {
  if (choice === CONTENT) {
    recordKeyStart = key;
    return contentKeyLength(key, keyLength);
  }
  recordKeyStart = prependBucket(bucket, bucketLength, key);
  return key - recordKeyStart + keyLength;
}
