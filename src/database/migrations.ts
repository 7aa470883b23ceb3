import { S3LogExtractionError } from '../../cache/error.js';
import type { Connection } from './connection.js';
import { databaseError, NoTablesError } from './database-error.js';
import { type DatabaseSettings, describeDatabase } from './settings.js';
import { inTransaction } from './transaction.js';

/** The tables were made by a newer version of this program. */
export class NewerTablesError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, version: number) {
    super(
      'NEWER_LOG_TABLES',
      `The log tables in the schema "${settings.schema}" of ${describeDatabase(settings)} are of version ${version}; this program knows those up to ${MIGRATIONS.length}.`,
      { hint: 'Update s3logextraction on this machine; nothing was changed.' },
    );
  }
}

/**
 * What brings the tables from each version to the next, the first from nothing. Never change one that was released: add another.
 *
 * Text: `-` of the log is NULL; in what remains, a backslash is written `\\` and a byte that PostgreSQL cannot hold as text `\ooo`
 * (octal), so that `decode(column, 'escape')` gives the bytes of the log. See text-field.ts.
 */
const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE s3_log_key (
    only_one boolean PRIMARY KEY DEFAULT true CHECK (only_one),
    description jsonb NOT NULL
  );
  COMMENT ON TABLE s3_log_key IS 'How the key that seals addresses is made from a password or key file, and a check value; not the key';

  CREATE TABLE s3_log_objects (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name_hash bytea NOT NULL UNIQUE,
    name text NOT NULL,
    path text NOT NULL,
    run_id uuid NOT NULL,
    size_bytes bigint NOT NULL,
    etag text,
    modified_at timestamptz,
    content_bytes bigint,
    rows bigint,
    rejects bigint,
    first_time timestamptz,
    last_time timestamptz,
    collected_at timestamptz NOT NULL DEFAULT now(),
    deleted_at timestamptz
  ) WITH (fillfactor = 80);
  COMMENT ON TABLE s3_log_objects IS 'Log objects whose lines are in s3_access_log: a name is here if and only if they all are';
  COMMENT ON COLUMN s3_log_objects.name_hash IS 'SHA-256 of the name';
  COMMENT ON COLUMN s3_log_objects.deleted_at IS 'When it was deleted from its source after it was collected';
  CREATE INDEX s3_log_objects_deleted ON s3_log_objects (deleted_at) WHERE deleted_at IS NOT NULL;

  CREATE TABLE s3_access_log (
    time timestamptz NOT NULL,
    log_object bigint NOT NULL,
    log_offset bigint NOT NULL,
    remote_ip bytea,
    bucket_owner text,
    bucket text,
    requester text,
    request_id text,
    operation text,
    key text,
    request_uri text,
    http_status smallint,
    error_code text,
    bytes_sent bigint,
    object_size bigint,
    total_time_ms bigint,
    turn_around_time_ms bigint,
    referer text,
    user_agent text,
    version_id text,
    host_id text,
    signature_version text,
    cipher_suite text,
    authentication_type text,
    host_header text,
    tls_version text,
    access_point_arn text,
    acl_required text,
    source_region text,
    more_fields text
  ) PARTITION BY RANGE (time);
  COMMENT ON TABLE s3_access_log IS 'Lines of S3 server access logs; "-" is NULL; a partition a month (UTC)';
  COMMENT ON COLUMN s3_access_log.log_object IS 's3_log_objects.id';
  COMMENT ON COLUMN s3_access_log.log_offset IS 'Where the line begins in the (decompressed) log object';
  COMMENT ON COLUMN s3_access_log.remote_ip IS 'The address, sealed: 16 bytes, equal for equal addresses';
  CREATE INDEX s3_access_log_time ON s3_access_log USING brin (time);

  CREATE TABLE s3_access_log_rejects (
    log_object bigint NOT NULL,
    log_offset bigint NOT NULL,
    reason text NOT NULL,
    collected_at timestamptz NOT NULL DEFAULT now()
  );
  COMMENT ON TABLE s3_access_log_rejects IS 'Lines that were refused: where they are and why, never what is in them';
  CREATE INDEX s3_access_log_rejects_collected ON s3_access_log_rejects USING brin (collected_at);
  `,
];

/** Class of our advisory locks. */
export const LOCK_CLASS = 0x53_33_4c_47;
/** Within that class: migrations; months of partitions are their numbers. */
const MIGRATION_LOCK = 1;

/**
 * Bring the tables to the version of this program, making them if need be. Two that do so at once wait for each other.
 *
 * @returns the number of versions that were added
 * @throws {NewerTablesError}
 */
export async function migrate(client: Connection, settings: DatabaseSettings): Promise<number> {
  try {
    // The usual case needs no lock and no privilege to create anything.
    if ((await versionOf(client, settings)) === MIGRATIONS.length) return 0;
    return await inTransaction(client, async () => {
      await client.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, MIGRATION_LOCK]);
      const { rows } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [
        settings.schema,
      ]);
      if (rows.length === 0) await client.query(`CREATE SCHEMA ${settings.schema}`);
      await client.query(
        'CREATE TABLE IF NOT EXISTS s3_log_migrations (version integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())',
      );
      const from = (await versionOf(client, settings)) ?? 0;
      for (let version = from + 1; version <= MIGRATIONS.length; version++) {
        await client.query(MIGRATIONS[version - 1]);
        await client.query('INSERT INTO s3_log_migrations (version) VALUES ($1)', [version]);
      }
      return MIGRATIONS.length - from;
    });
  } catch (error) {
    throw databaseError(error, settings, 'make the log tables') ?? error;
  }
}

/** See to it that the tables are there, for who only reads. @throws {NoTablesError} @throws {NewerTablesError} */
export async function requireTables(client: Connection, settings: DatabaseSettings): Promise<void> {
  try {
    if ((await versionOf(client, settings)) === undefined) throw new NoTablesError(settings);
  } catch (error) {
    throw databaseError(error, settings, 'look at the log tables') ?? error;
  }
}

/** @returns undefined when there are no tables */
async function versionOf(
  client: Connection,
  settings: DatabaseSettings,
): Promise<number | undefined> {
  const { rows: found } = await client.query<{ table: string | null }>(
    'SELECT to_regclass($1) AS table',
    [`${settings.schema}.s3_log_migrations`],
  );
  if (found[0].table === null) return undefined;
  const { rows } = await client.query<{ version: number | null }>(
    'SELECT max(version) AS version FROM s3_log_migrations',
  );
  const version = rows[0].version ?? 0;
  if (version > MIGRATIONS.length) throw new NewerTablesError(settings, version);
  return version === 0 ? undefined : version;
}
