import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Lock } from '../../../cache/lock.js';
import { DamagedCacheError, openOwnFile } from '../../../cache/own-file.js';
import {
  type Consignment,
  removeConsignment,
  type StandingPackage,
  writeConsignment,
} from '../../../cache/sharing/consignment.js';
import type { Remembered } from '../../../cache/sharing/gathering-memory.js';
import type { SharingPaths } from '../../../cache/sharing/sharing-paths.js';
import { verifyFile } from '../../../cache/verify-file.js';
import type { CheckedMemory } from '../checked-memory.js';
import type { ShippingDesk } from './shipping-desk.js';

export interface ShipOptions {
  readonly places: SharingPaths;
  readonly lock: Lock;
  readonly desk: ShippingDesk;
  readonly memory: CheckedMemory;
  readonly signal: AbortSignal;
  readonly onShipped: (shipped: StandingPackage, outcome: 'shipped' | 'there') => void;
}

/**
 * Ship what is left of a recorded consignment. In this order: a package is taken there, that is recorded, the next one; then all of it is
 * remembered as shipped; then it is removed. Killed between the first two, a package goes again, with the same name and key.
 *
 * @returns what is remembered from then on
 * @throws {ShippingError} @throws {ShippingRefusedError} @throws {DamagedCacheError}
 */
export async function shipConsignment(
  consignment: Consignment,
  known: Remembered | undefined,
  options: ShipOptions,
): Promise<Remembered> {
  const { places, lock, memory } = options;
  let remembered: Remembered = { collectors: {}, ...known };
  // Remembered already, and killed before it was removed.
  if (known?.consignment !== consignment.id) {
    await shipPackages(consignment, options);
    lock.assertHeld();
    const collectors = { ...remembered.collectors, ...consignment.collectors };
    const hasPackages = consignment.packages.length > 0;
    remembered = {
      ...remembered,
      ...(hasPackages ? { consignment: consignment.id } : {}),
      collectors,
    };
    await memory.write(remembered);
  }
  removeConsignment(places, consignment);
  return remembered;
}

async function shipPackages(consignment: Consignment, options: ShipOptions): Promise<void> {
  const { places, lock, desk, signal, onShipped } = options;
  const packages = [...consignment.packages];
  for (const [i, one] of packages.entries()) {
    if (one.isShipped) continue;
    const path = join(places.packages, one.name);
    await requireWhole(path, one, places);
    const outcome = await desk.ship(one, () => openPackage(path), signal);
    onShipped(one, outcome);
    packages[i] = { ...one, isShipped: true };
    // The memory says it of the last one.
    if (packages.every(({ isShipped }) => isShipped)) continue;
    lock.assertHeld();
    writeConsignment(places, { ...consignment, packages });
  }
}

const PIECE_BYTES = 1 << 18;

function openPackage(path: string) {
  return createReadStream(path, { fd: openOwnFile(path), highWaterMark: PIECE_BYTES });
}

async function requireWhole(
  path: string,
  { sizeBytes, sha256 }: StandingPackage,
  { consignment }: SharingPaths,
): Promise<void> {
  try {
    await verifyFile(path, { bytes: sizeBytes, sha256 });
  } catch (error) {
    if (!(error instanceof DamagedCacheError)) throw error;
    const hint = `Remove ${consignment}: what it names is then gathered and sent again, under the same names where it is the same.`;
    throw new DamagedCacheError(path, 'it is not the package that was packed', error, hint);
  }
}
