/** Memory is a stack: each segment takes what it needs from the bottom on, and the next one takes it again. */
const PAGE_BYTES: usize = 65_536;

/** Beyond every range that is read or written some bytes at a time. */
export const SLACK_BYTES: usize = 64;

let next: usize = 0;

/** Forget all that was taken. */
export function releaseAll(): void {
  next = (__heap_base + 63) & ~63;
}

/** How much is taken, for {@link releaseTo}. */
export function taken(): usize {
  return next;
}

/** Give back what was taken since. */
export function releaseTo(mark: usize): void {
  next = mark;
}

/** @returns the address of `bytes` bytes that hold anything */
export function take(bytes: usize): usize {
  const at = next;
  next = (next + bytes + SLACK_BYTES + 63) & ~63;
  const have = <usize>memory.size() * PAGE_BYTES;
  // Addresses have 32 bits: what would go beyond them wraps around.
  if (next < at) unreachable();
  if (next > have) {
    const pages = (next - have + PAGE_BYTES - 1) / PAGE_BYTES;
    if (memory.grow(<i32>pages) < 0) unreachable();
  }
  return at;
}

/** As {@link take}, all zero. */
export function takeZeros(bytes: usize): usize {
  const at = take(bytes);
  memory.fill(at, 0, bytes);
  return at;
}
