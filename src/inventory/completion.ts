import { readLedgerNames } from '../../cache/ledger/ledger-segment.js';
import { Ledger } from '../../cache/ledger.js';
import type { CachePaths } from '../../cache/paths.js';
import type { InventoryAccount } from '../source/inventory/inventory-object.js';
import {
  emptyLeftOut,
  type LeftOutCounts,
  listedPath,
  prefixFolder,
} from '../source/inventory/listed-path.js';
import type { Inventory } from '../source/inventory/open-inventory.js';
import { readInventory } from '../source/inventory/read-inventory.js';
import { logFileName } from '../source/log-name.js';
import { logHour, type Period, periodOf } from '../source/log-period.js';

/** Log files that are in the inventory, in the cache, or in one of them only. */
export interface CompletionCounts {
  listed: number;
  /** Of these. */
  extracted: number;
  missing: number;
  /** Extracted, and not in the inventory (any more, or yet). */
  notListed: number;
}

export interface Completion extends CompletionCounts {
  /** Of those not listed: delivered on the day of the inventory or later. */
  newer: number;
  /** In the cache under a name that S3 does not give to logs: nothing can be said of them. */
  undated: number;
  /** Objects in the inventory that are no log files of this source. */
  readonly leftOut: LeftOutCounts;
  /** In order of time: each with a log file in the inventory or the cache. */
  readonly periods: readonly ({ readonly period: string } & CompletionCounts)[];
}

/**
 * Compare what an inventory lists with what a cache has extracted, by the names of log files. Memory depends on neither: the
 * inventory is read once, each name asked for in the index of the ledger; then the ledger is read once, commit by commit.
 *
 * Two objects of one name (a log and its compressed copy) count as two that are listed.
 *
 * @param prefix folder in the bucket that the source is a copy of; default: the whole bucket
 * @param paths of a cache that need not exist
 * @param account takes what else is found in the inventory
 * @throws {DamagedCacheError}
 */
export async function compareInventory(
  inventory: Inventory,
  paths: CachePaths,
  account: InventoryAccount,
  { prefix, by }: { readonly prefix?: string | undefined; readonly by: Period },
): Promise<Completion> {
  const ledger = await Ledger.open(paths);
  const leftOut = emptyLeftOut();
  const periods = new Map<string, { listed: number; extracted: number; inCache: number }>();
  const countsOf = (period: string) => {
    let counts = periods.get(period);
    if (counts === undefined) {
      counts = { listed: 0, extracted: 0, inCache: 0 };
      periods.set(period, counts);
    }
    return counts;
  };
  const day = inventory.run.slice(0, 10);
  let newer = 0;
  try {
    const folder = prefixFolder(prefix);
    for await (const objects of readInventory(inventory, account)) {
      for (const { key } of objects) {
        const listed = listedPath(key, folder);
        if (typeof listed === 'string') {
          leftOut[listed]++;
          continue;
        }
        const counts = countsOf(periodOf(listed.hour, by));
        counts.listed++;
        if (!ledger.mayKnow(logFileName(listed.path))) continue;
        counts.extracted++;
        if (listed.hour >= day) newer--;
      }
    }
    let undated = 0;
    for (const commit of ledger.commitNames) {
      for (const name of await readLedgerNames(paths, commit)) {
        // What an import has taken over by object is no log file.
        if (name.startsWith('//')) continue;
        const hour = logHour(name);
        if (hour === undefined) {
          undated++;
          continue;
        }
        countsOf(periodOf(hour, by)).inCache++;
        if (hour >= day) newer++;
      }
    }
    return { ...summed(periods), newer: Math.max(0, newer), undated, leftOut };
  } finally {
    ledger.close();
  }
}

function summed(
  periods: ReadonlyMap<string, { listed: number; extracted: number; inCache: number }>,
): CompletionCounts & Pick<Completion, 'periods'> {
  const all: CompletionCounts = { listed: 0, extracted: 0, missing: 0, notListed: 0 };
  const rows = [...periods].sort().map(([period, { listed, extracted, inCache }]) => ({
    period,
    listed,
    extracted,
    missing: listed - extracted,
    notListed: Math.max(0, inCache - extracted),
  }));
  for (const row of rows) {
    all.listed += row.listed;
    all.extracted += row.extracted;
    all.missing += row.missing;
    all.notListed += row.notListed;
  }
  return { ...all, periods: rows };
}
