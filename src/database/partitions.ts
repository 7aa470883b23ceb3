import type { Connection } from './connection.js';
import { LOCK_CLASS } from './migrations.js';
import { inTransaction } from './transaction.js';

/** Months since the year 0: year * 12 + month, January 0. */
export type Month = number;

/**
 * S3 is from 2006, and nothing of this program will be left in 2100: what says to be of before or after shares one partition each, so that
 * no log makes more than a known number of tables.
 */
export const FIRST_MONTH: Month = 2006 * 12;
export const END_MONTH: Month = 2100 * 12;
/** Stand for all months before and after. */
const BEFORE: Month = FIRST_MONTH - 1;
const AFTER: Month = END_MONTH;

/** Longer than that nobody waits for the lock on a table, lest two wait for each other by way of us. */
const LOCK_TIMEOUT = '10s';

const TABLE = 's3_access_log';

/** A partition of `s3_access_log`. */
export interface Partition {
  readonly table: string;
  /** Beginning and end, the latter not included; null where it has none. ISO 8601. */
  readonly from: string | null;
  readonly to: string | null;
}

/** The month whose partition takes a time. @param seconds since 1970, UTC */
export function monthOf(seconds: number): Month {
  const date = new Date(seconds * 1000);
  const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
  return month < FIRST_MONTH ? BEFORE : Math.min(month, AFTER);
}

/** What the partition of a month is called, and what it takes. */
export function partitionOf(month: Month): Partition {
  if (month === BEFORE) return { table: `${TABLE}_before`, from: null, to: startOf(FIRST_MONTH) };
  if (month === AFTER) return { table: `${TABLE}_after`, from: startOf(END_MONTH), to: null };
  const [year, number] = startOf(month).split('-');
  return { table: `${TABLE}_${year}_${number}`, from: startOf(month), to: startOf(month + 1) };
}

/** 2024-03-01T00:00:00Z */
function startOf(month: Month): string {
  const year = String(Math.floor(month / 12)).padStart(4, '0');
  return `${year}-${String((month % 12) + 1).padStart(2, '0')}-01T00:00:00Z`;
}

/**
 * See to it that the partition of a month is there. Attaching takes a lock that stands beside those of readers and of COPY; two that
 * make one at once wait for each other. Must not be called on a connection with a transaction of its own.
 */
export async function ensurePartition(client: Connection, month: Month): Promise<void> {
  const { table, from, to } = partitionOf(month);
  if (await isAttached(client, table)) return;
  await inTransaction(client, async () => {
    await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [LOCK_CLASS, month]);
    if (await isAttached(client, table)) return;
    await client.query(
      `CREATE TABLE ${table} (LIKE ${TABLE} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)`,
    );
    const bounds = `FROM (${bound(from, 'MINVALUE')}) TO (${bound(to, 'MAXVALUE')})`;
    await client.query(`ALTER TABLE ${TABLE} ATTACH PARTITION ${table} FOR VALUES ${bounds}`);
  });
}

function bound(time: string | null, otherwise: string): string {
  return time === null ? otherwise : `'${time}'`;
}

async function isAttached(client: Connection, table: string): Promise<boolean> {
  const { rows } = await client.query(
    `SELECT 1 FROM pg_inherits WHERE inhparent = to_regclass('${TABLE}') AND inhrelid = to_regclass($1)`,
    [table],
  );
  return rows.length > 0;
}

/** The partitions there are, oldest first. */
export async function listPartitions(client: Connection): Promise<Partition[]> {
  const { rows } = await client.query<{ table: string }>(
    `SELECT c.relname AS table FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass('${TABLE}')`,
  );
  return rows
    .flatMap(({ table }) => {
      const month = monthOfTable(table);
      return month === undefined ? [] : [{ month, partition: partitionOf(month) }];
    })
    .sort((one, other) => one.month - other.month)
    .map(({ partition }) => partition);
}

function monthOfTable(table: string): Month | undefined {
  if (table === `${TABLE}_before`) return BEFORE;
  if (table === `${TABLE}_after`) return AFTER;
  const [, year, month] = /^s3_access_log_(\d{4})_(\d{2})$/.exec(table) ?? [];
  return year === undefined ? undefined : Number(year) * 12 + Number(month) - 1;
}
