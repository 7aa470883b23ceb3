import { sameBytes } from './bytes';
import { reserve } from './memory';

/** A slot: the upper half of the hash, id + 1 (0: empty), where the bytes begin, how many they are. */
const SLOT_BYTES: usize = 16;
const FIRST_MASK: u32 = (1 << 12) - 1;
/** Tables above this many slots miss the caches: the look-ups of many records are then made to wait together. */
const CACHED_SLOTS: u32 = 1 << 13;

/** All distinct keys, one after the other: key i is from `keyOffsets[i]` up to `keyOffsets[i + 1]`. */
export let keyBytes: usize = 0;
export let keyOffsets: usize = 0;
export let keyCount: u32 = 0;

let hashes: usize = 0;
let slots: usize = 0;
let mask: u32 = FIRST_MASK;
let mostKeys: u32 = 0;
let mostBytes: usize = 0;
/** Keeps reads made for their effect on the caches from being taken for useless. */
export let touched: u32 = 0;

export function reserveKeys(keys: u32, bytes: usize): void {
  mostKeys = keys;
  mostBytes = bytes;
  keyBytes = reserve(bytes);
  keyOffsets = reserve((<usize>keys + 1) * 4);
  hashes = reserve(<usize>keys * 8);
  let most: usize = FIRST_MASK + 1;
  // The table grows when it is more than half full; the last key may make it do so.
  while (most <= <usize>keys * 2) most *= 2;
  slots = reserve(most * SLOT_BYTES);
}

export function clearKeys(): void {
  if (keyCount > 0) memory.fill(slots, 0, (<usize>mask + 1) * SLOT_BYTES);
  keyCount = 0;
}

/** @returns the id of the bytes: ids count from 0 in the order of first appearance */
export function internKey(at: usize, length: u32, hash: u64): u32 {
  const tag = <u32>(hash >> 32);
  let i = <u32>hash & mask;
  while (true) {
    const slot = slots + <usize>i * SLOT_BYTES;
    const entry = load<u32>(slot, 4);
    if (entry === 0) return add(slot, at, length, hash);
    if (
      load<u32>(slot) === tag &&
      load<u32>(slot, 12) === length &&
      sameBytes(keyBytes + load<u32>(slot, 8), at, length)
    ) {
      return entry - 1;
    }
    i = (i + 1) & mask;
  }
}

/**
 * Bring the slots of many hashes, 8 bytes each from `hash` on, and the bytes they point to into the caches: the
 * processor waits for many of them at once here, but for each alone in the look-ups.
 */
export function touchKeys(hash: usize, count: u32): void {
  if (mask < CACHED_SLOTS) return;
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    const slot = slots + <usize>(<u32>load<u64>(hash + (i << 3)) & mask) * SLOT_BYTES;
    sum += load<u32>(slot, 8);
  }
  for (let i: u32 = 0; i < count; i++) {
    const slot = slots + <usize>(<u32>load<u64>(hash + (i << 3)) & mask) * SLOT_BYTES;
    const bytes = keyBytes + load<u32>(slot, 8);
    sum += <u32>load<u8>(bytes) + <u32>load<u8>(bytes, 64);
  }
  touched = sum;
}

function add(slot: usize, at: usize, length: u32, hash: u64): u32 {
  const id = keyCount;
  const offset = load<u32>(keyOffsets + ((<usize>id) << 2));
  if (id === mostKeys || <usize>offset + length > mostBytes) unreachable();
  memory.copy(keyBytes + offset, at, length);
  store<u32>(keyOffsets + ((<usize>id) << 2), offset + length, 4);
  store<u64>(hashes + ((<usize>id) << 3), hash);
  fill(slot, id, offset, length, hash);
  keyCount = id + 1;
  if (keyCount * 2 > mask) grow();
  return id;
}

function fill(slot: usize, id: u32, offset: u32, length: u32, hash: u64): void {
  store<u32>(slot, <u32>(hash >> 32));
  store<u32>(slot, id + 1, 4);
  store<u32>(slot, offset, 8);
  store<u32>(slot, length, 12);
}

function grow(): void {
  memory.fill(slots, 0, (<usize>mask + 1) * SLOT_BYTES);
  mask = mask * 2 + 1;
  for (let id: u32 = 0; id < keyCount; id++) {
    const hash = load<u64>(hashes + ((<usize>id) << 3));
    let i = <u32>hash & mask;
    while (load<u32>(slots + <usize>i * SLOT_BYTES, 4) !== 0) i = (i + 1) & mask;
    const offset = load<u32>(keyOffsets + ((<usize>id) << 2));
    const length = load<u32>(keyOffsets + ((<usize>id) << 2), 4) - offset;
    fill(slots + <usize>i * SLOT_BYTES, id, offset, length, hash);
  }
}
