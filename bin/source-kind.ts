import { S3LogExtractionError } from '../cache/error.js';
import { EXIT_STATUS } from './exit-status.js';

/** Logs are read from folders. */
export class SourceKindError extends S3LogExtractionError {
  constructor(source: string) {
    super(
      'SOURCE_NOT_A_FOLDER',
      `Could not read logs from ${JSON.stringify(source)}: only folders are read, no buckets or servers.`,
      { hint: 'Copy the logs to a folder, or mount the bucket, and name the folder.' },
      EXIT_STATUS.usage.status,
    );
  }
}

/** Refuse what is meant as an address, rather than look for a folder of that name. @throws {SourceKindError} */
export function requireFolderSource(source: string): void {
  if (!/^[a-z][a-z0-9+.-]+:\/\//i.test(source)) return;
  throw new SourceKindError(source.replace(/\/\/.*@/s, '//'));
}
