import { S3LogExtractionError } from '../../cache/error.js';

const USAGE = 2;

/** SQL that is not run at all. */
export class QueryRefusedError extends S3LogExtractionError {
  constructor(why: string, hint: string) {
    super('SQL_REFUSED', `This SQL is not run: ${why}.`, { hint }, USAGE);
  }
}

/** SQL that DuckDB does not understand, or that failed while it ran. */
export class QueryFailedError extends S3LogExtractionError {
  constructor(why: string, hint: string) {
    super('SQL_FAILED', `The query failed: ${why}`, { hint });
  }
}

/** The query was ended by {@link Query.interrupt}. */
export class QueryInterruptedError extends S3LogExtractionError {
  constructor() {
    super('QUERY_INTERRUPTED', 'The query was interrupted.');
  }
}
