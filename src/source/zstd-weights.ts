/** The bytes at the beginning of a compressed block that {@link hasEndlessWeights} may need. */
export const WEIGHTS_PROBE_BYTES = 5 + 1 + 127;

/**
 * Whether a compressed block describes its Huffman weights by an FSE table of a single symbol. Reading
 * weights from it takes no bits, so they never end: valid data has no such table, and the decoder would not come back.
 * Source: RFC 8878, sections 3.1.1.3.1 (literals), 4.2.1.2 (weights) and 4.1.1 (FSE tables).
 *
 * @param block its first {@link WEIGHTS_PROBE_BYTES}, or all of it if it is shorter
 */
export function hasEndlessWeights(block: Uint8Array): boolean {
  const COMPRESSED_LITERALS = 2;
  if (block.length === 0 || (block[0] & 3) !== COMPRESSED_LITERALS) return false;
  const sizeFormat = (block[0] >> 2) & 3;
  const treeAt = sizeFormat < 2 ? 3 : sizeFormat + 2;
  // From 128 on the weights are written out.
  const described = block[treeAt];
  if (described === undefined || described >= 128) return false;
  return isSingleSymbolTable(block.subarray(treeAt + 1, treeAt + 1 + described));
}

function isSingleSymbolTable(table: Uint8Array): boolean {
  let bit = 0;
  const take = (count: number): number => {
    let value = 0;
    for (let i = 0; i < count; i++, bit++) {
      value |= (((table[bit >> 3] ?? 0) >> (bit & 7)) & 1) << i;
    }
    return value;
  };
  const total = 1 << (take(4) + 5);
  const remaining = total;
  while (remaining > 0 && bit < table.length * 8) {
    // A value from 0 to `remaining + 1`; the smaller ones take a bit less.
    const width = 32 - Math.clz32(remaining + 1);
    const short = take(width - 1);
    const spare = (1 << width) - 2 - remaining;
    let value = short;
    if (short >= spare) {
      value = short | (take(1) << (width - 1));
      if (value >= 1 << (width - 1)) value -= spare;
    }
    const probability = value - 1;
    if (probability === 0) {
      // Further symbols that do not occur.
      while (take(2) === 3 && bit < table.length * 8);
      continue;
    }
    // The first symbol that occurs decides: it has all of the table, or another follows.
    return probability === total;
  }
  return false;
}
