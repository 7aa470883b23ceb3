import { BitPacker } from './bit-packer.js';
import { ByteSink } from './byte-sink.js';

const BLOCK = 128;
const MINIBLOCKS = 4;
const MINIBLOCK = BLOCK / MINIBLOCKS;

/** The largest value that {@link encodeDeltas} takes: differences stay exact as numbers. */
export const MOST_FOR_DELTAS = 2 ** 52;

const deltas = new Float64Array(BLOCK);

/**
 * Numbers as Parquet's DELTA_BINARY_PACKED page.
 * Source: Apache Parquet format, "Delta Encoding".
 *
 * @param values `count` whole numbers from 0 to {@link MOST_FOR_DELTAS}
 */
export function encodeDeltas(values: Float64Array, count: number): ByteSink {
  const sink = new ByteSink(count * 2 + 64);
  sink.varint(BLOCK);
  sink.varint(MINIBLOCKS);
  sink.varint(count);
  sink.zigzag(count > 0 ? values[0] : 0);
  const packer = new BitPacker(sink);
  for (let start = 1; start < count; start += BLOCK) {
    encodeBlock(values, start, Math.min(start + BLOCK, count), sink, packer);
  }
  return sink;
}

function encodeBlock(
  values: Float64Array,
  start: number,
  end: number,
  sink: ByteSink,
  packer: BitPacker,
): void {
  const size = end - start;
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < size; i++) {
    const delta = values[start + i] - values[start + i - 1];
    deltas[i] = delta;
    if (delta < least) least = delta;
  }
  sink.zigzag(least);
  for (let m = 0; m < MINIBLOCKS; m++) sink.u8(widthOf(m * MINIBLOCK, size, least));
  for (let m = 0; m * MINIBLOCK < size; m++) {
    const first = m * MINIBLOCK;
    const width = widthOf(first, size, least);
    if (width === 0) continue;
    for (let i = first; i < first + MINIBLOCK; i++) {
      packer.put(i < size ? deltas[i] - least : 0, width);
    }
    packer.flush();
  }
}

/** Bits of the largest difference in a miniblock; one without values has none. */
function widthOf(first: number, size: number, least: number): number {
  let most = 0;
  for (let i = first; i < first + MINIBLOCK && i < size; i++) {
    const above = deltas[i] - least;
    if (above > most) most = above;
  }
  if (most < 4_294_967_296) return 32 - Math.clz32(most);
  return 64 - Math.clz32(Math.floor(most / 4_294_967_296));
}
