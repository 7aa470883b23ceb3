import { S3LogExtractionError, systemErrorCode } from '../../cache/error.js';
import { type DatabaseSettings, describeDatabase } from './settings.js';

/** Nothing answers there. */
export class DatabaseUnreachableError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, code: string) {
    super('DATABASE_UNREACHABLE', `Could not connect to ${describeDatabase(settings)}: ${code}.`, {
      hint: 'Check PGHOST and PGPORT (or POSTGRES_HOST and POSTGRES_PORT) and that the server runs and lets this machine in; what is committed is safe, and the same command goes on from there.',
    });
  }
}

/** The server does not take us for who we say we are. */
export class DatabaseLoginError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, code: string) {
    super(
      'DATABASE_LOGIN_FAILED',
      `Could not log in to ${describeDatabase(settings)}: user or password is not accepted (${code}).`,
      {
        hint: 'Check PGUSER and PGPASSWORD (or POSTGRES_QUOTA_USER and POSTGRES_QUOTA_PASSWORD), and pg_hba.conf on the server.',
      },
    );
  }
}

/** The server has no such database. */
export class DatabaseMissingError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings) {
    super('DATABASE_MISSING', `There is no ${describeDatabase(settings).replace(/^the /, '')}.`, {
      hint: `Create it ("CREATE DATABASE") or name another one in PGDATABASE.`,
    });
  }
}

/** The user may not do what is needed. */
export class DatabasePrivilegeError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, doing: string) {
    super(
      'DATABASE_PRIVILEGE_MISSING',
      `Could not ${doing} in ${describeDatabase(settings)}: the user may not do that.`,
      {
        hint: `Have the owner of the database run: CREATE SCHEMA IF NOT EXISTS ${settings.schema} AUTHORIZATION "${settings.user}"; for "usage" alone, USAGE on the schema and SELECT on its tables will do.`,
      },
    );
  }
}

/** The disk of the server is full. */
export class DatabaseFullError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, doing: string) {
    super(
      'DATABASE_DISK_FULL',
      `Could not ${doing} in ${describeDatabase(settings)}: the disk of the server is full.`,
      {
        hint: 'Free space there, or run "s3logextraction database clean --retention-days N"; what is committed is safe, and the same command goes on from there.',
      },
    );
  }
}

/** The connection broke, again and again. */
export class DatabaseLostError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, doing: string, code: string) {
    super(
      'DATABASE_CONNECTION_LOST',
      `Lost the connection to ${describeDatabase(settings)} when it was to ${doing} (${code}).`,
      {
        hint: 'Nothing is there twice and nothing half: once the server is back, the same command goes on from the last commit.',
      },
    );
  }
}

/** Others hold what is needed for too long. */
export class DatabaseBusyError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, doing: string) {
    super(
      'DATABASE_BUSY',
      `Could not ${doing} in ${describeDatabase(settings)}: others have held its tables for too long.`,
      { hint: 'Run the same command again when they have ended (pg_stat_activity shows them).' },
    );
  }
}

/** The server refused something that should work. */
export class DatabaseFailedError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, doing: string, code: string) {
    super(
      'DATABASE_FAILED',
      `Could not ${doing} in ${describeDatabase(settings)}: the server answered with SQLSTATE ${code}.`,
      {
        hint: 'The log of the server says more. What is committed is safe; the same command goes on from there.',
      },
    );
  }
}

/** What answers is no PostgreSQL, or not one that `pg` can talk to. */
export class ForeignServerError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings) {
    super(
      'DATABASE_FOREIGN',
      `Could not connect to ${describeDatabase(settings)}: what answers there does not speak as PostgreSQL does.`,
      {
        hint: 'Check PGHOST and PGPORT (or POSTGRES_HOST and POSTGRES_PORT); through a proxy, check what it passes on.',
      },
    );
  }
}

/** No encrypted connection, or none to whom it should be. */
export class DatabaseTlsError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, code: string) {
    super(
      'DATABASE_TLS_FAILED',
      `Could not connect to ${describeDatabase(settings)} as PGSSLMODE says: ${code}.`,
      {
        hint: 'See that the server has "ssl = on" and a certificate for its name that Node knows (NODE_EXTRA_CA_CERTS names more); "require" asks for no certificate.',
      },
    );
  }
}

/**
 * What `pg` throws without a code that we know while it connects. Its words may quote what the server said.
 *
 * @returns one of our errors
 */
export function foreignAnswer(error: unknown, settings: DatabaseSettings): S3LogExtractionError {
  const message = String((error as Error | null)?.message ?? '');
  const isWithout = settings.password === undefined && /password/i.test(message);
  if (isWithout) return new DatabaseLoginError(settings, 'it asks for one, and none is given');
  const { code } = Object(error) as { readonly code?: unknown };
  const told = typeof code === 'string' && /^[A-Z_]{1,60}$/.test(code) ? code : undefined;
  if (settings.tls !== 'off' && (told !== undefined || /SSL/.test(message))) {
    return new DatabaseTlsError(settings, told ?? 'the server speaks no TLS');
  }
  return new ForeignServerError(settings);
}

/** Our tables are not there. */
export class NoTablesError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings) {
    super(
      'NO_LOG_TABLES',
      `There are no log tables in the schema "${settings.schema}" of ${describeDatabase(settings)}.`,
      {
        hint: 'Run "s3logextraction database collect SOURCE" first, or name another schema with --schema.',
      },
    );
  }
}

const REFUSED_LOGIN = new Set(['28P01', '28000']);
const LOCKED = new Set(['55P03', '40P01', '40001']);

/** SQLSTATE or system code of anything that `pg` throws; undefined when it is none of its errors. */
export function databaseErrorCode(error: unknown): string | undefined {
  const code = systemErrorCode(error);
  if (code !== undefined) return code;
  const message = String((error as Error | null)?.message ?? '');
  return /^(?:Connection terminated|timeout expired|Query read timeout|Client (?:has encountered|was closed)|Client network)/.test(
    message,
  )
    ? 'connection lost'
    : undefined;
}

/** Whether the connection is gone, or the server is going or not yet there: to be tried again. */
export function isConnectionLoss(error: unknown): boolean {
  const code = databaseErrorCode(error);
  if (code === undefined) return false;
  if (code === 'connection lost' || code === 'ERR_STREAM_PREMATURE_CLOSE') return true;
  return (
    /^(?:ECONN\w+|EPIPE|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOENT|ENOTFOUND|EAI_AGAIN|ERR_STREAM\w+)$/.test(
      code,
    ) || /^(?:08...|57P0[1-5]|53300)$/.test(code)
  );
}

/** Whether the same transaction may well work when it is begun anew: locks, or a partition that has been dropped. */
export function isContention(error: unknown): boolean {
  const code = databaseErrorCode(error);
  return code !== undefined && (LOCKED.has(code) || code === '23514');
}

/**
 * An error of the server or the connection as one of ours. What the server says in words may quote rows, so of that only the
 * code is told.
 *
 * @param doing an infinitive: what was to be done
 * @returns undefined for what is no error of the database
 */
export function databaseError(
  error: unknown,
  settings: DatabaseSettings,
  doing: string,
): S3LogExtractionError | undefined {
  if (error instanceof S3LogExtractionError) return error;
  const code = databaseErrorCode(error);
  if (code === undefined) return undefined;
  if (REFUSED_LOGIN.has(code)) return new DatabaseLoginError(settings, code);
  if (code === '3D000') return new DatabaseMissingError(settings);
  if (code === '42501') return new DatabasePrivilegeError(settings, doing);
  if (code === '53100') return new DatabaseFullError(settings, doing);
  if (code === '42P01' || code === '3F000') return new NoTablesError(settings);
  if (isConnectionLoss(error)) return new DatabaseLostError(settings, doing, code);
  if (LOCKED.has(code)) return new DatabaseBusyError(settings, doing);
  return /^[0-9A-Z]{5}$/.test(code) ? new DatabaseFailedError(settings, doing, code) : undefined;
}
