import type { Connection } from './connection.js';
import { connect, disconnect } from './connection.js';
import { databaseError, databaseErrorCode } from './database-error.js';
import { requireTables } from './migrations.js';
import { listPartitions, type Partition } from './partitions.js';
import type { DatabaseSettings } from './settings.js';
import { inTransaction } from './transaction.js';

/** Of a partition at once: some 16 MiB. */
const BATCH_BLOCKS = 2000;
const BATCH_ROWS = 20_000;
const DAY_MS = 86_400_000;
/** A partition that is in use is waited for that long, so often: those that write wait for us meanwhile. */
const LOCK_TIMEOUT = '5s';
const MOST_LOCK_ATTEMPTS = 12;

export interface CleanOptions {
  readonly settings: DatabaseSettings;
  /** Rows of so many days before today are kept, in UTC, and those of today. */
  readonly retentionDays: number;
  /** Only count. */
  readonly dryRun?: boolean | undefined;
  /** Milliseconds since 1970; the present by default. */
  readonly now?: number | undefined;
  readonly shouldStop?: () => boolean;
  readonly onProgress?: (rows: number) => void;
}

/** What was removed, or with a dry run would be. */
export interface CleanReport {
  readonly dryRun: boolean;
  /** Rows of before are removed. ISO 8601. */
  readonly before: string;
  /** Partitions removed as a whole, and their rows. */
  readonly partitions: { table: string; rows: number; bytes: number }[];
  /** Rows removed one by one. */
  rows: number;
  rejects: number;
  /** Names of log objects that we have deleted from their source so long ago, all rows of which are gone. */
  objects: number;
  stopped: boolean;
}

/**
 * Remove what is older than the retention time: partitions of whole months that are, at once; the rest row by row, some at a time. It may be
 * interrupted and run again.
 *
 * Names of log objects stay: what is still in its source must not be collected again. Only those that we have deleted there
 * ourselves, so long ago that all their rows are beyond the retention time, are forgotten.
 *
 * @throws {NoTablesError} and others that say what is wrong with the database
 */
export async function cleanLogs(options: CleanOptions): Promise<CleanReport> {
  const { settings, retentionDays, dryRun = false, now = Date.now() } = options;
  const today = Math.floor(now / DAY_MS) * DAY_MS;
  const before = new Date(today - retentionDays * DAY_MS).toISOString();
  const report: CleanReport = {
    dryRun,
    before,
    partitions: [],
    rows: 0,
    rejects: 0,
    objects: 0,
    stopped: false,
  };
  const client = await connect(settings);
  try {
    await requireTables(client, settings);
    for (const partition of await listPartitions(client)) {
      if (options.shouldStop?.()) {
        report.stopped = true;
        return report;
      }
      await cleanPartition(partition, client, options, report);
    }
    const rejects = await remove(client, 's3_access_log_rejects', 'collected_at', before, dryRun);
    report.rejects += rejects;
    report.objects += await remove(client, 's3_log_objects', 'deleted_at', before, dryRun);
    return report;
  } catch (error) {
    throw databaseError(error, settings, 'remove old rows') ?? error;
  } finally {
    await disconnect(client);
  }
}

async function cleanPartition(
  { table, from, to }: Partition,
  client: Connection,
  { dryRun = false, shouldStop, onProgress }: CleanOptions,
  report: CleanReport,
): Promise<void> {
  const before = Date.parse(report.before);
  if (from !== null && Date.parse(from) >= before) return;
  if (to !== null && Date.parse(to) <= before) {
    const removed = dryRun ? await measure(client, table) : await drop(client, table);
    report.partitions.push({ table, ...removed });
    onProgress?.(removed.rows);
    return;
  }
  if (dryRun) {
    report.rows += await remove(client, table, 'time', report.before, true);
    return;
  }
  const { rows } = await client.query<{ blocks: string }>(
    `SELECT pg_relation_size(to_regclass($1)) / current_setting('block_size')::bigint AS blocks`,
    [table],
  );
  const blocks = Number(rows[0].blocks);
  for (let block = 0; block < blocks; block += BATCH_BLOCKS) {
    if (shouldStop?.()) {
      report.stopped = true;
      return;
    }
    // A range of its blocks: so no part of the table is read twice.
    const result = await client.query(
      `DELETE FROM ${table} WHERE ctid >= $1::text::tid AND ctid < $2::text::tid AND time < $3`,
      [`(${block},0)`, `(${block + BATCH_BLOCKS},0)`, report.before],
    );
    report.rows += result.rowCount ?? 0;
    onProgress?.(result.rowCount ?? 0);
  }
}

async function measure(
  client: Connection,
  table: string,
): Promise<{ rows: number; bytes: number }> {
  const { rows } = await client.query<{ count: string; bytes: string }>(
    `SELECT (SELECT count(*) FROM ${table}) AS count, pg_total_relation_size(to_regclass($1)) AS bytes`,
    [table],
  );
  return { rows: Number(rows[0].count), bytes: Number(rows[0].bytes) };
}

/** Needs a lock that waits for all who are writing, and makes others wait: not for long, rather again. */
async function drop(client: Connection, table: string): Promise<{ rows: number; bytes: number }> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await inTransaction(client, async () => {
        await client.query(`SET LOCAL lock_timeout = '${LOCK_TIMEOUT}'`);
        await client.query(`LOCK TABLE s3_access_log, ${table} IN ACCESS EXCLUSIVE MODE`);
        // Counted here, where nobody adds any more.
        const removed = await measure(client, table);
        await client.query(`DROP TABLE ${table}`);
        return removed;
      });
    } catch (error) {
      const isBusy = ['55P03', '40P01'].includes(databaseErrorCode(error) ?? '');
      if (!isBusy || attempt === MOST_LOCK_ATTEMPTS) throw error;
    }
  }
}

/** Remove rows of before some time, or count them. */
async function remove(
  client: Connection,
  table: string,
  column: string,
  before: string,
  dryRun: boolean,
): Promise<number> {
  if (dryRun) {
    const { rows } = await client.query<{ count: string }>(
      `SELECT count(*) AS count FROM ${table} WHERE ${column} < $1`,
      [before],
    );
    return Number(rows[0].count);
  }
  for (let removed = 0; ; ) {
    const { rowCount } = await client.query(
      `DELETE FROM ${table} WHERE ctid IN (SELECT ctid FROM ${table} WHERE ${column} < $1 LIMIT ${BATCH_ROWS})`,
      [before],
    );
    removed += rowCount ?? 0;
    if ((rowCount ?? 0) < BATCH_ROWS) return removed;
  }
}
