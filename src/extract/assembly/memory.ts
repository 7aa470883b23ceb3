/** Memory is given out once, at the start, and never taken back: what JavaScript sees of it stays valid. */
const PAGE_BYTES: usize = 65_536;

/** Beyond every range that is read 16 bytes at a time. */
export const SLACK_BYTES: usize = 64;

let next: usize = 0;

/** @returns the address of `bytes` zero bytes; the system gives real memory only to what is used of them */
export function reserve(bytes: usize): usize {
  if (next === 0) next = (__heap_base + 63) & ~63;
  const at = next;
  next = (next + bytes + SLACK_BYTES + 63) & ~63;
  const have = <usize>memory.size() * PAGE_BYTES;
  if (next > have) {
    const pages = (next - have + PAGE_BYTES - 1) / PAGE_BYTES;
    if (memory.grow(<i32>pages) < 0) unreachable();
  }
  return at;
}
