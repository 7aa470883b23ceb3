import { S3LogExtractionError } from '../../cache/error.js';

/** How PostgreSQL is reached. Printed or written as JSON it shows no password. */
export interface DatabaseSettings {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  /** Undefined: that of a `.pgpass`, or none. */
  readonly password: string | undefined;
  readonly tls: 'off' | 'unverified' | 'verified';
  /** The PostgreSQL schema that holds all our tables. */
  readonly schema: string;
}

/** A variable or an option says something that cannot be. */
export class DatabaseSettingError extends S3LogExtractionError {
  constructor(name: string, expected: string) {
    super(
      'INVALID_DATABASE_SETTING',
      `${name} must be ${expected}.`,
      { hint: 'Correct it and run the same command again; nothing was done.' },
      2,
    );
  }
}

/** Where our tables are unless `--schema` says otherwise. */
export const DEFAULT_SCHEMA = 's3_logs';

/**
 * Connection settings from the environment: the usual `PG*` variables, else `POSTGRES_HOST`, `POSTGRES_PORT`,
 * `POSTGRES_QUOTA_USER` and `POSTGRES_QUOTA_PASSWORD`.
 *
 * @throws {DatabaseSettingError}
 */
export function databaseSettings(
  env: NodeJS.ProcessEnv,
  schema: string = DEFAULT_SCHEMA,
): DatabaseSettings {
  // Also what keeps it from being anything but a name in SQL.
  if (!/^[a-z_][a-z0-9_]{0,47}$/.test(schema) || schema.startsWith('pg_')) {
    throw new DatabaseSettingError(
      '--schema',
      'a name of lower-case letters, digits and "_", at most 48, that does not begin with "pg_"',
    );
  }
  const user =
    firstOf(env.PGUSER, env.POSTGRES_QUOTA_USER) ?? firstOf(env.USER, env.LOGNAME) ?? 'postgres';
  // A URL may hold a password, and messages name what was connected to.
  for (const name of ['PGHOST', 'POSTGRES_HOST', 'PGDATABASE', 'PGUSER', 'POSTGRES_QUOTA_USER']) {
    if (/:\/\/|password\s*=/i.test(env[name] ?? '')) {
      throw new DatabaseSettingError(name, 'a name, no URL and no connection string');
    }
  }
  return {
    host: firstOf(env.PGHOST, env.POSTGRES_HOST) ?? 'localhost',
    port: portOf(firstOf(env.PGPORT, env.POSTGRES_PORT)),
    user,
    database: firstOf(env.PGDATABASE) ?? user,
    password: firstOf(env.PGPASSWORD, env.POSTGRES_QUOTA_PASSWORD),
    tls: tlsOf(firstOf(env.PGSSLMODE)),
    schema,
  };
}

/** For messages: where it is, and as whom; never the password. */
export function describeDatabase({ host, port, user, database }: DatabaseSettings): string {
  return `the database "${database}" at ${host}:${port} as "${user}"`;
}

function firstOf(...values: readonly (string | undefined)[]): string | undefined {
  return values.find((value) => value !== undefined && value !== '');
}

function portOf(text: string | undefined): number {
  const port = Number(text ?? 5432);
  if (Number.isInteger(port) && port >= 1 && port <= 65_535) return port;
  throw new DatabaseSettingError('PGPORT (or POSTGRES_PORT)', 'a port, 1 to 65535');
}

/** As libpq understands `require`: encrypted, to whomever. `prefer` and `allow` would fall back to plain text. */
function tlsOf(mode: string | undefined): DatabaseSettings['tls'] {
  switch (mode) {
    case undefined:
    case 'disable':
    case 'allow':
    case 'prefer':
      return 'off';
    case 'require':
      return 'unverified';
    case 'verify-ca':
    case 'verify-full':
      return 'verified';
    default:
      throw new DatabaseSettingError(
        'PGSSLMODE',
        'disable, allow, prefer, require, verify-ca or verify-full',
      );
  }
}
