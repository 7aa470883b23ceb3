import { S3LogExtractionError } from './error.js';

/**
 * The engine (DuckDB) could not do something.
 *
 * Its own messages can quote values, that is keys and addresses: only those of kinds that speak
 * of files and limits are passed on, and never as a `cause`.
 */
export class EngineError extends S3LogExtractionError {
  constructor(what: string, error: unknown) {
    const message = error instanceof Error ? error.message : String(error);
    const kind = /^([A-Za-z ]{1,40}) Error: /.exec(message)?.[1] ?? 'Engine';
    const firstLine = message.split('\n', 1)[0] as string;
    const why = SPEAKS_OF_FILES.has(kind) || NAMES_A_FILE.test(firstLine) ? firstLine : kind;
    super('ENGINE_FAILED', `Could not ${what}: ${why}.`, { hint: hintFor(kind, firstLine) });
  }
}

const SPEAKS_OF_FILES = new Set([
  'IO',
  'Out of Memory',
  'Permission',
  'Binder',
  'Parser',
  'Catalog',
]);
const NAMES_A_FILE = /^Invalid Input Error: (No magic bytes|File '|Failed to read|Footer)/;

function hintFor(kind: string, message: string): string {
  if (kind === 'Out of Memory') {
    return 'Give it more memory or fewer threads, or free space on the disk that holds the cache.';
  }
  if (/no space left|disk full/i.test(message)) {
    return 'The disk that holds the cache is full: free some space and run the same command again.';
  }
  return 'Nothing committed is lost. If it happens again, run `validate cache` to find a damaged file.';
}
