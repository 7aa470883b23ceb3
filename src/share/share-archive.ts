import { randomBytes } from 'node:crypto';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE } from '../../cache/atomic-write.js';
import type { Lock } from '../../cache/lock.js';
import type { CachePaths } from '../../cache/paths.js';
import {
  type Consignment,
  readConsignment,
  type StandingPackage,
  writeConsignment,
} from '../../cache/sharing/consignment.js';
import type { Remembered } from '../../cache/sharing/gathering-memory.js';
import { lockSharing } from '../../cache/sharing/share-lock.js';
import {
  openSharing,
  type SharingPaths,
  sharingPaths,
  tidySharing,
} from '../../cache/sharing/sharing-paths.js';
import { CheckedMemory } from './checked-memory.js';
import type { ChosenCollectors } from './collect/collector-registry.js';
import { type Gathered, gather } from './collect/gather.js';
import { requireConsent } from './consent.js';
import type { LoadedSharing } from './load-sharing.js';
import { packFiles } from './package/pack-files.js';
import type { PackageLimits } from './package/package-limits.js';
import { openPublished } from './published/published-archive.js';
import { PublishedAnewError } from './published/published-errors.js';
import { shipConsignment } from './ship/ship-consignment.js';
import { ShippingStopped } from './ship/shipper.js';
import type { ShippingDesk } from './ship/shipping-desk.js';

/** What became of a package. */
export interface SharedPackage extends Omit<StandingPackage, 'isShipped'> {
  /** `there`: the other side had it already. `waiting`: a dry run. */
  readonly outcome: 'shipped' | 'there' | 'waiting';
}

export interface ShareReport {
  readonly packages: readonly SharedPackage[];
  /** Keys of collectors that had nothing new. */
  readonly unchanged: readonly string[];
  /** Ended on request; the next run goes on. */
  readonly stopped: boolean;
}

export interface ShareOptions {
  readonly paths: CachePaths;
  readonly sharing: LoadedSharing;
  /** Keys of the collectors to run, if not all. */
  readonly pick?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  readonly desk: ShippingDesk;
  readonly limits: PackageLimits;
  readonly isDryRun: boolean;
  /** As if nothing had been shipped there yet. */
  readonly isAgain?: boolean;
  /** Aborted: end as soon as may be. */
  readonly signal: AbortSignal;
  readonly onPackage?: (shared: SharedPackage) => void;
}

/** An update that comes in between makes what is left to gather anew; one after the other does not. */
const MOST_TURNS = 3;

/**
 * Gather what is published, pack it and ship it. Packages stand in the cache until they are shipped, and what was shipped is
 * remembered only then: killed at any instant, the next run sends what is missing, and what may have arrived under the same name.
 *
 * @throws {ShareLockedError} @throws {GatheringRefusedError} @throws {CollectorFailedError} @throws {AddressInPackageError}
 * @throws {ShippingError} @throws {ShippingRefusedError} @throws what `openPublished` throws
 */
export async function shareArchive(options: ShareOptions): Promise<ShareReport> {
  const { paths, sharing, desk } = options;
  const chosen = sharing.registry.chosen({
    pick: options.pick,
    skip: options.skip ?? [],
    own: sharing.ownCollectors,
  });
  const places = sharingPaths(paths, desk.destination.id);
  const lock = lockSharing(paths);
  try {
    openSharing(places);
    const standing = readConsignment(places);
    tidySharing(places, new Set(standing?.packages.map(({ name }) => name)));
    return await new SharingRun(options, chosen, places, lock).run(standing);
  } finally {
    lock.release();
  }
}

class SharingRun {
  readonly #packages: SharedPackage[] = [];
  readonly #unchanged = new Set<string>();
  readonly #memory: CheckedMemory;
  /** Folders of packages of a dry run. */
  #folders = 0;

  constructor(
    private readonly options: ShareOptions,
    private readonly chosen: ChosenCollectors,
    private readonly places: SharingPaths,
    private readonly lock: Lock,
  ) {
    const { memory } = options.sharing;
    this.#memory = new CheckedMemory(places, memory?.(options.desk.destination.shown));
  }

  async run(standing: Consignment | undefined): Promise<ShareReport> {
    const { options } = this;
    let stopped = false;
    try {
      await requireConsent(options.sharing.checks, {
        archive: openPublished(options.paths),
        isDryRun: options.isDryRun,
        destination: options.desk.destination.shown,
      });
      if (!options.isDryRun) await options.desk.prepare(this.#groups());
      let remembered = await this.#memory.read();
      if (standing !== undefined) remembered = await this.#settle(standing, remembered);
      if (options.isAgain === true) remembered = { ...remembered, collectors: {} };
      for (let turn = 1; !(await this.#gatherAll(remembered, turn)); turn++) {
        remembered = await this.#memory.read();
      }
    } catch (error) {
      if (!(error instanceof ShippingStopped)) throw error;
      stopped = true;
    } finally {
      rmSync(this.places.work, { recursive: true, force: true });
    }
    return { packages: this.#packages, unchanged: [...this.#unchanged], stopped };
  }

  #groups(): Set<string> {
    return new Set(this.chosen.others.map(({ shippingGroup }) => shippingGroup));
  }

  /** @returns false: an update came in between, and the rest is to be gathered anew */
  async #gatherAll(remembered: Remembered | undefined, turn: number): Promise<boolean> {
    const { options, places } = this;
    const archive = openPublished(options.paths);
    const work = join(places.work, `gathered-${turn}`);
    mkdirSync(work, { mode: PRIVATE.directory });
    this.#unchanged.clear();
    let known = remembered;
    try {
      const gathering = gather({
        archive,
        chosen: this.chosen,
        remembered,
        work,
        splitBytes: options.limits.tableBytes,
        onUnchanged: (key) => this.#unchanged.add(key),
      });
      for await (const gathered of gathering) {
        this.#requireGoing();
        const consignment = await this.#pack(gathered, archive.changedAt);
        this.#requireGoing();
        known = await this.#send(consignment, known);
      }
      return true;
    } catch (error) {
      if (!(error instanceof PublishedAnewError) || turn === MOST_TURNS) throw error;
      return false;
    }
  }

  async #pack(gathered: Gathered, changedAt: string): Promise<Consignment> {
    const { options, places } = this;
    let folder = places.packages;
    if (options.isDryRun) {
      folder = join(places.work, `packed-${++this.#folders}`);
      mkdirSync(folder, { mode: PRIVATE.directory });
    }
    const { files, config, group, collectors } = gathered;
    const packing = { limits: options.limits, group, changedAt, folder };
    const packages = files.length === 0 ? [] : await packFiles(files, config, packing);
    if (options.isDryRun) rmSync(folder, { recursive: true });
    return { id: randomBytes(8).toString('hex'), packages, collectors };
  }

  /** @returns what is remembered from then on */
  async #send(consignment: Consignment, known: Remembered | undefined) {
    if (this.options.isDryRun) {
      for (const one of consignment.packages) this.#tell(one, 'waiting');
      return known;
    }
    this.lock.assertHeld();
    if (consignment.packages.length > 0) writeConsignment(this.places, consignment);
    return this.#settle(consignment, known);
  }

  /** Ship what is left of a consignment, and remember it. */
  async #settle(consignment: Consignment, known: Remembered | undefined) {
    const { options, places, lock } = this;
    if (options.isDryRun) {
      const isRemembered = known?.consignment === consignment.id;
      for (const one of isRemembered ? [] : consignment.packages) {
        if (!one.isShipped) this.#tell(one, 'waiting');
      }
      return { ...known, collectors: { ...known?.collectors, ...consignment.collectors } };
    }
    const { desk, signal } = options;
    return shipConsignment(consignment, known, {
      places,
      lock,
      desk,
      signal,
      memory: this.#memory,
      onShipped: (one, outcome) => this.#tell(one, outcome),
    });
  }

  #tell({ isShipped: _, ...shared }: StandingPackage, outcome: SharedPackage['outcome']): void {
    const told = { ...shared, outcome };
    this.#packages.push(told);
    this.options.onPackage?.(told);
  }

  #requireGoing(): void {
    if (this.options.signal.aborted) throw new ShippingStopped();
  }
}
