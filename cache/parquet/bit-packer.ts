import type { ByteSink } from './byte-sink.js';

/** Packs numbers of a fixed width bit by bit, least significant bit first, as Parquet does. */
export class BitPacker {
  private accumulator = 0;
  private filled = 0;

  constructor(private readonly sink: ByteSink) {}

  /** @param width 0 to 53 bits */
  put(value: number, width: number): void {
    if (width > 32) {
      this.put32(value >>> 0, 32);
      this.put32(Math.floor(value / 4_294_967_296), width - 32);
    } else if (width > 0) {
      this.put32(value, width);
    }
  }

  /** Write what is left, filled up with zero bits to a whole byte. */
  flush(): void {
    while (this.filled > 0) {
      this.sink.u8(this.accumulator & 0xff);
      this.accumulator >>>= 8;
      this.filled -= 8;
    }
    this.accumulator = 0;
    this.filled = 0;
  }

  private put32(value: number, width: number): void {
    const { filled } = this;
    this.accumulator |= value << filled;
    if (filled + width < 32) {
      this.filled = filled + width;
      return;
    }
    this.sink.u32(this.accumulator);
    this.filled = filled + width - 32;
    this.accumulator = filled === 0 ? 0 : value >>> (32 - filled);
    if (this.filled === 0) this.accumulator = 0;
  }
}
