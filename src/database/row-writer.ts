import { DASH } from '../extract/bytes.js';
import { writeText } from './text-field.js';

const TWO_32 = 4_294_967_296;

/** From this length on a call costs less than a loop. */
const LONG_TEXT = 96;

/** Writes values in the binary form of COPY: a length in bytes, then the value, all big-endian ("COPY" in the PostgreSQL manual). */
export class RowWriter {
  /** Where the next value goes in {@link out}. */
  protected at = 0;
  /** Whether the line at hand holds nothing but ASCII, no NUL and no backslash: then text is copied as it is. */
  protected isPlain = false;

  /** @param out with room for whatever is written */
  constructor(protected out: Buffer) {}

  protected putText(from: Buffer, start: number, end: number): void {
    const { out } = this;
    const length = this.at;
    let at = length + 4;
    if (!this.isPlain) {
      at = writeText(from, start, end, out, at);
    } else if (end - start > LONG_TEXT) {
      at += from.copy(out, at, start, end);
    } else {
      for (let i = start; i < end; i++) out[at++] = from[i];
    }
    this.putInt32(at - length - 4);
    this.at = at;
  }

  /** Digits, or `-`: known to fit into 63 bits. */
  protected putNumber(buffer: Buffer, start: number, end: number): void {
    if (buffer[start] === DASH) {
      this.putInt32(-1);
      return;
    }
    if (end - start > 15) {
      const exact = BigInt(buffer.toString('latin1', start, end));
      this.putInt32(8);
      this.putInt32(Number(exact >> 32n));
      this.putInt32(Number(exact & 0xffffffffn));
      return;
    }
    let value = 0;
    for (let i = start; i < end; i++) value = value * 10 + (buffer[i] - 0x30);
    this.putCount(value);
  }

  /** A whole number, not necessarily positive, as eight bytes and their length. */
  protected putCount(value: number): void {
    const high = Math.floor(value / TWO_32);
    this.putInt32(8);
    this.putInt32(high);
    this.putInt32(value - high * TWO_32);
  }

  protected putInt16(value: number): void {
    this.out[this.at++] = value >>> 8;
    this.out[this.at++] = value;
  }

  protected putInt32(value: number): void {
    const { out } = this;
    let { at } = this;
    out[at++] = value >>> 24;
    out[at++] = value >>> 16;
    out[at++] = value >>> 8;
    out[at++] = value;
    this.at = at;
  }
}
