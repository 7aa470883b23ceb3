/** Unsigned LEB128. @returns the address after it */
export function putVarint(at: usize, value: u64): usize {
  let rest = value;
  while (rest >= 128) {
    store<u8>(at++, <u8>(rest | 128));
    rest >>= 7;
  }
  store<u8>(at, <u8>rest);
  return at + 1;
}

/** Signed LEB128 by zigzag. @returns the address after it */
export function putZigzag(at: usize, value: i64): usize {
  return putVarint(at, ((<u64>value) << 1) ^ <u64>(value >> 63));
}

/** Bits needed for numbers below `count`. */
export function widthBelow(count: u32): u32 {
  return count <= 1 ? 0 : 32 - clz<u32>(count - 1);
}
