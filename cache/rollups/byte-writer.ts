/** Bytes that grow at their end; numbers as varints (7 bits a byte, lowest first). */
export class ByteWriter {
  bytes: Uint8Array;
  length = 0;

  constructor(capacity = 1 << 16) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Make room for so many more bytes. */
  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.bytes.length * 2, this.length + count));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
  }

  /** @param value whole, 0 to 2^53; at most 8 bytes, for which there must be room */
  varint(value: number): void {
    const { bytes } = this;
    let at = this.length;
    let rest = value;
    while (rest >= 0x8000_0000) {
      const above = Math.floor(rest / 128);
      bytes[at++] = (rest - above * 128) | 128;
      rest = above;
    }
    while (rest >= 128) {
      bytes[at++] = (rest & 127) | 128;
      rest >>>= 7;
    }
    bytes[at++] = rest;
    this.length = at;
  }

  /** Sums (see Sums): at most 32 bytes, for which there must be room. */
  sums(low: number, high: number, requests: number, downloads: number): void {
    this.varint(requests * 2 + (high === 0 ? 0 : 1));
    this.varint(downloads);
    this.varint(low);
    if (high !== 0) this.varint(high);
  }

  written(): Uint8Array {
    return this.bytes.subarray(0, this.length);
  }
}
