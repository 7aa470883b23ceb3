import type { Extent } from './find-addresses.js';

/** Some bytes of a text, and what stands in their place. */
export interface Masked extends Extent {
  readonly mask: string;
}

/** Put masks into a text, one in place of extents that overlap or touch: the one that comes first in `order`. */
export function replaceExtents(
  text: string,
  extents: readonly Masked[],
  order: readonly string[],
): string {
  const sorted = [...extents].sort((one, other) => one.from - other.from);
  let out = '';
  let done = 0;
  for (let i = 0; i < sorted.length; ) {
    let { to, mask } = sorted[i];
    const { from } = sorted[i++];
    for (; i < sorted.length && sorted[i].from <= to; i++) {
      to = Math.max(to, sorted[i].to);
      if (order.indexOf(sorted[i].mask) < order.indexOf(mask)) mask = sorted[i].mask;
    }
    out += text.slice(done, from) + mask;
    done = to;
  }
  return out + text.slice(done);
}
