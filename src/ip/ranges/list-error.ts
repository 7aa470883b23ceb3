import { S3LogExtractionError } from '../../../cache/error.js';

/**
 * A list of ranges cannot be used. The message is only the reason, as a clause without a full stop,
 * and holds nothing of what the list says: the list may be hostile.
 */
export class UnusableListError extends S3LogExtractionError {
  constructor(reason: string, cause?: unknown) {
    super('RANGES_UNUSABLE', reason, cause === undefined ? {} : { cause });
  }
}
