import { closeSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { expect, it } from 'vitest';
import { contentCheck } from '../../src/source/content-check.js';
import { scratchDirectory } from '../support/scratch.js';

const EDGE = 64 << 10;

function checkOf(bytes: Buffer): number {
  const path = join(scratchDirectory(), 'log');
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  try {
    return contentCheck(fd, bytes.length);
  } finally {
    closeSync(fd);
  }
}

function content(length: number): Buffer {
  return Buffer.from(Array.from({ length }, (_, i) => (i * 31 + (i >> 8)) & 255));
}

it.each([0, 1, 100, EDGE, EDGE + 1, 2 * EDGE - 1, 2 * EDGE])(
  'the check of a file of %i bytes is the CRC-32 of all of them',
  (length) => {
    expect(checkOf(content(length))).toBe(crc32(content(length)));
  },
);

it.each([2 * EDGE + 1, 3 * EDGE, 5 * EDGE + 7])(
  'the check of a file of %i bytes is the CRC-32 of its first and last 64 KiB',
  (length) => {
    const bytes = content(length);
    const edges = Buffer.concat([bytes.subarray(0, EDGE), bytes.subarray(length - EDGE)]);
    expect(checkOf(bytes)).toBe(crc32(edges));
    bytes[EDGE] ^= 1;
    expect(checkOf(bytes)).toBe(crc32(edges));
    bytes[EDGE - 1] ^= 1;
    expect(checkOf(bytes)).not.toBe(crc32(edges));
  },
);
