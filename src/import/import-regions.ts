import { existsSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { WritableCache } from '../../cache/open-cache.js';
import { addRegions, type RegionRow } from '../../cache/region-table.js';
import { ADDRESS_SIZE_BYTES, sealedIpFromBytes } from '../../cache/seal.js';
import { type BulkSealer, createBulkSealer } from '../../cache/seal-many.js';
import { parseAddress } from '../extract/parse-address.js';
import type { FernetOpener } from './fernet.js';
import { peerEntries } from './peer-yaml.js';
import { isService, regionLabel } from './region-label.js';

/** Regions saved together. */
const ROWS_AT_ONCE = 100_000;

/**
 * Take over what the Python tool has found out about addresses, so that none of them is looked up again. Newer
 * versions keep regions by address (`ips/ip_to_region.yaml`); older ones by an index (`ips/index_to_region.yaml`),
 * and the address of each index in `ips/indexed_ips.yaml`. Regions without an address are left out.
 *
 * Regions of countries are provisional: the tool knows fewer services than this program, which looks into the ranges of
 * services once more and asks nobody.
 *
 * @returns how many were taken over, and how many entries were not
 * @throws {PeerCacheError} @throws {CacheWriteError} @throws {LockLostError}
 */
export function importRegions(
  cache: Pick<WritableCache, 'paths' | 'key' | 'lock'>,
  folder: string,
  opener: () => FernetOpener | undefined,
): { imported: number; leftOut: number } {
  const sealer = createBulkSealer(cache.key);
  const words = new Uint32Array(4);
  const counts = { imported: 0, leftOut: 0 };
  let raw = Buffer.alloc(0);
  let found: { region: string; checked: number }[] = [];
  const save = (): void => {
    const rows = sealedRows(raw, found, sealer);
    addRegions(cache.paths, rows, () => cache.lock.assertHeld());
    counts.imported += found.length;
    raw.fill(0);
    raw = Buffer.alloc(0);
    found = [];
  };
  for (const { address, label, checked } of addressesWithLabels(folder, opener)) {
    const region = regionLabel(label);
    const text = Buffer.from(address, 'latin1');
    if (region === undefined || !parseAddress(text, 0, text.length, words)) {
      counts.leftOut++;
      continue;
    }
    if (raw.length === 0) raw = Buffer.alloc(ROWS_AT_ONCE * ADDRESS_SIZE_BYTES);
    words.forEach((word, i) => {
      raw.writeUInt32BE(word, found.length * ADDRESS_SIZE_BYTES + 4 * i);
    });
    found.push({ region, checked });
    if (found.length === ROWS_AT_ONCE) save();
  }
  save();
  return counts;
}

interface LabelledAddress {
  readonly address: string;
  readonly label: string;
  /** At the latest, milliseconds since 1970. */
  readonly checked: number;
}

function* addressesWithLabels(
  folder: string,
  opener: () => FernetOpener | undefined,
): Generator<LabelledAddress> {
  const [byAddress, byIndex, addresses] = [
    'ip_to_region.yaml',
    'index_to_region.yaml',
    'indexed_ips.yaml',
  ].map((name) => join(folder, 'ips', name)) as [string, string, string];
  if (existsSync(byIndex) && existsSync(addresses)) {
    const checked = statSync(byIndex).mtimeMs;
    const labels = new Map(peerEntries(byIndex, opener));
    for (const [index, address] of peerEntries(addresses, opener)) {
      const label = labels.get(index);
      if (label !== undefined) yield { address, label, checked };
    }
  }
  if (!existsSync(byAddress)) return;
  const checked = statSync(byAddress).mtimeMs;
  for (const [address, label] of peerEntries(byAddress, opener)) yield { address, label, checked };
}

function sealedRows(
  raw: Buffer,
  found: readonly { readonly region: string; readonly checked: number }[],
  sealer: BulkSealer,
): RegionRow[] {
  const sealed = new Uint8Array(found.length * ADDRESS_SIZE_BYTES);
  sealer.sealInto(raw, found.length, sealed);
  const latest = Date.now();
  return found.map(({ region, checked }, i) => ({
    requester: sealedIpFromBytes(
      sealed.subarray(i * ADDRESS_SIZE_BYTES, (i + 1) * ADDRESS_SIZE_BYTES),
    ),
    region,
    checked: Math.max(0, Math.min(latest, Math.floor(checked))),
    provisional: !isService(region),
  }));
}
