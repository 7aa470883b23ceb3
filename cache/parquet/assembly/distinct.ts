/** Numbers by dictionary, for as long as few are different. */
import { take, takeZeros } from './memory';

/** Distinct numbers, 8 bytes each, in the order of their first appearance. */
export let distinctValues: usize = 0;
export let distinctCount: u32 = 0;

const MOST_BITS: u32 = 16;
const MOST_PROBES: u32 = 256;

/** Numbers looked up by one call; see `index.ts`. */
const AT_ONCE: u32 = 8_192;

let most: u32 = 0;
let slots: usize = 0;
let mask: u32 = 0;

/**
 * @param values `count` of 8 bytes each
 * @param ids takes the id of each, 4 bytes
 * @returns whether few enough are different
 */
export function findDistinct(values: usize, count: u32, ids: usize): bool {
  most = min((<u32>1) << MOST_BITS, max(<u32>16, count >> 2));
  let bits: u32 = 8;
  while ((<u32>1) << bits < most * 2) bits++;
  slots = takeZeros((<usize>4) << bits);
  mask = ((<u32>1) << bits) - 1;
  distinctValues = take((<usize>most) << 3);
  distinctCount = 0;
  for (let i: u32 = 0; i < count; i += AT_ONCE) {
    const some = min(AT_ONCE, count - i);
    if (!findSome(values + ((<usize>i) << 3), some, ids + ((<usize>i) << 2))) return false;
  }
  return true;
}

export function findSome(values: usize, count: u32, ids: usize): bool {
  for (let i: u32 = 0; i < count; i++) {
    const value = load<u64>(values + ((<usize>i) << 3));
    const id = idOf(value);
    if (id === most) return false;
    store<u32>(ids + ((<usize>i) << 2), id);
  }
  return true;
}

/** @returns the number's id, or {@link most} when there are too many */
function idOf(value: u64): u32 {
  let slot = <u32>((value * 0x9e3779b97f4a7c15) >> 40) & mask;
  // Whoever makes up numbers that all fall on one place gets no dictionary, and costs no time.
  for (let probes: u32 = 0; probes < MOST_PROBES; probes++) {
    const at = slots + ((<usize>slot) << 2);
    const id = load<u32>(at);
    if (id === 0) {
      if (distinctCount === most) return most;
      store<u64>(distinctValues + ((<usize>distinctCount) << 3), value);
      store<u32>(at, ++distinctCount);
      return distinctCount - 1;
    }
    if (load<u64>(distinctValues + ((<usize>(id - 1)) << 3)) === value) return id - 1;
    slot = (slot + 1) & mask;
  }
  return most;
}
