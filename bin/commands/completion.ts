import { resolve } from 'node:path';
import { cachePaths } from '../../cache/paths.js';
import type { Completion } from '../../src/inventory/completion.js';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { formatCount, formatTable, plural } from '../format.js';
import {
  BY_OPTION,
  describeLeftOut,
  INVENTORY_OPTIONS,
  inventoryJson,
  NoInventoryError,
  reportDefects,
} from '../inventory-options.js';

/** Periods with gaps that are printed; `--json` has all. */
const MOST_ROWS = 60;

export const completionCommand = defineCommand({
  name: 'completion',
  describe: DESCRIPTIONS.completion,
  options: { ...INVENTORY_OPTIONS, ...BY_OPTION },
  examples: [
    ['$0 completion --inventory /data/inventory', 'Which days have logs that are not extracted'],
  ],
  async run(options, { cacheDirectory, output }) {
    if (options.inventory === undefined) throw new NoInventoryError();
    const { compareInventory } = await import('../../src/inventory/completion.js');
    const { InventoryAccount } = await import('../../src/source/inventory/inventory-object.js');
    const { openInventory } = await import('../../src/source/inventory/open-inventory.js');
    const inventory = await openInventory(resolve(options.inventory), (message) =>
      output.warn(message),
    );
    const account = new InventoryAccount();
    const by = options.by ?? 'day';
    const completion = await compareInventory(inventory, cachePaths(cacheDirectory), account, {
      prefix: options.inventoryPrefix,
      by,
    });
    const status = Math.max(
      reportDefects(account, output),
      // What was mistyped must not pass for done.
      completion.listed === 0 ? EXIT_STATUS.partial.status : EXIT_STATUS.done.status,
    );
    const share = shareDone(completion);
    output.print(
      [
        `Inventory ${inventory.run} of ${JSON.stringify(inventory.sourceBucket)}: ${plural(completion.listed, 'log file')}, ${formatCount(completion.extracted)} extracted${share === null ? '' : ` (${(share * 100).toFixed(2)} %)`}, ${formatCount(completion.missing)} missing.`,
        ...describe(completion, by),
      ].join('\n'),
    );
    output.json({ inventory: inventoryJson(inventory, account), by, share, ...completion });
    return status;
  },
});

/** Of what is listed. */
function shareDone({ listed, extracted }: Completion): number | null {
  return listed === 0 ? null : extracted / listed;
}

function describe(completion: Completion, by: string): string[] {
  const text: string[] = [];
  const { listed, notListed, newer, undated } = completion;
  if (listed === 0) text.push('It lists no log files there: is --inventory-prefix right?');
  if (notListed > 0) {
    text.push(
      `Not in it: ${plural(notListed, 'extracted log file')}, expired, or (${formatCount(newer)} of them) from its day or later.`,
    );
  }
  if (undated > 0) {
    text.push(`Without a date in its name: ${plural(undated, 'extracted log file')}.`);
  }
  const leftOut = describeLeftOut(completion.leftOut);
  if (leftOut !== undefined) text.push(leftOut);
  const gaps = completion.periods.filter(({ missing, notListed }) => missing + notListed > 0);
  if (gaps.length === 0) return text;
  const rows = gaps
    .slice(0, MOST_ROWS)
    .map((row) => [
      row.period,
      ...[row.listed, row.extracted, row.missing, row.notListed].map(formatCount),
    ]);
  const head = [by, 'Listed', 'Extracted', 'Missing', 'Not listed'];
  text.push('', formatTable([head, ...rows]));
  if (gaps.length > MOST_ROWS) {
    text.push(`... and ${formatCount(gaps.length - MOST_ROWS)} more; --json has all.`);
  }
  return text;
}
