import { Integers, readDeltas } from './integers.js';
import { Scratch } from './scratch.js';
import { PADDING } from './uncompress.js';

const LENGTH_BYTES = 4;
/** Of strings that share bytes, so that a few bytes may stand for many. */
const MOST_BYTES = 1 << 30;

/** Byte strings, numbered from 0, where they stand in pages of a file. */
export class Strings {
  /** There is room for a word behind the last one. */
  bytes = new Uint8Array(0);
  /** Where each begins in the bytes, and where it ends. */
  starts: Uint32Array = new Uint32Array(0);
  ends: Uint32Array = new Uint32Array(0);
  count = 0;
  readonly #scratch: Scratch;
  readonly #name: string;

  /** @param name in the scratch memory */
  constructor(scratch = new Scratch(), name = '') {
    this.#scratch = scratch;
    this.#name = name;
  }

  /**
   * Strings with their lengths before them, or of a fixed length.
   *
   * @param fixed their length, or 0
   */
  addPlain(view: DataView, from: number, fixed: number, count: number): void {
    if (!(fixed >= 0) || count * (fixed || LENGTH_BYTES) > view.byteLength) {
      throw new RangeError('strings beyond the end');
    }
    const { base, first } = this.#append(viewBytes(view), count);
    const { starts, ends } = this;
    let p = from;
    for (let i = first; i < first + count; i++) {
      let length = fixed;
      if (fixed === 0) {
        length = view.getUint32(p, true);
        p += 4;
      }
      starts[i] = base + p;
      p += length;
      ends[i] = base + p;
    }
    if (p > view.byteLength) throw new RangeError('a string beyond the end');
  }

  /** Source: Apache Parquet, "Encodings", DELTA_LENGTH_BYTE_ARRAY. */
  addDeltaLength(view: DataView, from: number, count: number): void {
    const lengths = new Integers(count);
    let p = readDeltas(view, from, lengths, 0, count);
    const { base, first } = this.#append(viewBytes(view), count);
    for (let i = 0; i < count; i++) {
      this.starts[first + i] = base + p;
      p += lengths.low[i];
      this.ends[first + i] = base + p;
    }
    if (p > view.byteLength) throw new RangeError('a string beyond the end');
  }

  /** Source: Apache Parquet, "Encodings", DELTA_BYTE_ARRAY. */
  addDeltaBytes(view: DataView, from: number, count: number): void {
    const shared = new Integers(count);
    const rest = new Strings();
    rest.addDeltaLength(view, readDeltas(view, from, shared, 0, count), count);
    let total = 0;
    for (let i = 0, before = 0; i < count; i++) {
      if (shared.low[i] > before) throw new RangeError('a string shares more than there is');
      before = shared.low[i] + rest.ends[i] - rest.starts[i];
      total += before;
    }
    if (total > MOST_BYTES) throw new RangeError(`strings of ${total} bytes`);
    const bytes = new Uint8Array(total + PADDING);
    const { base, first } = this.#append(bytes, count);
    let before = 0;
    let at = 0;
    for (let i = 0; i < count; i++) {
      const start = at;
      bytes.copyWithin(at, before, before + shared.low[i]);
      at += shared.low[i];
      bytes.set(rest.bytes.subarray(rest.starts[i], rest.ends[i]), at);
      at += rest.ends[i] - rest.starts[i];
      this.starts[first + i] = base + start;
      this.ends[first + i] = base + at;
      before = start;
    }
    if (base > 0) this.bytes.set(bytes, base);
  }

  /** All strings, one behind the other. @throws RangeError when one has another length */
  fixed(length: number): Uint8Array<ArrayBuffer> {
    const { bytes, starts, ends, count } = this;
    const all = new Uint8Array(count * length);
    let isDense = true;
    for (let i = 0; i < count; i++) {
      if (ends[i] - starts[i] !== length) throw new RangeError('a string of another length');
      isDense = isDense && starts[i] === starts[0] + i * length;
    }
    if (isDense) all.set(bytes.subarray(starts[0], starts[0] + count * length));
    else {
      for (let i = 0; i < count; i++) all.set(bytes.subarray(starts[i], ends[i]), i * length);
    }
    return all;
  }

  /** Take bytes over as they are, usually the only ones; and make room for strings in them. */
  #append(bytes: Uint8Array, count: number): { readonly base: number; readonly first: number } {
    const base = this.bytes.length;
    const first = this.count;
    this.count += count;
    if (base === 0) this.bytes = bytes as Uint8Array<ArrayBuffer>;
    else {
      const all = new Uint8Array(base + bytes.length);
      all.set(this.bytes);
      all.set(bytes, base);
      this.bytes = all;
    }
    this.starts = this.#longer(this.starts, 'starts');
    this.ends = this.#longer(this.ends, 'ends');
    return { base, first };
  }

  #longer(values: Uint32Array, name: string): Uint32Array {
    if (values.length === 0) return this.#scratch.words(`${this.#name} ${name}`, this.count);
    const more = new Uint32Array(this.count);
    more.set(values);
    return more;
  }
}

function viewBytes(view: DataView): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
}
