import { S3LogExtractionError } from '../cache/error.js';

/** `--every` is no number of minutes. */
export class EveryError extends S3LogExtractionError {
  constructor() {
    super(
      'INVALID_EVERY',
      '--every must be a number of minutes, more than 0 and at most 1440.',
      {},
      2,
    );
  }
}

export const EVERY_OPTION = {
  type: 'number',
  describe: 'Do it again every so many minutes, until SIGINT or SIGTERM (default: once)',
} as const;

/** @throws {EveryError} */
export function requireEvery(minutes: number | undefined): void {
  if (minutes !== undefined && !(minutes > 0 && minutes <= 1440)) throw new EveryError();
}
