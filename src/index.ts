/**
 * Everything the command line does, as functions. Start with {@link openCacheForWriting}, hand the
 * cache to the stages in the order of this file, and close it.
 *
 * @module
 */

export { type CacheStatus, readCacheStatus } from '../cache/cache-status.js';
export { type Engine, openEngine } from '../cache/engine.js';
export { S3LogExtractionError } from '../cache/error.js';
export {
  type KeylessCache,
  openCacheForReading,
  openCacheForWriting,
  type ReadableCache,
  type WritableCache,
} from '../cache/open-cache.js';
export { resetExtraction } from '../cache/reset.js';
export { openCacheForShard } from '../cache/shards/open-shard.js';
export type { Shard } from '../cache/shards/shard.js';
export { bucketSource } from './database/bucket-source.js';
export { type CleanOptions, type CleanReport, cleanLogs } from './database/clean-logs.js';
export { type CollectOptions, type CollectReport, collectLogs } from './database/collect-logs.js';
export { folderSource } from './database/folder-source.js';
export { type Quota, type QuotaState, readQuotas } from './database/quotas.js';
export { reportUsage, type UsageOptions, type UsageReport } from './database/report-usage.js';
export { type DatabaseSettings, databaseSettings } from './database/settings.js';
export { type DescribedLine, describeLine } from './extract/describe-line.js';
export {
  type ExtractionPlan,
  type ExtractionProgress,
  type ExtractOptions,
  extractLogs,
  planExtraction,
  type SourceInventory,
} from './extract/extract-logs.js';
export { NOTES, type Note, REASONS, type Reason } from './extract/reasons.js';
export type { ExtractionReport } from './extract/report.js';
export { WorkerThreads } from './extract/worker-threads.js';
export { type Completion, compareInventory } from './inventory/completion.js';
export { type InventoryStats, inventoryStats } from './inventory/inventory-stats.js';
export { updateCoordinates } from './ip/coordinates/update-coordinates.js';
export { indexRequesters } from './ip/index-requesters.js';
export { createIpinfoLookup } from './ip/lookup/ipinfo-lookup.js';
export { openMmdbLookup } from './ip/lookup/mmdb-lookup.js';
export type { RegionLookup } from './ip/lookup/region-lookup.js';
export { loadServiceRanges } from './ip/ranges/load-service-ranges.js';
export { refreshRegions } from './ip/refresh-regions.js';
export { readRegionStats } from './ip/region-stats.js';
export { updateRegions } from './ip/update-regions.js';
export { openQuery, type Query, type QueryOptions } from './query/open-query.js';
export { VIEWS, type View, type ViewColumn } from './query/views.js';
export { type ReportOptions, renderReport } from './report/index.js';
export { openPublished, type PublishedArchive } from './share/published/published-archive.js';
export type { BucketOptions } from './source/bucket/bucket-options.js';
export { InventoryAccount } from './source/inventory/inventory-object.js';
export { type Inventory, openInventory } from './source/inventory/open-inventory.js';
export { type SummariesUpdate, updateSummaries } from './summarize/update-summaries.js';
export { type TotalsUpdate, updateTotals } from './summarize/update-totals.js';
export { type BenchmarkOptions, generateBenchmark } from './testing/generate-benchmark.js';
