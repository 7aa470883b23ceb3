import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ZstdReader } from '../../src/source/zstd-reader.js';
import {
  block,
  compressedBlocks,
  type FrameForm,
  rawBlocks,
  repeatedBlock,
  skippableFrame,
  zstdFrame,
} from '../support/zstd-frames.js';

/** Read a stream in pieces of these sizes, over and over. */
function read(bytes: Uint8Array, ...sizes: number[]): Buffer {
  const pieces: Buffer[] = [];
  const reader = new ZstdReader((piece) => pieces.push(Buffer.from(piece)));
  for (let at = 0, i = 0; at < bytes.length; i++) {
    const size = sizes[i % sizes.length] ?? bytes.length;
    reader.push(bytes.subarray(at, at + size));
    at += size;
  }
  reader.end();
  return Buffer.concat(pieces);
}

function logText(lines: number): Buffer {
  const texts = Array.from({ length: lines }, (_, i) => `line ${i} ${(i * 7919) % 1013} abc\n`);
  return Buffer.from(texts.join(''));
}

const FORMS: readonly FrameForm[] = [
  {},
  { checksum: true },
  { windowExponent: 10 },
  { windowExponent: 10, checksum: true },
  { windowExponent: 11, withSize: true },
];

describe('a zstd stream', () => {
  it('gives back what was compressed, in whatever pieces it comes', () => {
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      fc.nat(400).map(logText),
      fc.nat(2000).map((count) => Buffer.alloc(count, 0x61)),
    );
    const frame = fc
      .tuple(content, fc.constantFrom(...FORMS), fc.integer({ min: 0, max: 3 }))
      .map(([bytes, form, how]) => {
        if (how === 3) return { bytes: Buffer.alloc(0), frame: skippableFrame(bytes, 5) };
        const blocks =
          how === 0
            ? compressedBlocks(bytes)
            : how === 1
              ? rawBlocks(bytes, 100)
              : Buffer.concat([repeatedBlock(0x41, 0, false), rawBlocks(bytes, 1 << 16)]);
        return { bytes, frame: zstdFrame(bytes, blocks, form) };
      });
    const sizes = fc.array(
      fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 999 })),
      {
        minLength: 1,
        maxLength: 4,
      },
    );
    fc.assert(
      fc.property(fc.array(frame, { maxLength: 4 }), sizes, (frames, pieces) => {
        const stream = Buffer.concat(frames.map((each) => each.frame));
        const expected = Buffer.concat(frames.map((each) => each.bytes));
        expect(read(stream, ...pieces).equals(expected)).toBe(true);
      }),
      { seed: 20_261_123, numRuns: 400 },
    );
  });

  it('of many blocks and long matches is the same in pieces of 1, 7, 65,536 bytes and whole', () => {
    const content = Buffer.concat([logText(30_000), logText(30_000), Buffer.alloc(400_000, 0x20)]);
    const blocks = compressedBlocks(content);
    for (const form of [{ checksum: true }, { windowExponent: 11, checksum: true }]) {
      const frame = zstdFrame(content, blocks, form);
      for (const size of [1, 7, 65_536, frame.length]) {
        expect(read(frame, size).equals(content)).toBe(true);
      }
    }
  });

  it('of no frame, of empty frames and of skippable frames only has no content', () => {
    const empty = zstdFrame(Buffer.alloc(0), block(0, Buffer.alloc(0), true), { checksum: true });
    const skip = skippableFrame(Buffer.from('anything'));
    const skipNothing = skippableFrame(Buffer.alloc(0), 15);
    for (const stream of [[], [empty], [skip], [skip, empty, skipNothing, empty, empty]]) {
      for (const size of [1, 3, 1000]) expect(read(Buffer.concat(stream), size).length).toBe(0);
    }
  });
});

describe('a damaged zstd stream', () => {
  const content = logText(300);
  const frame = zstdFrame(content, compressedBlocks(content), {
    checksum: true,
    windowExponent: 5,
  });

  it('with a checksum never gives other content, whichever byte is damaged', () => {
    let harmless = 0;
    for (let at = 0; at < frame.length; at++) {
      for (const flip of [0x01, 0x20, 0x80, 0xff]) {
        const damaged = Buffer.from(frame);
        damaged[at] ^= flip;
        let found: Buffer;
        try {
          found = read(damaged, 500);
        } catch {
          continue;
        }
        // Some damage changes nothing of the content: a window said to be larger, for example.
        if (!found.equals(content)) throw new Error(`other content with byte ${at} damaged`);
        harmless++;
      }
    }
    expect(harmless).toBeLessThan(frame.length / 20);
  });

  it('is an error wherever it ends too early', () => {
    const two = Buffer.concat([skippableFrame(Buffer.from('x')), frame]);
    for (const stream of [frame, zstdFrame(content, compressedBlocks(content)), two]) {
      for (let end = 1; end < stream.length; end++) {
        if (stream === two && end === 9) continue;
        expect(() => read(stream.subarray(0, end), 777)).toThrow();
      }
    }
  });

  it('is an error when something else follows', () => {
    for (const rest of ['x', 'garbage', '\0', '\0\0\0\0\0\0\0\0']) {
      expect(() => read(Buffer.concat([frame, Buffer.from(rest)]), 777)).toThrow();
    }
  });

  it('is an error when its content is shorter or longer than its header says', () => {
    for (const saidSize of [0, content.length - 1, content.length + 1, 1 << 20]) {
      const form = { saidSize, withSize: true, windowExponent: 8 };
      expect(() => read(zstdFrame(content, compressedBlocks(content), form))).toThrow(/as long as/);
    }
  });
});

describe('a zstd frame that asks for too much', () => {
  it('is an error when its window is larger than 128 MiB', () => {
    const blocks = rawBlocks(Buffer.from('x'), 10);
    expect(() => read(zstdFrame(Buffer.from('x'), blocks, { windowExponent: 18 }))).toThrow(
      /window/,
    );
    expect(() => read(zstdFrame(Buffer.from('x'), blocks, { saidSize: 2 ** 40 }))).toThrow(
      /window/,
    );
  });

  it('is an error when it needs a dictionary, which once passed for content', () => {
    const content = logText(100);
    const blocks = compressedBlocks(content);
    for (const form of [{ dictionary: 7 }, { dictionary: 1, windowExponent: 5 }]) {
      expect(() => read(zstdFrame(content, blocks, form), 3)).toThrow(/dictionary/);
    }
  });

  it('is an error when a block is larger than the window can hold', () => {
    const blocks = repeatedBlock(0x41, 2_000_000);
    expect(() => read(zstdFrame(Buffer.alloc(0), blocks, { windowExponent: 0 }))).toThrow();
  });
});
