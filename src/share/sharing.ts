import type { GatheringMemory } from '../../cache/sharing/gathering-memory.js';
import type { RegisterCollector } from './collect/collector.js';
import type { PublishedArchive } from './published/published-archive.js';
import type { ShippingSettings } from './ship/shipping-settings.js';

/** What a check of the user's is told. */
export interface GatheringRequest {
  readonly archive: PublishedArchive;
  readonly isDryRun: boolean;
  /** Where packages go, as it may be shown. */
  readonly destination: string;
}

/**
 * Whether anything may be gathered and sent now.
 *
 * @returns true, or why not, as a clause: `nobody has consented`
 */
export type MayGather = (request: GatheringRequest) => true | string | Promise<true | string>;

/** What a module can say of sharing. */
export interface SharingSetup {
  readonly registerCollector: RegisterCollector;
  /** Asked before anything is gathered or sent; of several all must agree. */
  mayGather(check: MayGather): void;
  /** Keep the memory of gatherings elsewhere. @param make given the destination, as it may be shown */
  rememberIn(make: (destination: string) => GatheringMemory): void;
  /** Of packages and where they go; of several modules the last one that says something counts. */
  shipping(settings: ShippingSettings): void;
}

/** The default export of a module of collectors. */
export type SharingModule = (setup: SharingSetup) => void | Promise<void>;

/** Gives a module its types. */
export function defineSharing(module: SharingModule): SharingModule {
  return module;
}
