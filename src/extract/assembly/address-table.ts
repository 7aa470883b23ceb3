import { hashWord, hashWords } from './hash';
import { reserve } from './memory';

/** Stands for "the log names no address". */
export const NO_ADDRESS: u32 = 0;
const FIRST_MASK: u32 = (1 << 12) - 1;
const CACHED_SLOTS: u32 = 1 << 14;

/** Addresses by id, in 16-byte form as four words; id 0 is {@link NO_ADDRESS}. */
export let addressWords: usize = 0;
export let addressCount: u32 = 1;

/** IPv4 slots: the address, its id (0: empty). Others: the id. */
let v4Slots: usize = 0;
let v4Mask: u32 = FIRST_MASK;
let v4Count: u32 = 0;
let v6Slots: usize = 0;
let v6Mask: u32 = FIRST_MASK;
let v6Count: u32 = 0;
let most: u32 = 0;
export let touchedAddresses: u32 = 0;

export function reserveAddresses(addresses: u32): void {
  most = addresses;
  let slots: usize = FIRST_MASK + 1;
  while (slots <= <usize>addresses * 2) slots *= 2;
  addressWords = reserve(<usize>addresses * 16);
  v4Slots = reserve(slots * 8);
  v6Slots = reserve(slots * 4);
}

export function clearAddresses(): void {
  // Not only forgotten: raw addresses do not outlive their batch.
  memory.fill(addressWords, 0, <usize>addressCount * 16);
  if (v4Count > 0) memory.fill(v4Slots, 0, (<usize>v4Mask + 1) * 8);
  if (v6Count > 0) memory.fill(v6Slots, 0, (<usize>v6Mask + 1) * 4);
  addressCount = 1;
  v4Count = 0;
  v6Count = 0;
}

/** @returns the id of an IPv4 address */
export function internV4(address: u32): u32 {
  let i = hashWord(address) & v4Mask;
  while (true) {
    const slot = v4Slots + ((<usize>i) << 3);
    const id = load<u32>(slot, 4);
    if (id === 0) {
      const made = add(0, 0, 0xffff, address);
      store<u32>(slot, address);
      store<u32>(slot, made, 4);
      if (++v4Count * 2 > v4Mask) growV4();
      return made;
    }
    if (load<u32>(slot) === address) return id;
    i = (i + 1) & v4Mask;
  }
}

/** @returns the id of any address in 16-byte form */
export function internAddress(a: u32, b: u32, c: u32, d: u32): u32 {
  if (a === 0 && b === 0 && c === 0xffff) return internV4(d);
  return internV6(a, b, c, d, <u32>hashWords(a, b, c, d));
}

/** @returns the id of an address that is no IPv4 address, and whose hash is known */
export function internV6(a: u32, b: u32, c: u32, d: u32, hash: u32): u32 {
  let i = hash & v6Mask;
  while (true) {
    const slot = v6Slots + ((<usize>i) << 2);
    const id = load<u32>(slot);
    if (id === 0) {
      const made = add(a, b, c, d);
      store<u32>(slot, made);
      if (++v6Count * 2 > v6Mask) growV6();
      return made;
    }
    const words = addressWords + ((<usize>id) << 4);
    if (
      load<u32>(words, 12) === d &&
      load<u32>(words, 8) === c &&
      load<u32>(words, 4) === b &&
      load<u32>(words) === a
    ) {
      return id;
    }
    i = (i + 1) & v6Mask;
  }
}

/** As `touchKeys`: `count` IPv4 addresses of 4 bytes each. */
export function touchV4(addresses: usize, count: u32): void {
  if (v4Mask < CACHED_SLOTS) return;
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count; i++) {
    sum += load<u32>(
      v4Slots + ((<usize>(hashWord(load<u32>(addresses + (i << 2))) & v4Mask)) << 3),
    );
  }
  touchedAddresses = sum;
}

/** As `touchKeys`: the slots for `count` hashes, 4 bytes each, and the addresses they point to. */
export function touchV6(hashes: usize, count: u32): void {
  if (v6Mask < CACHED_SLOTS) return;
  let sum: u32 = 0;
  for (let i: u32 = 0; i < count; i++) sum += load<u32>(v6Slot(hashes, i));
  for (let i: u32 = 0; i < count; i++) {
    sum += load<u32>(addressWords + ((<usize>load<u32>(v6Slot(hashes, i))) << 4));
  }
  touchedAddresses = sum;
}

function v6Slot(hashes: usize, i: u32): usize {
  return v6Slots + ((<usize>(load<u32>(hashes + (i << 2)) & v6Mask)) << 2);
}

function add(a: u32, b: u32, c: u32, d: u32): u32 {
  const id = addressCount;
  if (id === most) unreachable();
  const words = addressWords + ((<usize>id) << 4);
  store<u32>(words, a);
  store<u32>(words, b, 4);
  store<u32>(words, c, 8);
  store<u32>(words, d, 12);
  addressCount = id + 1;
  return id;
}

function growV4(): void {
  memory.fill(v4Slots, 0, (<usize>v4Mask + 1) * 8);
  v4Mask = v4Mask * 2 + 1;
  for (let id: u32 = 1; id < addressCount; id++) {
    const words = addressWords + ((<usize>id) << 4);
    if (!isV4(words)) continue;
    const address = load<u32>(words, 12);
    let i = hashWord(address) & v4Mask;
    while (load<u32>(v4Slots + ((<usize>i) << 3), 4) !== 0) i = (i + 1) & v4Mask;
    store<u32>(v4Slots + ((<usize>i) << 3), address);
    store<u32>(v4Slots + ((<usize>i) << 3), id, 4);
  }
}

function growV6(): void {
  memory.fill(v6Slots, 0, (<usize>v6Mask + 1) * 4);
  v6Mask = v6Mask * 2 + 1;
  for (let id: u32 = 1; id < addressCount; id++) {
    const words = addressWords + ((<usize>id) << 4);
    if (isV4(words)) continue;
    let i =
      <u32>(
        hashWords(load<u32>(words), load<u32>(words, 4), load<u32>(words, 8), load<u32>(words, 12))
      ) & v6Mask;
    while (load<u32>(v6Slots + ((<usize>i) << 2)) !== 0) i = (i + 1) & v6Mask;
    store<u32>(v6Slots + ((<usize>i) << 2), id);
  }
}

function isV4(words: usize): bool {
  return load<u64>(words) === 0 && load<u32>(words, 8) === 0xffff;
}
