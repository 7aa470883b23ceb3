import { describe, expect, it } from 'vitest';
import { ZstdReader } from '../../src/source/zstd-reader.js';
import { hasEndlessWeights, WEIGHTS_PROBE_BYTES } from '../../src/source/zstd-weights.js';

/**
 * A compressed block: literals of 8 bytes with Huffman weights in an FSE table of 32 states, which
 * one symbol has all to itself.
 */
const endless = Uint8Array.from([0x82, 0x00, 0x02, 4, 0xf0, 0x03, 0x55, 0x01, 0, 0, 0, 0, 0, 0]);

function frameOf(block: Uint8Array): Uint8Array {
  const header = (block.length << 3) | (2 << 1) | 1;
  return Uint8Array.from([
    ...[0x28, 0xb5, 0x2f, 0xfd, 0x20, 8],
    ...[header & 0xff, (header >> 8) & 0xff, header >> 16],
    ...block,
  ]);
}

describe('a zstd block whose weights would never end', () => {
  it('is noticed before the decoder sees it, wherever the pieces end', () => {
    const frame = frameOf(endless);
    for (let size = 1; size <= frame.length; size++) {
      const reader = new ZstdReader(() => {});
      const read = (): void => {
        for (let at = 0; at < frame.length; at += size) reader.push(frame.subarray(at, at + size));
      };
      expect(read, `pieces of ${size}`).toThrow('damaged zstd block');
    }
  });

  it('is told from blocks with plain, repeated or treeless literals', () => {
    for (const type of [0, 1, 3]) {
      const other = endless.slice();
      other[0] = (other[0] & ~3) | type;
      expect(hasEndlessWeights(other)).toBe(false);
    }
  });

  it('is told from one with weights written out, and from one with two symbols', () => {
    const written = endless.slice();
    written[3] = 130;
    expect(hasEndlessWeights(written)).toBe(false);
    const two = endless.slice();
    two[4] = 0x00; // the first symbol's share is smaller
    expect(hasEndlessWeights(two)).toBe(false);
  });

  it('is never seen in nothing', () => {
    expect(hasEndlessWeights(new Uint8Array(0))).toBe(false);
    expect(hasEndlessWeights(Uint8Array.from([2]))).toBe(false);
    expect(WEIGHTS_PROBE_BYTES).toBeGreaterThanOrEqual(5 + 1 + 127);
  });
});
