import { statSync } from 'node:fs';
import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';

/** The folder to extract is not there. */
export class SourceNotFoundError extends S3LogExtractionError {
  constructor(source: string, cause: unknown) {
    super(
      'SOURCE_UNREADABLE',
      `Could not read the logs in ${source}: ${systemErrorCode(cause) ?? 'unknown error'}.`,
      { cause, hint: 'Check the path and that the user this runs as may read it.' },
    );
  }
}

/**
 * See to it that there is something to extract from, before anything is made for it.
 *
 * @throws {SourceNotFoundError}
 */
export function requireSource(source: string): void {
  try {
    statSync(source);
  } catch (error) {
    throw new SourceNotFoundError(source, error);
  }
}
