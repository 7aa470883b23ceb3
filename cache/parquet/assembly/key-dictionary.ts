import { order } from './group-keys';
import { take } from './memory';
import { compressPiece, mostSnappyBytes, PIECE_BYTES, startSnappy } from './snappy';

/** Result bytes given out at once. */
const OUTPUT_BYTES: u32 = 1 << 20;

let keyBytes: usize = 0;
let keyOffsets: usize = 0;
let keys: u32 = 0;
let totalBytes: u32 = 0;
let piece: usize = 0;
/** Where the result stands. */
export let output: usize = 0;
/** The next key, and how much of it and its length is taken. */
let next: u32 = 0;
let taken: u32 = 0;
let isStarted: bool = false;

/** Begin a PLAIN dictionary of keys in the order of `group-keys`. */
export function startDictionary(bytes: usize, offsets: usize, count: u32): void {
  keyBytes = bytes;
  keyOffsets = offsets;
  keys = count;
  totalBytes = load<u32>(offsets + ((<usize>count) << 2)) + 4 * count;
  piece = take(PIECE_BYTES);
  output = take(<usize>OUTPUT_BYTES + mostSnappyBytes(<usize>PIECE_BYTES));
  next = 0;
  taken = 0;
  isStarted = false;
}

/** @returns how many more bytes of the compressed page stand at {@link output}, 0 after the last */
export function nextDictionaryBytes(): u32 {
  let at = output;
  if (!isStarted) at = startSnappy(totalBytes, at);
  isStarted = true;
  while (at < output + OUTPUT_BYTES) {
    const count = fillPiece();
    if (count === 0) break;
    at = compressPiece(piece, count, at);
  }
  return <u32>(at - output);
}

/** The same for the page as it is: instead of {@link nextDictionaryBytes}, not between. */
export function nextPlainDictionaryBytes(): u32 {
  let at = output;
  while (at < output + OUTPUT_BYTES) {
    const count = fillPiece();
    if (count === 0) break;
    memory.copy(at, piece, count);
    at += count;
  }
  return <u32>(at - output);
}

/** Lengths and bytes of keys, up to a whole piece. @returns how many bytes */
function fillPiece(): u32 {
  let filled: u32 = 0;
  while (next < keys && filled < PIECE_BYTES) {
    const offset = keyOffsets + ((<usize>load<u32>(order + ((<usize>next) << 2))) << 2);
    const start = load<u32>(offset);
    const length = load<u32>(offset, 4) - start;
    const free = PIECE_BYTES - filled;
    if (taken === 0 && length + 4 <= free) {
      store<u32>(piece + filled, length);
      copyKey(piece + filled + 4, keyBytes + start, length);
      filled += length + 4;
      next++;
      continue;
    }
    filled = fillSlowly(filled, start, length);
  }
  return filled;
}

/** As much of a key as there is room for. */
function fillSlowly(from: u32, start: u32, length: u32): u32 {
  let filled = from;
  while (filled < PIECE_BYTES && taken < 4) {
    store<u8>(piece + filled++, <u8>(length >> (8 * taken++)));
  }
  if (taken < 4) return filled;
  const more = min(PIECE_BYTES - filled, length + 4 - taken);
  memory.copy(piece + filled, keyBytes + start + taken - 4, more);
  taken += more;
  if (taken === length + 4) {
    taken = 0;
    next++;
  }
  return filled + more;
}

/** A call costs more than most keys: 16 bytes at a time, up to 15 too many at either place. */
function copyKey(to: usize, from: usize, length: u32): void {
  for (let i: usize = 0; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}
