/** Values in the binary form of COPY: a length in bytes, then the value, all big-endian ("COPY" in the PostgreSQL manual). */
import { DASH } from '../../extract/assembly/bytes';

/** Where the next value goes. */
export let at: usize = 0;

export function writeAt(place: usize): void {
  at = place;
}

export function putInt16(value: u32): void {
  store<u16>(at, bswap<u16>(<u16>value));
  at += 2;
}

export function putInt32(value: u32): void {
  store<u32>(at, bswap<u32>(value));
  at += 4;
}

export function putNull(): void {
  store<u32>(at, 0xffffffff);
  at += 4;
}

export function putInt64(value: u64): void {
  putInt32(8);
  store<u64>(at, bswap<u64>(value));
  at += 8;
}

/** Copied 16 bytes at a time: what is too much is written over by what follows. */
export function putText(start: usize, end: usize): void {
  const length = end - start;
  putInt32(<u32>length);
  for (let i: usize = 0; i < length; i += 16) v128.store(at + i, v128.load(start + i));
  at += length;
}

export function isDash(start: usize, end: usize): bool {
  return end - start === 1 && load<u8>(start) === DASH;
}

/** `-` is NULL. */
export function putField(start: usize, end: usize): void {
  if (isDash(start, end)) putNull();
  else putText(start, end);
}
