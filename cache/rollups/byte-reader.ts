import { RADIX } from './sums.js';

/** Reads what a ByteWriter wrote. */
export class ByteReader {
  readonly bytes: Uint8Array;
  at: number;
  /** The sums read last. */
  low = 0;
  high = 0;
  requests = 0;
  downloads = 0;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  varint(): number {
    const { bytes } = this;
    let at = this.at;
    let byte = bytes[at++];
    let value = byte & 127;
    if (byte >= 128) {
      byte = bytes[at++];
      value |= (byte & 127) << 7;
      if (byte >= 128) {
        byte = bytes[at++];
        value |= (byte & 127) << 14;
        if (byte >= 128) {
          byte = bytes[at++];
          value |= (byte & 127) << 21;
          for (let scale = 2 ** 28; byte >= 128; scale *= 128) {
            byte = bytes[at++];
            value += (byte & 127) * scale;
          }
        }
      }
    }
    this.at = at;
    return value;
  }

  /**
   * How many things follow, each of at least one byte.
   *
   * @throws RangeError more than there are bytes: reading them would go on for as good as ever
   */
  count(): number {
    const count = this.varint();
    if (count > this.bytes.length - this.at) throw new RangeError('it ends too early');
    return count;
  }

  sums(): void {
    const requests = this.varint();
    this.downloads = this.varint();
    this.low = this.varint();
    this.high = requests % 2 === 0 ? 0 : this.varint();
    this.requests = Math.floor(requests / 2);
  }

  /** Bytes sent of the sums read last. */
  bytesSent(): bigint {
    return BigInt(this.high) * BigInt(RADIX) + BigInt(this.low);
  }
}
