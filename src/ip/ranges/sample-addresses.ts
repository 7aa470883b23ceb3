import { RawIp } from '../../../cache/seal.js';
import type { Interval, RangeTable } from './range-table.js';

/**
 * Two addresses that have the code, one IPv4 and one IPv6 where it has both: what a look-up says
 * of them says where the cloud's region is. They are published addresses of a provider, but are
 * handled as all others. One where the code has a single address, none where it is unknown.
 */
export function sampleAddresses(ranges: RangeTable, code: string): RawIp[] {
  const widestFirst = ranges.intervals(code).sort((left, right) => right.size - left.size);
  const v4 = widestFirst.filter(({ first }) => isV4(first));
  const v6 = widestFirst.filter(({ first }) => !isV4(first));
  return [...v4.slice(0, 1), ...v6.slice(0, 1), ...v4.slice(1), ...v6.slice(1)]
    .slice(0, 2)
    .map(sampleOf);
}

/** The second address of the interval: the first one of a network is its own name. */
function sampleOf({ first, size }: Interval): RawIp {
  const address = Uint8Array.from(first);
  if (size > 1 && address[15] < 255) address[15]++;
  return new RawIp(address);
}

function isV4(address: Uint8Array): boolean {
  return address.subarray(0, 10).every((byte) => byte === 0) && address[10] + address[11] === 510;
}
