/**
 * Sharing what is published: collectors, packages and where they go, for others to extend. SHARING.md tells how to write a
 * collector.
 *
 * @module
 */

export type {
  CollectorMemory,
  GatheringMemory,
  JsonValue,
  Remembered,
} from '../../cache/sharing/gathering-memory.js';
export type {
  CollectCsv,
  CollectJson,
  CollectorContext,
  CollectorSpec,
  CsvCell,
  CsvContent,
  Interval,
  JsonContent,
  RegisterCollector,
  Slice,
  Slicing,
} from './collect/collector.js';
export { sliceByDays } from './collect/slices.js';
export { type LoadedSharing, loadSharing } from './load-sharing.js';
export { nameWithoutAddress } from './package/address-in-text.js';
export { DEFAULT_LIMITS, type PackageLimits, packageLimits } from './package/package-limits.js';
export {
  openPublished,
  type PublishedArchive,
  type PublishedDataset,
  type PublishedRules,
} from './published/published-archive.js';
export {
  type SharedPackage,
  type ShareOptions,
  type ShareReport,
  shareArchive,
} from './share-archive.js';
export {
  defineSharing,
  type GatheringRequest,
  type MayGather,
  type SharingModule,
  type SharingSetup,
} from './sharing.js';
export { environmentSettings } from './ship/environment.js';
export { openDesk } from './ship/open-desk.js';
export type { ShippingCredentials, ShippingSettings } from './ship/shipping-settings.js';
export { type SiteOptions, type SiteReport, writeSite } from './site/write-site.js';
