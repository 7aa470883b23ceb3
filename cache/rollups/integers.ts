import { bitsAt, unpackBits } from './bit-unpack.js';
import { Scratch } from './scratch.js';

/** 64-bit integers as two halves, two's complement. */
export class Integers {
  readonly low: Uint32Array;
  readonly high: Int32Array;

  /** @param name in the scratch memory */
  constructor(
    readonly count: number,
    scratch: Scratch = new Scratch(),
    name = '',
  ) {
    this.low = scratch.words(`${name} low`, count);
    this.high = scratch.integers(`${name} high`, count);
  }
}

/** Integers of 8 bytes each, or of 4. */
export function readPlainIntegers(
  view: DataView,
  from: number,
  size: 4 | 8,
  out: Integers,
  at: number,
  count: number,
): void {
  const { low, high } = out;
  for (let i = 0, p = from; i < count; i++, p += size) {
    low[at + i] = view.getUint32(p, true);
    high[at + i] = size === 8 ? view.getInt32(p + 4, true) : view.getInt32(p, true) >> 31;
  }
}

const WORD = 2 ** 32;
/** Writers put 128 numbers into a block, some 1,024. */
const MOST_BLOCK_VALUES = 1 << 20;

/** Source: Apache Parquet, "Encodings", DELTA_BINARY_PACKED. @returns where it ended @throws RangeError */
export function readDeltas(
  view: DataView,
  from: number,
  out: Integers,
  at: number,
  count: number,
): number {
  const head = new VarintReader(view, from);
  const blockValues = head.number();
  const miniblocks = head.number();
  head.number();
  head.zigzag();
  const { low, high } = out;
  let lowNow = head.low;
  let highNow = head.high;
  const perMiniblock = blockValues / miniblocks;
  // What makes no sense would take all memory, or go on for ever.
  if (!Number.isInteger(perMiniblock) || perMiniblock < 1 || blockValues > MOST_BLOCK_VALUES) {
    throw new RangeError(`blocks of ${blockValues} numbers in ${miniblocks} parts`);
  }
  const packed = new Uint32Array(perMiniblock);
  if (count > 0) {
    low[at] = lowNow;
    high[at] = highNow;
  }
  let done = 1;
  while (done < count) {
    head.zigzag();
    const leastLow = head.low;
    const leastHigh = head.high;
    const widths = head.at;
    let position = widths + miniblocks;
    for (let m = 0; m < miniblocks && done < count; m++) {
      const width = view.getUint8(widths + m);
      if (width > 64) throw new RangeError(`numbers of ${width} bits`);
      const values = Math.min(perMiniblock, count - done);
      if (width > 32) {
        for (let i = 0, bit = 0; i < values; i++, done++, bit += width) {
          const sum = lowNow + leastLow + bitsAt(view, position, bit, 32);
          const above = bitsAt(view, position, bit + 32, width - 32);
          lowNow = sum >>> 0;
          highNow = (highNow + leastHigh + above + carryOf(sum)) | 0;
          low[at + done] = lowNow;
          high[at + done] = highNow;
        }
      } else {
        unpackBits(view, position, width, packed, 0, values);
        for (let i = 0; i < values; i++, done++) {
          const sum = lowNow + leastLow + packed[i];
          lowNow = sum >>> 0;
          highNow = (highNow + leastHigh + carryOf(sum)) | 0;
          low[at + done] = lowNow;
          high[at + done] = highNow;
        }
      }
      position += (perMiniblock * width) / 8;
    }
    head.at = position;
  }
  return head.at;
}

/** What three lower halves add to the upper one. */
function carryOf(sum: number): number {
  return sum < WORD ? 0 : sum < 2 * WORD ? 1 : 2;
}

/** Varints of up to 64 bits, in halves. */
class VarintReader {
  low = 0;
  high = 0;

  constructor(
    readonly view: DataView,
    public at: number,
  ) {}

  number(): number {
    this.#read();
    return this.high * WORD + this.low;
  }

  zigzag(): void {
    this.#read();
    const sign = -(this.low & 1);
    this.low = (((this.low >>> 1) | (this.high << 31)) ^ sign) >>> 0;
    this.high = (this.high >>> 1) ^ sign;
  }

  #read(): void {
    let low = 0;
    let high = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = this.view.getUint8(this.at++);
      const bits = byte & 127;
      if (shift < 28) low |= bits << shift;
      else if (shift === 28) {
        low |= bits << 28;
        high |= bits >> 4;
      } else high |= bits << (shift - 32);
      if (byte < 128) break;
    }
    this.low = low >>> 0;
    this.high = high >>> 0;
  }
}
