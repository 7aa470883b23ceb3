import { resolve } from 'node:path';
import { defineCommand } from '../command.js';
import { DESCRIPTIONS } from '../descriptions.js';
import { EXIT_STATUS } from '../exit-status.js';
import { formatCount, formatTable, plural } from '../format.js';
import { BY_OPTION, INVENTORY_OPTIONS, requireInventory } from '../inventory-options.js';

export const statsCommand = defineCommand({
  name: 'stats',
  describe: DESCRIPTIONS.stats,
  options: { ...INVENTORY_OPTIONS, ...BY_OPTION },
  examples: [
    ['$0 stats', 'Look at what is known of requesters'],
    ['$0 stats --inventory /data/inventory', 'How many logs the bucket holds, by month'],
  ],
  async run(options, { cacheDirectory, output }) {
    requireInventory(options);
    const { inventory, inventoryPrefix: prefix, by = 'month' } = options;
    if (inventory !== undefined) {
      const { runInventoryStats } = await import('../run-inventory-stats.js');
      return runInventoryStats({ directory: resolve(inventory), prefix, by }, output);
    }
    const { openCacheForReading } = await import('../../cache/open-cache.js');
    const { openEngine } = await import('../../cache/engine.js');
    const { readCacheStatus } = await import('../../cache/cache-status.js');
    const { readRegionStats } = await import('../../src/ip/region-stats.js');
    const { paths } = openCacheForReading(cacheDirectory);
    const engine = await openEngine(paths);
    try {
      const stats = await readRegionStats(paths, engine);
      const { pendingCommits } = readCacheStatus(paths);
      const rows = ROWS.map(([name, label]) => [label, formatCount(stats[name])]);
      output.print(formatTable([['Requesters', formatCount(stats.requesters)], ...rows]));
      if (pendingCommits > 0) {
        output.note(
          `${plural(pendingCommits, 'commit')} not counted yet; run "s3logextraction update".`,
        );
      }
      output.json({ ...stats, pendingCommits });
      return EXIT_STATUS.done.status;
    } finally {
      engine.close();
    }
  },
});

const ROWS = [
  ['determined', '  in a country'],
  ['cloud', '  in a cloud (AWS, GCP, Azure)'],
  ['vpn', '  in a VPN or data centre'],
  ['github', '  at GitHub'],
  ['bogon', '  bogon'],
  ['unknown', '  unknown to the lookup'],
  ['undetermined', '  undetermined: the quota was used up'],
  ['missing', '  missing: not looked up yet'],
] as const;
