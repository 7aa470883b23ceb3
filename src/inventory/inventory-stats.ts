import type { InventoryAccount } from '../source/inventory/inventory-object.js';
import {
  emptyLeftOut,
  type LeftOutCounts,
  listedPath,
  prefixFolder,
} from '../source/inventory/listed-path.js';
import type { Inventory } from '../source/inventory/open-inventory.js';
import { readInventory } from '../source/inventory/read-inventory.js';
import { type Period, periodOf } from '../source/log-period.js';

/** Files and their bytes, as stored; of files without a size no bytes. */
export interface FileSum {
  files: number;
  bytes: number;
  /** Files that the inventory lists without a size. */
  withoutSize: number;
}

/** What an inventory says of the logs in a bucket. */
export interface InventoryStats extends FileSum {
  /** Hours, UTC, of the first and the last log: `2024-07-21T05`. */
  first: string | undefined;
  last: string | undefined;
  /** Objects that are no log files of this source. */
  readonly leftOut: LeftOutCounts;
  readonly storageClasses: Readonly<Record<string, FileSum>>;
  /** In order of time. */
  readonly periods: readonly ({ readonly period: string } & FileSum)[];
}

/** Names of storage classes, so that a list of others takes no memory. */
const STORAGE_CLASS = /^[A-Z][A-Z0-9_]{0,39}$/;
const MOST_CLASSES = 50;

/**
 * Sum up the log files that an inventory lists.
 *
 * @param prefix folder in the bucket that counts; default: all of it
 * @param account takes what else is found
 */
export async function inventoryStats(
  inventory: Inventory,
  account: InventoryAccount,
  { prefix, by }: { readonly prefix?: string | undefined; readonly by: Period },
): Promise<InventoryStats> {
  const folder = prefixFolder(prefix);
  const leftOut = emptyLeftOut();
  const periods = new Map<string, FileSum>();
  const classes = new Map<string, FileSum>();
  let first: string | undefined;
  let last: string | undefined;
  const all: FileSum = { files: 0, bytes: 0, withoutSize: 0 };
  for await (const objects of readInventory(inventory, account)) {
    for (const { key, sizeBytes, storageClass } of objects) {
      const listed = listedPath(key, folder);
      if (typeof listed === 'string') {
        leftOut[listed]++;
        continue;
      }
      const { hour } = listed;
      if (first === undefined || hour < first) first = hour;
      if (last === undefined || hour > last) last = hour;
      add(all, sizeBytes);
      add(sumOf(periods, periodOf(hour, by)), sizeBytes);
      if (storageClass !== undefined)
        add(sumOf(classes, className(classes, storageClass)), sizeBytes);
    }
  }
  return {
    ...all,
    first,
    last,
    leftOut,
    storageClasses: Object.fromEntries([...classes].sort()),
    periods: [...periods].sort().map(([period, sum]) => ({ period, ...sum })),
  };
}

function className(classes: ReadonlyMap<string, FileSum>, name: string): string {
  const isUsual = STORAGE_CLASS.test(name) && (classes.has(name) || classes.size < MOST_CLASSES);
  return isUsual ? name : 'other';
}

function sumOf(sums: Map<string, FileSum>, name: string): FileSum {
  let sum = sums.get(name);
  if (sum === undefined) {
    sum = { files: 0, bytes: 0, withoutSize: 0 };
    sums.set(name, sum);
  }
  return sum;
}

function add(sum: FileSum, bytes: number | undefined): void {
  sum.files++;
  if (bytes === undefined) sum.withoutSize++;
  else sum.bytes += bytes;
}
