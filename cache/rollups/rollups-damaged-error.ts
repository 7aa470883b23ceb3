import { S3LogExtractionError } from '../error.js';

/** A file of sums is not what was written: rollups are derived, so they are made anew. */
export class RollupsDamagedError extends S3LogExtractionError {
  constructor(path: string, why: string, cause?: unknown) {
    super('ROLLUPS_DAMAGED', `The file of sums ${path} is damaged: ${why}.`, {
      cause,
      hint: 'Run the same command again: rollups are made anew from the records.',
    });
  }
}
