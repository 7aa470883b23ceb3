import type { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import pg from 'pg';
import { S3LogExtractionError } from '../../cache/error.js';
import {
  DatabaseUnreachableError,
  databaseError,
  databaseErrorCode,
  foreignAnswer,
  isConnectionLoss,
} from './database-error.js';
import { type DatabaseSettings, describeDatabase } from './settings.js';

export type Connection = pg.Client;

const CONNECT_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 60_000;
/** A server that does not hang up, too, is not waited for. */
const GOODBYE_MS = 5_000;

/** The server keeps text in an encoding that cannot hold what clients write into logs. */
export class DatabaseEncodingError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings, encoding: string) {
    super(
      'DATABASE_ENCODING',
      `The encoding of ${describeDatabase(settings)} is ${encoding}, and UTF8 is needed.`,
      {
        hint: `Create one with "CREATE DATABASE ... ENCODING 'UTF8' TEMPLATE template0" and name it in PGDATABASE.`,
      },
    );
  }
}

/** The server wants the password as it is, over a connection that others may read. */
export class PlainPasswordError extends S3LogExtractionError {
  constructor(settings: DatabaseSettings) {
    super(
      'DATABASE_PLAIN_PASSWORD',
      `Could not log in to ${describeDatabase(settings)}: it asks for the password in the clear, over a connection that is not encrypted.`,
      {
        hint: 'Nothing was sent. Set PGSSLMODE to verify-full (or require), or have pg_hba.conf say scram-sha-256.',
      },
    );
  }
}

/**
 * Connect and see to what everything else relies on: UTF-8, UTC, and commits that are on disk when they are told to be.
 *
 * @throws {DatabaseUnreachableError} and others that say what is wrong
 */
export async function connect(settings: DatabaseSettings): Promise<Connection> {
  const { host, port, user, database, password, tls } = settings;
  const client = new pg.Client({
    host,
    port,
    user,
    database,
    ...(password === undefined ? {} : { password }),
    ssl: tls === 'off' ? false : { rejectUnauthorized: tls === 'verified' },
    application_name: 's3logextraction',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    // A machine that is gone is found out within minutes, also while it is to answer a long question.
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_MS,
  });
  refusePlainPassword(client, settings);
  // A connection that breaks while nothing is asked tells so here; the next query fails, which is soon enough.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await prepare(client, settings);
    return client;
  } catch (error) {
    await disconnect(client);
    if (error instanceof PlainPasswordError) throw error;
    if (isConnectionLoss(error)) {
      throw new DatabaseUnreachableError(settings, databaseErrorCode(error) ?? 'no answer');
    }
    throw databaseError(error, settings, 'connect') ?? foreignAnswer(error, settings);
  }
}

/** A server that asks for the password itself gets it over an encrypted connection or a socket of this machine, and else nothing. */
function refusePlainPassword(client: Connection, settings: DatabaseSettings): void {
  if (settings.tls !== 'off' || settings.host.startsWith('/')) return;
  const { connection } = client as unknown as { readonly connection: EventEmitter };
  // Asked for before the client's own listener, which is added when it connects, asks for it.
  connection.on('authenticationCleartextPassword', () => {
    const asked = client as unknown as { password: () => Promise<never> };
    asked.password = () => Promise.reject(new PlainPasswordError(settings));
  });
}

/** End a connection in whatever state it is. */
export async function disconnect(client: Connection): Promise<void> {
  const { stream } = (client as unknown as { readonly connection: { readonly stream: Socket } })
    .connection;
  const late = setTimeout(() => stream.destroy(), GOODBYE_MS);
  await client.end().catch(() => undefined);
  clearTimeout(late);
}

async function prepare(client: Connection, settings: DatabaseSettings): Promise<void> {
  // Whatever else is asked may wait for others; this, and what is set below, may not.
  const question: pg.QueryConfig & { readonly query_timeout: number } = {
    text: `SELECT current_setting('server_encoding') AS encoding, current_setting('synchronous_commit') AS commit`,
    query_timeout: CONNECT_TIMEOUT_MS,
  };
  const { rows } = await client.query<{ encoding: string; commit: string }>(question);
  const { encoding } = rows[0];
  if (encoding !== 'UTF8') {
    throw new DatabaseEncodingError(settings, /^\w{1,40}$/.test(encoding) ? encoding : 'unknown');
  }
  // Log objects are deleted once a commit is told: a server told to be careless may still lose it.
  const careful = rows[0].commit === 'off' ? 'SET synchronous_commit = on;' : '';
  const settingsOfSession: typeof question = {
    text: `${careful} SET client_encoding = 'UTF8'; SET TIME ZONE 'UTC'; SET search_path = ${settings.schema}; SET idle_in_transaction_session_timeout = 0`,
    query_timeout: CONNECT_TIMEOUT_MS,
  };
  await client.query(settingsOfSession);
}
