/** What a user needs to know of a failure, besides its message. */
export interface FailureDetails {
  /** What to do next, one sentence. */
  readonly hint?: string;
  readonly cause?: unknown;
}

/**
 * A failure a user can cause or can do something about.
 *
 * Subclasses live in the file that throws them. The message says what was being done, to which
 * file, and why it failed; never an address, a key of the cache or the content of a log line.
 */
export class S3LogExtractionError extends Error {
  /** Stable, for programs: `UPPER_CASE`. */
  readonly code: string;
  readonly hint: string | undefined;
  /** The process's exit status when this error ends a command. */
  readonly exitCode: number;

  constructor(code: string, message: string, details: FailureDetails = {}, exitCode = 1) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = new.target.name;
    this.code = code;
    this.hint = details.hint;
    this.exitCode = exitCode;
  }
}

/** The system's error code (`ENOENT`, `ENOSPC`...) of anything thrown, if it has one. */
export function systemErrorCode(error: unknown): string | undefined {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : undefined;
}
