import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { Session } from '../../src/database/session.js';
import { databaseSettings } from '../../src/database/settings.js';
import { type Postgres, usePostgres } from '../support/postgres.js';

let server: Postgres;
usePostgres((started) => {
  server = started;
});

async function connections(): Promise<number> {
  const [{ count }] = await server.query(
    `SELECT count(*)::int AS count FROM pg_stat_activity WHERE application_name = 's3logextraction'`,
  );
  return count;
}

/** A server notices some moments later that a client has gone. */
async function noConnections(): Promise<boolean> {
  for (let attempt = 0; attempt < 100; attempt++) {
    if ((await connections()) === 0) return true;
    await wait(50);
  }
  return false;
}

it('a session has one connection, however many use it at once, and ends it', async () => {
  const session = new Session(databaseSettings(server.env, 's3_logs'));
  const ask = () => session.run('ask', (client) => client.query('SELECT 1'));
  await Promise.all([ask(), ask(), ask()]);
  expect(await connections()).toBe(1);
  await Promise.all([session.side(), session.side()]);
  expect(await connections()).toBe(2);
  await session.close();
  // One that is left open keeps the process alive for ever.
  expect(await noConnections()).toBe(true);
});

it('all that lose a connection at once go on with one other', async () => {
  const session = new Session(databaseSettings(server.env, 's3_logs'));
  let losses = 0;
  const ask = () =>
    session.run(
      'ask',
      (client) => client.query('SELECT pg_sleep(0.2)'),
      () => losses++,
    );
  const asked = Promise.all([ask(), ask(), ask()]);
  for (;;) {
    const ended = await server.query(
      `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE application_name = 's3logextraction' AND query LIKE '%pg_sleep%'`,
    );
    if (ended.length > 0) break;
    await wait(10);
  }
  await asked;
  expect(losses).toBe(3);
  expect(await connections()).toBe(1);
  await session.close();
  expect(await noConnections()).toBe(true);
});
