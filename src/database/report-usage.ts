import { type Connection, connect, disconnect } from './connection.js';
import { databaseError } from './database-error.js';
import { requireTables } from './migrations.js';
import { checkQuotas, type Quota, type QuotaState } from './quotas.js';
import type { DatabaseSettings } from './settings.js';
import { inTransaction } from './transaction.js';
import {
  type Dimension,
  type UsageFilter,
  type UsageRow,
  type UsageSums,
  usageBy,
} from './usage.js';

export interface UsageOptions extends UsageFilter {
  readonly settings: DatabaseSettings;
  /** One table for each. */
  readonly by: readonly (readonly Dimension[])[];
  readonly quotas?: readonly Quota[] | undefined;
}

/** Usage of a period, and how much of quotas is used. */
export interface UsageReport {
  readonly from: string;
  readonly to: string;
  /** First and last day of all lines ever collected; null when there are none. */
  readonly collected: { readonly from: string; readonly to: string } | null;
  readonly total: UsageSums;
  readonly tables: readonly {
    readonly by: readonly Dimension[];
    readonly rows: readonly UsageRow[];
  }[];
  /** Of the day and the month of `to`. */
  readonly quotas: readonly QuotaState[];
}

/**
 * Sum up the rows of a period, all tables from the same state of the database.
 *
 * @throws {NoTablesError} and others that say what is wrong with the database
 */
export async function reportUsage(options: UsageOptions): Promise<UsageReport> {
  const { settings, by, quotas = [], from, to } = options;
  const client = await connect(settings);
  try {
    await requireTables(client, settings);
    return await inTransaction(client, async () => {
      await client.query('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY');
      const [total] = await usageBy(client, [], options);
      const tables: { by: readonly Dimension[]; rows: readonly UsageRow[] }[] = [];
      for (const dimensions of by) {
        tables.push({ by: dimensions, rows: await usageBy(client, dimensions, options) });
      }
      const collected = await collectedDays(client);
      return { from, to, collected, total, tables, quotas: await checkQuotas(client, quotas, to) };
    });
  } catch (error) {
    throw databaseError(error, settings, 'sum up usage') ?? error;
  } finally {
    await disconnect(client);
  }
}

async function collectedDays(client: Connection): Promise<UsageReport['collected']> {
  const { rows } = await client.query<{ from: string | null; to: string | null }>(
    `SELECT to_char(min(first_time), 'YYYY-MM-DD') AS "from", to_char(max(last_time), 'YYYY-MM-DD') AS "to" FROM s3_log_objects`,
  );
  const { from, to } = rows[0];
  return from === null || to === null ? null : { from, to };
}
