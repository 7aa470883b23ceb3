import { gzipSync } from 'node:zlib';
import { compress } from '@bokuweb/zstd-wasm';
import { describe, expect, it } from 'vitest';
import { detectEncoding, ENCODING, SIGNATURE_BYTES } from '../../src/source/encoding.js';
import { skippableFrame } from '../support/zstd-frames.js';

const detect = (bytes: Uint8Array): number => detectEncoding(bytes.subarray(0, SIGNATURE_BYTES));

describe('how a log file is stored', () => {
  it('is told by its content', () => {
    expect(detect(gzipSync('text'))).toBe(ENCODING.gzip);
    expect(detect(compress(Buffer.from('text')))).toBe(ENCODING.zstd);
    for (let variant = 0; variant < 16; variant++) {
      expect(detect(skippableFrame(Buffer.from('x'), variant))).toBe(ENCODING.zstd);
    }
    expect(detect(Buffer.from('0123abcd bucket ['))).toBe(ENCODING.plain);
  });

  it('is plain for anything that only begins like a compressed file', () => {
    const gzip = gzipSync('text');
    const zstd = compress(Buffer.from('text'));
    expect(detect(Buffer.from([0x1f, 0x20, 0x20, 0x20]))).toBe(ENCODING.plain);
    expect(detect(Buffer.from([0x1f, 0x8b, 0x07, 0x00]))).toBe(ENCODING.plain);
    for (const length of [0, 1, 2]) expect(detect(gzip.subarray(0, length))).toBe(ENCODING.plain);
    for (const length of [0, 1, 2, 3])
      expect(detect(zstd.subarray(0, length))).toBe(ENCODING.plain);
  });
});
