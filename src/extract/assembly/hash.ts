/**
 * Hashes of byte strings that nobody outside can make collide: NH (Black, Halevi, Krawczyk, Krovetz, Rogaway:
 * "UMAC: Fast and Secure Message Authentication", 1999) under random words, so that two strings
 * of one length have the same hash by chance alone, once in 2^32 pairs, whoever chose them.
 */
const BLOCK_BYTES: usize = 1024;

/** Random words, filled by JavaScript. */
export const seed: usize = memory.data(1024 + 64, 16);

/** 16 bytes of ones, then 16 of zeros: from 16 - n on, the mask of n bytes. */
const masks: usize = memory.data<u8>([
  255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0,
  0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
]);

/** Hash `length` bytes; 16 bytes from any of them on must be readable. */
export function hashBytes(at: usize, length: usize): u64 {
  let sum = i64x2.splat(0);
  let mixed: u64 = 0;
  let i = at;
  let word: usize = 0;
  let rest = length;
  while (rest >= 16) {
    sum = i64x2.add(sum, product(v128.load(i), word));
    i += 16;
    word += 16;
    rest -= 16;
    if (word === BLOCK_BYTES) {
      mixed = mix(mixed ^ folded(sum));
      sum = i64x2.splat(0);
      word = 0;
    }
  }
  if (rest > 0) {
    const masked = v128.and(v128.load(i), v128.load(masks + 16 - rest));
    sum = i64x2.add(sum, product(masked, word));
  }
  return mix(mixed ^ (folded(sum) + <u64>length * (load<u64>(seed + 1024) | 1)));
}

/** Hash an address of four words, likewise. */
export function hashWords(a: u32, b: u32, c: u32, d: u32): u64 {
  return mix(
    <u64>(a + load<u32>(seed)) * <u64>(b + load<u32>(seed + 4)) +
      <u64>(c + load<u32>(seed + 8)) * <u64>(d + load<u32>(seed + 12)),
  );
}

/** Hash one word: multiply-shift (Dietzfelbinger et al., 1997); the upper bits are the good ones. */
export function hashWord(word: u32): u32 {
  return <u32>((<u64>word * (load<u64>(seed + 1032) | 1) + load<u64>(seed + 1040)) >> 32);
}

/** Sum of the two products of 32-bit words, each with its random word added. */
function product(bytes: v128, word: usize): v128 {
  const keyed = i32x4.add(bytes, v128.load(seed + word));
  const even = v128.shuffle<i32>(keyed, keyed, 0, 2, 0, 2);
  const odd = v128.shuffle<i32>(keyed, keyed, 1, 3, 1, 3);
  return i64x2.extmul_low_i32x4_u(even, odd);
}

function folded(sum: v128): u64 {
  return i64x2.extract_lane(sum, 0) + i64x2.extract_lane(sum, 1);
}

/** The finalizer of MurmurHash3: one to one, so that it loses nothing. */
function mix(value: u64): u64 {
  let h = value;
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccd;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53;
  h ^= h >> 33;
  return h;
}
