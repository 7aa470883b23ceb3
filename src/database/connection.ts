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
    keepAlive: true,
  });
  // A connection that breaks while nothing is asked tells so here; the next query fails, which is soon enough.
  client.on('error', () => undefined);
  try {
    await client.connect();
    await prepare(client, settings);
    return client;
  } catch (error) {
    await disconnect(client);
    if (isConnectionLoss(error)) {
      throw new DatabaseUnreachableError(settings, databaseErrorCode(error) ?? 'no answer');
    }
    throw databaseError(error, settings, 'connect') ?? foreignAnswer(error, settings);
  }
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
