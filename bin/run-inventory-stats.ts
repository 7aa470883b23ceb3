import { type FileSum, inventoryStats } from '../src/inventory/inventory-stats.js';
import { InventoryAccount } from '../src/source/inventory/inventory-object.js';
import { openInventory } from '../src/source/inventory/open-inventory.js';
import type { Period } from '../src/source/log-period.js';
import { formatBytes, formatCount, formatTable, plural } from './format.js';
import { describeLeftOut, inventoryJson, reportDefects } from './inventory-options.js';
import type { Output } from './output.js';

/** Print what an inventory says of the logs in a bucket. @returns the exit status */
export async function runInventoryStats(
  { directory, prefix, by }: { directory: string; prefix: string | undefined; by: Period },
  output: Output,
): Promise<number> {
  const inventory = await openInventory(directory, (message) => output.warn(message));
  const account = new InventoryAccount();
  const stats = await inventoryStats(inventory, account, { prefix, by });
  const status = reportDefects(account, output);
  const row = (name: string, sum: FileSum): string[] => [name, formatCount(sum.files), sizeOf(sum)];
  const text = [
    `Inventory ${inventory.run} of ${JSON.stringify(inventory.sourceBucket)}: ${plural(stats.files, 'log file')} (${stats.files > 0 && stats.withoutSize === stats.files ? 'sizes are not listed' : sizeOf(stats)})${stats.first === undefined ? '' : `, ${stats.first} to ${stats.last}`}.`,
  ];
  const leftOut = describeLeftOut(stats.leftOut);
  if (leftOut !== undefined) text.push(leftOut);
  const table = [
    ['', 'Log files', 'Size'],
    ...stats.periods.map((sum) => row(sum.period, sum)),
    ...Object.entries(stats.storageClasses).map(([name, sum]) => row(name, sum)),
  ];
  if (table.length > 1) text.push('', formatTable(table));
  output.print(text.join('\n'));
  output.json({ inventory: inventoryJson(inventory, account), by, ...stats });
  return status;
}

/** An inventory may have no column of sizes. */
function sizeOf({ files, bytes, withoutSize }: FileSum): string {
  if (withoutSize === 0) return formatBytes(bytes);
  if (withoutSize === files) return 'not listed';
  return `${formatBytes(bytes)} and ${formatCount(withoutSize)} not listed`;
}
