import type { CollectorRegistry } from './collector-registry.js';
import { byDaySpec, collectByDay } from './collectors/by-day.js';
import { collectConfig, configSpec } from './collectors/config.js';
import { collectCoordinates, coordinatesSpec } from './collectors/coordinates.js';
import { byAssetSpec, byRegionSpec, collectByAsset, collectByRegion } from './collectors/tables.js';
import { collectTotals, totalsSpec } from './collectors/totals.js';

/** Register the collectors that come with the program. */
export function registerOwnCollectors(registry: CollectorRegistry): void {
  registry.register(configSpec, collectConfig);
  registry.register(totalsSpec, collectTotals);
  registry.register(byDaySpec, collectByDay);
  registry.register(byAssetSpec, collectByAsset);
  registry.register(byRegionSpec, collectByRegion);
  registry.register(coordinatesSpec, collectCoordinates);
}
