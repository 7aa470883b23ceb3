import { isAbsolute, join } from 'node:path';
import { S3LogExtractionError } from '../../cache/error.js';
import type { GatheringMemory } from '../../cache/sharing/gathering-memory.js';
import { locateModule } from '../pipeline/locate-module.js';
import { reasonOf } from '../pipeline/reason-of.js';
import { CollectorRegistry } from './collect/collector-registry.js';
import { registerOwnCollectors } from './collect/own-collectors.js';
import type { MayGather, SharingModule, SharingSetup } from './sharing.js';
import type { ShippingSettings } from './ship/shipping-settings.js';

/** A module of `--collectors` cannot be used. */
export class SharingModuleError extends S3LogExtractionError {
  constructor(module: string, why: string, cause?: unknown) {
    super(
      'INVALID_SHARING_MODULE',
      `The module ${JSON.stringify(module.slice(0, 200))} cannot be used: ${why}.`,
      { cause, hint: 'SHARING.md has a template.' },
      2,
    );
  }
}

/** All that is known of how to share. */
export interface LoadedSharing {
  readonly registry: CollectorRegistry;
  /** So many of the first collectors are ours. */
  readonly ownCollectors: number;
  readonly checks: readonly MayGather[];
  readonly memory: ((destination: string) => GatheringMemory) | undefined;
  readonly shipping: readonly ShippingSettings[];
}

/**
 * Our collectors, and what modules of the user's add.
 *
 * @param modules paths (with a `.` or `/` first, or `.js`, `.mjs` or `.cjs` last), or names of packages, from `folder`; or modules themselves
 * @throws {SharingModuleError} @throws {CollectorError}
 */
export async function loadSharing(
  modules: readonly (string | SharingModule)[] = [],
  folder = process.cwd(),
): Promise<LoadedSharing> {
  const registry = new CollectorRegistry();
  registerOwnCollectors(registry);
  const ownCollectors = registry.size;
  const checks: MayGather[] = [];
  const shipping: ShippingSettings[] = [];
  let memory: LoadedSharing['memory'];
  const setup: SharingSetup = {
    registerCollector: registry.register.bind(registry),
    mayGather: (check) => void checks.push(checked(check)),
    rememberIn: (make) => {
      memory = checked(make);
    },
    shipping: (settings) => void shipping.push(settings),
  };
  for (const given of modules) {
    const module = typeof given === 'string' ? await importModule(given, folder) : given;
    try {
      await module(setup);
    } catch (error) {
      if (error instanceof S3LogExtractionError) throw error;
      const name = typeof given === 'string' ? given : given.name;
      throw new SharingModuleError(name, reasonOf(error), error);
    }
  }
  return { registry, ownCollectors, checks, memory, shipping };
}

function checked<T>(given: T): T {
  if (typeof given !== 'function') throw new TypeError('it gave something that is no function');
  return given;
}

async function importModule(name: string, folder: string): Promise<SharingModule> {
  // As a shell completes it: collectors.mjs, share/collectors.mjs. A package is named otherwise.
  const isFile = /\.[cm]?js$/.test(name) && !isAbsolute(name);
  const use = isFile ? `./${name}` : name;
  try {
    const module = (await import(locateModule(use, join(folder, 'share')))) as {
      default?: SharingModule;
    };
    if (typeof module.default === 'function') return module.default;
  } catch (error) {
    throw new SharingModuleError(name, `it cannot be loaded: ${reasonOf(error)}`, error);
  }
  throw new SharingModuleError(name, 'its default export is no function (see defineSharing)');
}
