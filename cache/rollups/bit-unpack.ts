/**
 * Unpack numbers of a fixed width of bits, lowest bit first.
 *
 * @param view must go on for 8 bytes behind the packed numbers
 * @param width 0 to 32
 */
export function unpackBits(
  view: DataView,
  from: number,
  width: number,
  out: Uint32Array,
  at: number,
  count: number,
): void {
  if (width === 0) {
    out.fill(0, at, at + count);
    return;
  }
  const end = at + count;
  if (width <= 25) {
    const mask = 2 ** width - 1;
    for (let i = at, bit = 0; i < end; i++, bit += width) {
      out[i] = (view.getUint32(from + (bit >>> 3), true) >>> (bit & 7)) & mask;
    }
    return;
  }
  for (let i = at, bit = 0; i < end; i++, bit += width) {
    out[i] = bitsAt(view, from, bit, width);
  }
}

/** One number of 0 to 32 bits. */
export function bitsAt(view: DataView, from: number, bit: number, width: number): number {
  if (width === 0) return 0;
  const at = from + Math.floor(bit / 8);
  const shift = bit & 7;
  const mask = width === 32 ? -1 : 2 ** width - 1;
  let value = view.getUint32(at, true) >>> shift;
  if (shift + width > 32) value |= view.getUint8(at + 4) << (32 - shift);
  return (value & mask) >>> 0;
}

/**
 * Decode Parquet's mix of runs and bit-packed groups. Source: Apache Parquet, "Encodings", RLE.
 *
 * @returns where it ended
 * @throws RangeError for what it does not understand, or what goes on beyond the view
 */
export function readHybrid(
  view: DataView,
  from: number,
  width: number,
  out: Uint32Array,
  at: number,
  count: number,
): number {
  if (width > 32) throw new RangeError(`numbers of ${width} bits`);
  const valueBytes = (width + 7) >> 3;
  let position = from;
  let done = 0;
  while (done < count) {
    let head = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = view.getUint8(position++);
      head |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    head >>>= 0;
    const length = head >>> 1;
    if ((head & 1) === 1) {
      const values = Math.min(length * 8, count - done);
      unpackBits(view, position, width, out, at + done, values);
      position += length * width;
      done += values;
    } else {
      const value = bitsAt(view, position, 0, valueBytes * 8);
      const values = Math.min(length, count - done);
      out.fill(value, at + done, at + done + values);
      position += valueBytes;
      done += values;
      if (length === 0) throw new RangeError('a run of no values');
    }
  }
  return position;
}
