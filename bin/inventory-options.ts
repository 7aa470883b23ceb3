import { S3LogExtractionError } from '../cache/error.js';
import type { InventoryAccount } from '../src/source/inventory/inventory-object.js';
import type { LeftOutCounts } from '../src/source/inventory/listed-path.js';
import type { Inventory } from '../src/source/inventory/open-inventory.js';
import type { OptionSpecs } from './command.js';
import { EXIT_STATUS } from './exit-status.js';
import { formatCount, plural } from './format.js';
import type { Output } from './output.js';

/** An option that says something of an inventory stands without one. */
export class NoInventoryError extends S3LogExtractionError {
  constructor(option?: string) {
    super(
      'NO_INVENTORY',
      option === undefined ? 'No inventory was given.' : `${option} needs an inventory.`,
      { hint: 'Name a copy of what S3 Inventory writes with --inventory.' },
      EXIT_STATUS.usage.status,
    );
  }
}

/** @throws {NoInventoryError} */
export function requireInventory(options: {
  readonly inventory: string | undefined;
  readonly inventoryPrefix: string | undefined;
  readonly by?: string | undefined;
}): void {
  if (options.inventory !== undefined) return;
  if (options.by !== undefined) throw new NoInventoryError('--by');
  if (options.inventoryPrefix !== undefined) throw new NoInventoryError('--inventory-prefix');
}

/** Which inventory, and what of it belongs to the source. */
export const INVENTORY_OPTIONS = {
  inventory: {
    type: 'string',
    describe: 'Copy of what S3 Inventory writes of the bucket with the logs (CSV or Parquet)',
  },
  'inventory-prefix': {
    type: 'string',
    describe: 'Folder in that bucket that SOURCE is a copy of (default: the whole bucket)',
  },
} as const satisfies OptionSpecs;

/** How long a row of a table is. */
export const BY_OPTION = {
  by: {
    choices: ['month', 'day', 'hour'],
    describe: 'With --inventory: what a row of the table stands for',
  },
} as const satisfies OptionSpecs;

/** What was read of an inventory, for `--json`. */
export function inventoryJson(
  { run, sourceBucket, format }: Inventory,
  { rows, olderVersions, deleteMarkers, defects, defectReasons, places }: InventoryAccount,
): object {
  const account = { rows, olderVersions, deleteMarkers, defects, defectReasons, places };
  return { run, sourceBucket, format, ...account };
}

/** Name the defects. @returns the exit status */
export function reportDefects(account: InventoryAccount, output: Output): number {
  if (account.defects === 0) return EXIT_STATUS.done.status;
  for (const { file, row, reason } of account.places) {
    output.warn(
      `Row ${row} of ${JSON.stringify(file)} in the inventory does not count: ${reason}.`,
    );
  }
  const rest = account.defects - account.places.length;
  if (rest > 0) output.warn(`${plural(rest, 'more row')} of the inventory do not count.`);
  return EXIT_STATUS.partial.status;
}

/** What is listed and not expected below the source; undefined when there is nothing. */
export function describeLeftOut(leftOut: LeftOutCounts): string | undefined {
  const words = {
    outside: 'outside of the prefix',
    other: 'not named as S3 names logs',
    hidden: 'hidden',
    unsafe: 'with keys that are no paths',
  } as const;
  const parts = Object.entries(words).flatMap(([name, what]) => {
    const count = leftOut[name as keyof LeftOutCounts];
    return count === 0 ? [] : [`${formatCount(count)} ${what}`];
  });
  return parts.length === 0 ? undefined : `Left out: ${parts.join(', ')}.`;
}
