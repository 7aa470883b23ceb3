import { BitPacker } from './bit-packer.js';
import { ByteSink } from './byte-sink.js';

/** Bits needed for numbers below `count`. */
export function bitWidth(count: number): number {
  return count <= 1 ? 0 : 32 - Math.clz32(count - 1);
}

/**
 * Dictionary ids as Parquet's RLE_DICTIONARY page: a byte for the width, then runs that are either one
 * repeated value or groups of eight bit-packed ones.
 * Source: Apache Parquet format, "Run Length Encoding / Bit-Packing Hybrid".
 *
 * @param ids `count` ids below `2^width`
 */
export function encodeDictionaryIds(ids: Uint32Array, count: number, width: number): ByteSink {
  const sink = new ByteSink(((count * width) >> 3) + 64);
  sink.u8(width);
  let packedStart = 0;
  let i = 0;
  while (i < count) {
    let runEnd = i + 1;
    while (runEnd < count && ids[runEnd] === ids[i]) runEnd++;
    // A run must begin where the groups of eight before it end; what is missing to that is taken from it.
    const lead = (8 - ((i - packedStart) & 7)) & 7;
    if (runEnd - i - lead >= 16) {
      if (i + lead > packedStart) packGroups(sink, ids, packedStart, i + lead, width);
      writeRun(sink, ids[i], runEnd - i - lead, width);
      packedStart = runEnd;
    }
    i = runEnd;
  }
  if (packedStart < count) packGroups(sink, ids, packedStart, count, width);
  return sink;
}

function writeRun(sink: ByteSink, value: number, length: number, width: number): void {
  sink.varint(length * 2);
  for (let bits = 0, rest = value; bits < width; bits += 8, rest >>>= 8) sink.u8(rest & 0xff);
}

/** The last group of a page may be short; it is filled up with zeros that no reader looks at. */
function packGroups(
  sink: ByteSink,
  ids: Uint32Array,
  start: number,
  end: number,
  width: number,
): void {
  const groups = Math.ceil((end - start) / 8);
  sink.varint(groups * 2 + 1);
  if (width === 0) return;
  sink.reserve(groups * width + 8);
  const packer = new BitPacker(sink);
  for (let i = start; i < end; i++) packer.put(ids[i], width);
  for (let i = end; i < start + groups * 8; i++) packer.put(0, width);
  packer.flush();
}
