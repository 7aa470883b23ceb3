/**
 * Compression that every Parquet reader undoes. Source of the format: google/snappy, "format_description.txt".
 */
import { putVarint } from './bytes';

/** Pieces are compressed on their own, so that a position in one has 16 bits. */
export const PIECE_BYTES: u32 = 1 << 16;

const TABLE_BITS: u32 = 13;
const table: usize = memory.data(2 << 13, 16);

/** The most bytes that `count` bytes come to. */
export function mostSnappyBytes(count: usize): usize {
  return 64 + count + count / 6;
}

/** Compress `count` bytes; 8 bytes behind them are read. @returns the address after the result */
export function compress(from: usize, count: u32, out: usize): usize {
  let at = startSnappy(count, out);
  for (let done: u32 = 0; done < count; done += PIECE_BYTES) {
    at = compressPiece(from + done, min(PIECE_BYTES, count - done), at);
  }
  return at;
}

/** What all of `count` bytes begin with; pieces follow. */
export function startSnappy(count: u32, out: usize): usize {
  return putVarint(out, count);
}

/** @param count at most {@link PIECE_BYTES} */
export function compressPiece(from: usize, count: u32, out: usize): usize {
  const end = from + count;
  let at = out;
  let pending = from;
  if (count >= 16) {
    memory.fill(table, 0, 2 << TABLE_BITS);
    const limit = end - 15;
    let i = from + 1;
    /** Strides grow as long as nothing is found, so that what has no repetitions costs little. */
    let patience: u32 = 32;
    while (i < limit) {
      const word = load<u32>(i);
      const slot = slotOf(word);
      const candidate = from + load<u16>(slot);
      store<u16>(slot, <u16>(i - from));
      if (load<u32>(candidate) !== word) {
        i += patience >> 5;
        patience++;
        continue;
      }
      patience = 32;
      const length = 4 + commonBytes(candidate + 4, i + 4, end);
      at = putLiteral(pending, i, at);
      at = putCopy(<u32>(i - candidate), length, at);
      i += length;
      pending = i;
      if (i < limit) store<u16>(slotOf(load<u32>(i - 1)), <u16>(i - 1 - from));
    }
  }
  return putLiteral(pending, end, at);
}

function slotOf(word: u32): usize {
  return table + ((<usize>((word * 0x1e35a7bd) >> (32 - TABLE_BITS))) << 1);
}

/** How many bytes from `b` on, which is behind `a`, are as those from `a` on. */
function commonBytes(a: usize, b: usize, end: usize): u32 {
  let i = b;
  let j = a;
  while (i + 8 <= end) {
    const differences = load<u64>(i) ^ load<u64>(j);
    if (differences !== 0) return <u32>(i - b) + <u32>(ctz(differences) >> 3);
    i += 8;
    j += 8;
  }
  while (i < end && load<u8>(i) === load<u8>(j)) {
    i++;
    j++;
  }
  return <u32>(i - b);
}

function putLiteral(from: usize, end: usize, out: usize): usize {
  const length = <u32>(end - from);
  if (length === 0) return out;
  let at = out;
  const last = length - 1;
  if (last < 60) {
    store<u8>(at, <u8>(last << 2));
    at += 1;
    if (last < 16) {
      v128.store(at, v128.load(from));
      return at + length;
    }
  } else if (last < 256) {
    store<u8>(at, 60 << 2);
    store<u8>(at, <u8>last, 1);
    at += 2;
  } else {
    store<u8>(at, 61 << 2);
    store<u16>(at, <u16>last, 1);
    at += 3;
  }
  memory.copy(at, from, length);
  return at + length;
}

function putCopy(offset: u32, length: u32, out: usize): usize {
  let at = out;
  let rest = length;
  while (rest >= 68) {
    at = putLongCopy(offset, 64, at);
    rest -= 64;
  }
  if (rest > 64) {
    at = putLongCopy(offset, 60, at);
    rest -= 60;
  }
  if (rest >= 12 || offset >= 2048) return putLongCopy(offset, rest, at);
  store<u8>(at, <u8>(1 | ((rest - 4) << 2) | ((offset >> 8) << 5)));
  store<u8>(at, <u8>offset, 1);
  return at + 2;
}

function putLongCopy(offset: u32, length: u32, at: usize): usize {
  store<u8>(at, <u8>(2 | ((length - 1) << 2)));
  store<u16>(at, <u16>offset, 1);
  return at + 3;
}
