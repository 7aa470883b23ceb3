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

/** The system refused something to do with a file, where nothing more is known of what it was for. */
export class FileAccessError extends S3LogExtractionError {
  constructor(code: string, syscall: string, path: string | undefined, cause: unknown) {
    const what = VERBS[syscall] ?? `do "${syscall}" with`;
    super('FILE_ACCESS_FAILED', `Could not ${what} ${path ?? 'a file'}: ${code}.`, {
      cause,
      hint:
        HINTS[code] ?? 'Nothing committed is lost: run the same command again once the disk works.',
    });
  }
}

const VERBS: Readonly<Record<string, string>> = {
  open: 'open',
  read: 'read',
  write: 'write',
  scandir: 'list',
  stat: 'look at',
  lstat: 'look at',
  mkdir: 'make the folder',
  unlink: 'remove',
  rmdir: 'remove',
  rename: 'rename',
  fsync: 'sync',
  link: 'link',
};

const FULL =
  'The disk is full: free some space and run the same command again; nothing committed is lost.';
const REFUSED =
  'Check the permissions of the file and the user this runs as, then run the same command again.';
const TOO_MANY =
  'Too many files are open: raise the limit ("ulimit -n") or use fewer --workers, then run the same command again.';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: REFUSED,
  EPERM: REFUSED,
  EROFS: REFUSED,
  EMFILE: TOO_MANY,
  ENFILE: TOO_MANY,
};

/**
 * An error of the system's as one of ours: what reaches a person is never a stack.
 *
 * @returns undefined for what is no error of the system's
 */
export function fileAccessError(error: unknown): S3LogExtractionError | undefined {
  if (error instanceof S3LogExtractionError) return error;
  const { code, syscall, path } = (error ?? {}) as NodeJS.ErrnoException;
  if (typeof code !== 'string' || typeof syscall !== 'string' || !/^E[A-Z0-9]+$/.test(code)) {
    return undefined;
  }
  return new FileAccessError(code, syscall, typeof path === 'string' ? path : undefined, error);
}

/**
 * What to throw when a file of ours cannot be read: the system's refusals (too many open files, permissions, a disk that fails)
 * are no damage, and nobody should remove a file for them.
 *
 * @param damaged what to say when the file is missing, or the failure is none of the system's
 */
export function readFailure(
  path: string,
  error: unknown,
  damaged: (why: string) => S3LogExtractionError,
): S3LogExtractionError {
  if (error instanceof S3LogExtractionError) return error;
  const { code, syscall } = (error ?? {}) as NodeJS.ErrnoException;
  if (code === undefined || syscall === undefined) return damaged('it is unreadable');
  return code === 'ENOENT'
    ? damaged('it is missing')
    : new FileAccessError(code, syscall, path, error);
}
