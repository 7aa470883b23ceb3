import { join } from 'node:path';
import { csvRows } from './csv-rows.js';
import type {
  DefectReason,
  InventoryAccount,
  InventoryObject,
  InventoryRow,
} from './inventory-object.js';
import type { Inventory } from './open-inventory.js';
import { parquetRows } from './parquet-rows.js';

/**
 * The objects that an inventory lists, some thousand at a time, in its order: current versions only, no delete
 * markers. A row that is malformed, or a file that cannot be read to its end, is counted and goes into the account;
 * nothing of it ends the reading.
 *
 * @param account takes what is found besides objects
 */
export async function* readInventory(
  inventory: Inventory,
  account: InventoryAccount,
): AsyncGenerator<readonly InventoryObject[]> {
  for (const { path } of inventory.files) {
    let row = 0;
    const onDefect = (at: number, reason: DefectReason): void => {
      row = Math.max(row, at);
      account.rows++;
      account.addDefect({ file: path, row: at, reason });
    };
    try {
      for await (const rows of rowsOf(inventory, path, onDefect)) {
        row = Math.max(row, rows.at(-1)?.row ?? 0);
        account.rows += rows.length;
        yield currentObjects(rows, account);
      }
    } catch {
      account.addDefect({ file: path, row: row + 1, reason: 'unreadable_from_here' });
    }
  }
}

function rowsOf(
  { format, folder, columns }: Inventory,
  path: string,
  onDefect: (row: number, reason: DefectReason) => void,
): AsyncGenerator<InventoryRow[]> {
  const file = join(folder, path);
  return format === 'CSV' ? csvRows(file, columns, onDefect) : parquetRows(file, onDefect);
}

function currentObjects(
  rows: readonly InventoryRow[],
  account: InventoryAccount,
): readonly InventoryObject[] {
  const objects = rows.filter(({ isLatest, isDeleteMarker }) => {
    if (isDeleteMarker) account.deleteMarkers++;
    else if (!isLatest) account.olderVersions++;
    return isLatest && !isDeleteMarker;
  });
  account.objects += objects.length;
  return objects;
}
