import { behind, type Cidr, compareWords } from './cidr.js';

/** A block of addresses and the code of the region its addresses belong to. */
export interface CodedRange extends Cidr {
  readonly code: string;
}

/** Consecutive addresses of one code. */
export interface Interval {
  /** The 16 bytes of its first address. */
  readonly first: Uint8Array;
  /** How many addresses it has, rounded. */
  readonly size: number;
}

/** Which code an address has: disjoint intervals in order, found by binary search. */
export interface RangeTable {
  /** @param address 16 bytes, IPv4 as `::ffff:a.b.c.d` */
  find(address: Uint8Array): string | undefined;
  /** Every code that `find` can return, in order of code points. */
  readonly codes: readonly string[];
  intervals(code: string): Interval[];
}

/**
 * Flatten blocks, which may overlap and nest, into disjoint intervals. The most specific block that
 * holds an address decides; of equal blocks that of the first list; within one list a code that
 * names a place goes before one that does not (`AWS/us-east-1` before `AWS/GLOBAL`), and then the
 * one that sorts first, so that the order of entries does not matter.
 *
 * @param lists blocks by list, the list that goes first first
 */
export function buildRangeTable(lists: readonly (readonly CodedRange[])[]): RangeTable {
  const { starts, labels, codes } = flatten(sorted(lists));
  return {
    find: (address) => codes[labels[lastNotAfter(starts, address)]],
    codes: [...new Set(Array.from(labels, (label) => codes[label]))]
      .filter((code) => code !== undefined)
      .sort(),
    intervals: (code) => intervalsOf(starts, labels, codes.indexOf(code)),
  };
}

/** All blocks by first address, wider before narrower, each block once, with the code that wins. */
function sorted(lists: readonly (readonly CodedRange[])[]): CodedRange[] {
  const all = lists.flatMap((list, rank) => list.map((range) => ({ range, rank })));
  all.sort(
    (left, right) =>
      compareBlocks(left.range, right.range) ||
      left.rank - right.rank ||
      Number(namesNoPlace(left.range.code)) - Number(namesNoPlace(right.range.code)) ||
      (left.range.code < right.range.code ? -1 : 1),
  );
  return all
    .filter(({ range }, at) => at === 0 || compareBlocks(range, all[at - 1].range) !== 0)
    .map(({ range }) => range);
}

function compareBlocks(left: Cidr, right: Cidr): number {
  return compareWords(left.words, right.words) || left.length - right.length;
}

function namesNoPlace(code: string): boolean {
  return !code.includes('/') || code.toLowerCase().endsWith('/global');
}

interface Flat {
  /** Four words for each interval: its first address. The first interval starts at `::`. */
  readonly starts: Uint32Array;
  /** For each interval, where its code stands in `codes`; 0 is no code. */
  readonly labels: Uint32Array;
  readonly codes: readonly (string | undefined)[];
}

/** Blocks nest or are disjoint, so one pass with a stack of the open ones is enough. */
function flatten(ranges: readonly CodedRange[]): Flat {
  const codes: (string | undefined)[] = [undefined];
  const labelOf = new Map<string, number>();
  const starts: number[] = [0, 0, 0, 0];
  const labels: number[] = [0];
  const begin = (words: ArrayLike<number>, label: number): void => {
    const n = starts.length;
    if (
      starts[n - 1] === words[3] &&
      starts[n - 2] === words[2] &&
      starts[n - 3] === words[1] &&
      starts[n - 4] === words[0]
    ) {
      // Nothing is between the interval begun last and this one.
      starts.length -= 4;
      labels.length--;
    }
    if (labels.length > 0 && labels[labels.length - 1] === label) return;
    starts.push(words[0], words[1], words[2], words[3]);
    labels.push(label);
  };
  const open: { readonly end: readonly number[] | undefined; readonly label: number }[] = [];
  const closeBefore = (words: ArrayLike<number> | undefined): void => {
    for (let top = open.at(-1); top !== undefined; top = open.at(-1)) {
      if (top.end === undefined || (words !== undefined && compareWords(top.end, words) > 0))
        return;
      open.pop();
      begin(top.end, open.at(-1)?.label ?? 0);
    }
  };
  for (const range of ranges) {
    let label = labelOf.get(range.code);
    if (label === undefined) {
      label = codes.push(range.code) - 1;
      labelOf.set(range.code, label);
    }
    closeBefore(range.words);
    open.push({ end: behind(range), label });
    begin(range.words, label);
  }
  closeBefore(undefined);
  return { starts: Uint32Array.from(starts), labels: Uint32Array.from(labels), codes };
}

/** The last interval that does not start after the address. */
function lastNotAfter(starts: Uint32Array, address: Uint8Array): number {
  const a = word(address, 0);
  const b = word(address, 4);
  const c = word(address, 8);
  const d = word(address, 12);
  let low = 0;
  let high = starts.length >> 2;
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    const at = middle << 2;
    const isAfter =
      starts[at] !== a
        ? starts[at] > a
        : starts[at + 1] !== b
          ? starts[at + 1] > b
          : starts[at + 2] !== c
            ? starts[at + 2] > c
            : starts[at + 3] > d;
    if (isAfter) high = middle;
    else low = middle;
  }
  return low;
}

function word(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0;
}

function intervalsOf(starts: Uint32Array, labels: Uint32Array, label: number): Interval[] {
  const found: Interval[] = [];
  for (let at = 0; label > 0 && at < labels.length; at++) {
    if (labels[at] !== label) continue;
    const start = starts.subarray(4 * at, 4 * at + 4);
    const next =
      at + 1 < labels.length ? starts.subarray(4 * at + 4, 4 * at + 8) : [2 ** 32, 0, 0, 0];
    const first = new Uint8Array(16);
    const view = new DataView(first.buffer);
    let size = 0;
    for (let i = 0; i < 4; i++) {
      view.setUint32(4 * i, start[i]);
      size = size * 2 ** 32 + (next[i] - start[i]);
    }
    found.push({ first, size });
  }
  return found;
}
