/**
 * The order of distinct keys: those of one folder side by side, so that they compress well. A sort would
 * bring them closer still, but costs more than all else.
 */
import { take, takeZeros } from './memory';

const SLASH: u8 = 0x2f;
const TABLE_BITS: u32 = 16;
const MULTIPLIER: u64 = 0x9e3779b97f4a7c15;

/** How many folders deep keys are told apart, and how far into a key these are looked for. */
const FOLDERS: u32 = 2;
const LONGEST_PREFIX: u32 = 256;

/** Keys that one call of {@link findFolders} takes; see `index.ts`. */
const KEYS_AT_ONCE: u32 = 4_096;

/** Slots: the tag and the number of a folder, counting from 1. */
let table: usize = 0;

/** Key at each place of the order. */
export let order: usize = 0;

/**
 * Find {@link order}. Keys of one folder share a slot of a table; a folder that is driven out of its slot by another
 * is taken for a new one when it comes again, so that nobody can make this slow.
 *
 * @param places takes the place of each key
 */
export function groupKeys(bytes: usize, offsets: usize, count: u32, places: usize): void {
  const folders = take((<usize>count) << 2);
  const sizes = takeZeros((<usize>count + 1) << 2);
  order = take((<usize>count) << 2);
  table = takeZeros((<usize>8) << TABLE_BITS);
  let found: u32 = 0;
  for (let key: u32 = 0; key < count; key += KEYS_AT_ONCE) {
    const to = min(count, key + KEYS_AT_ONCE);
    found = findFolders(bytes, offsets, key, to, folders, sizes, found);
  }
  let next: u32 = 0;
  for (let folder: u32 = 0; folder < found; folder++) {
    const slot = sizes + ((<usize>folder) << 2);
    const size = load<u32>(slot);
    store<u32>(slot, next);
    next += size;
  }
  for (let key: u32 = 0; key < count; key++) {
    const slot = sizes + ((<usize>load<u32>(folders + ((<usize>key) << 2))) << 2);
    const place = load<u32>(slot);
    store<u32>(slot, place + 1);
    store<u32>(places + ((<usize>key) << 2), place);
    store<u32>(order + ((<usize>place) << 2), key);
  }
}

/** @returns how many folders there are when those of keys from `from` up to `to` are known, too */
export function findFolders(
  bytes: usize,
  offsets: usize,
  from: u32,
  to: u32,
  folders: usize,
  sizes: usize,
  known: u32,
): u32 {
  let found = known;
  for (let key = from; key < to; key++) {
    const offset = offsets + ((<usize>key) << 2);
    const at = bytes + load<u32>(offset);
    const hash = hashPrefix(at, prefixLength(at, load<u32>(offset, 4) - load<u32>(offset)));
    const slot = table + ((<usize>(hash >> (64 - TABLE_BITS))) << 3);
    const tag = <u32>hash;
    let folder = load<u32>(slot, 4);
    if (folder === 0 || load<u32>(slot) !== tag) {
      folder = ++found;
      store<u32>(slot, tag);
      store<u32>(slot, folder, 4);
    }
    const size = sizes + ((<usize>(folder - 1)) << 2);
    store<u32>(size, load<u32>(size) + 1);
    store<u32>(folders + ((<usize>key) << 2), folder - 1);
  }
  return found;
}

/** Up to the slash that ends the {@link FOLDERS}th folder, or the last one there is. */
function prefixLength(at: usize, length: u32): u32 {
  const most = min(length, LONGEST_PREFIX);
  let folders: u32 = 0;
  let end: u32 = 0;
  for (let i: u32 = 0; i < most; i += 16) {
    let mask = <u32>i8x16.bitmask(i8x16.eq(v128.load(at + i), i8x16.splat(SLASH)));
    if (most - i < 16) mask &= (1 << (most - i)) - 1;
    while (mask !== 0) {
      end = i + ctz(mask);
      if (++folders === FOLDERS) return end;
      mask &= mask - 1;
    }
  }
  return end;
}

function hashPrefix(at: usize, length: u32): u64 {
  let hash: u64 = length;
  let i: u32 = 0;
  for (; i + 8 <= length; i += 8) hash = mix(hash ^ load<u64>(at + i));
  const rest = (length - i) << 3;
  if (rest > 0) hash = mix(hash ^ (load<u64>(at + i) & (((<u64>1) << (<u64>rest)) - 1)));
  return hash;
}

function mix(value: u64): u64 {
  const product = value * MULTIPLIER;
  return product ^ (product >> 29);
}
