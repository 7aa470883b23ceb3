import {
  type ByteStrings,
  byteStrings,
  commonLength,
  lastUpTo,
  lengthOf,
  startOf,
} from './byte-strings.js';
import { type DatasetNames, inByteOrder } from './dataset-names.js';
import { type Grouping, JoinedKey, UNASSOCIATED, UNASSOCIATED_BYTES } from './joined-key.js';

/** Names, so that those of a key are found soon; plain data that threads can be sent. */
export interface NamesIndex {
  /** In order. */
  readonly prefixes: ByteStrings;
  /** Of each prefix the longest other one that it begins with, or -1. */
  readonly shorter: Int32Array;
  /** Which name each prefix has. */
  readonly nameOf: Uint32Array;
  /** In order, {@link UNASSOCIATED} among them: no key without a prefix comes to one of these by its first component. */
  readonly names: ByteStrings;
  /** Of each name whether several prefixes have it. */
  readonly isShared: Uint8Array;
  readonly byFirstComponent: boolean;
}

/** @param names with their prefixes in order */
export function indexNames({ prefixes, otherwise }: DatasetNames): NamesIndex {
  const distinct = new Set([UNASSOCIATED, ...prefixes.map(([, name]) => name)]);
  const names = inByteOrder(distinct, (name) => name);
  const numbers = new Map(names.map((name, number) => [name, number]));
  const isShared = new Uint8Array(names.length);
  const seen = new Uint8Array(names.length);
  const nameOf = Uint32Array.from(prefixes, ([, name]) => {
    const number = numbers.get(name) as number;
    isShared[number] = seen[number];
    seen[number] = 1;
    return number;
  });
  const strings = byteStrings(prefixes.map(([prefix]) => prefix));
  return {
    prefixes: strings,
    shorter: shorterOf(strings),
    nameOf,
    names: byteStrings(names),
    isShared,
    byFirstComponent: otherwise === 'first-component',
  };
}

/** All strings that one begins with stand before it, and are beginnings of each other. */
function shorterOf(prefixes: ByteStrings): Int32Array {
  const { bytes, ends } = prefixes;
  const shorter = new Int32Array(ends.length);
  for (let i = 0; i < ends.length; i++) {
    const start = startOf(prefixes, i);
    let before = i - 1;
    while (before >= 0) {
      const own = lengthOf(prefixes, before);
      if (commonLength(prefixes, before, bytes, start, ends[i] - start) === own) break;
      before = shorter[before];
    }
    shorter[i] = before;
  }
  return shorter;
}

const SLASH = 0x2f;

/**
 * By the longest prefix that has a name. The asset path is what follows it; of a name with several prefixes it is the key,
 * so that no two keys become one asset. For the same reason a key without a prefix is unassociated where its first component is a name.
 */
export class NamesGrouping extends JoinedKey implements Grouping {
  readonly #index: NamesIndex;

  constructor(index: NamesIndex) {
    super();
    this.#index = index;
  }

  group(bytes: Uint8Array, _view: DataView, from: number, length: number): void {
    const { prefixes, nameOf, names, isShared, byFirstComponent } = this.#index;
    const key = bytes.subarray(from, from + length);
    const prefix = this.#longestPrefix(key);
    if (prefix >= 0) {
      const number = nameOf[prefix];
      const name = names.bytes.subarray(startOf(names, number), names.ends[number]);
      this.join(name, isShared[number] === 1 ? key : key.subarray(lengthOf(prefixes, prefix)));
      return;
    }
    const slash = key.indexOf(SLASH);
    const end = slash < 0 ? length : slash;
    if (byFirstComponent && !this.#isName(key, end)) {
      this.join(key.subarray(0, end), key.subarray(end + 1));
    } else {
      this.join(UNASSOCIATED_BYTES, key);
    }
  }

  /** @returns which one, or -1 */
  #longestPrefix(key: Uint8Array): number {
    const { prefixes, shorter } = this.#index;
    // Whatever the key begins with is this one, or one that this one begins with.
    let prefix = lastUpTo(prefixes, key, 0, key.length);
    if (prefix < 0) return prefix;
    const common = commonLength(prefixes, prefix, key, 0, key.length);
    while (prefix >= 0 && lengthOf(prefixes, prefix) > common) prefix = shorter[prefix];
    return prefix;
  }

  #isName(key: Uint8Array, end: number): boolean {
    const { names } = this.#index;
    const name = lastUpTo(names, key, 0, end);
    return (
      name >= 0 && lengthOf(names, name) === end && commonLength(names, name, key, 0, end) === end
    );
  }
}
