import { readSync } from 'node:fs';
import { crc32 } from 'node:zlib';

const EDGE_BYTES = 64 << 10;

/** Files up to this size are checked as a whole: {@link contentCheck} of one is the CRC-32 of its bytes. */
export const CHECKED_WHOLE_BYTES = 2 * EDGE_BYTES;

const buffer = Buffer.allocUnsafeSlow(CHECKED_WHOLE_BYTES);

/**
 * CRC-32 of the first and the last 64 KiB of the stored bytes, of all of them up to 128 KiB: cheap enough for
 * every file, and enough to notice that another file took a known one's name.
 *
 * @param fd an open file of `size` bytes
 */
export function contentCheck(fd: number, size: number): number {
  if (size <= CHECKED_WHOLE_BYTES) return crc32(read(fd, 0, size, 0));
  read(fd, 0, EDGE_BYTES, 0);
  return crc32(read(fd, size - EDGE_BYTES, EDGE_BYTES, EDGE_BYTES));
}

function read(fd: number, position: number, length: number, at: number): Buffer {
  for (let done = 0; done < length; ) {
    const count = readSync(fd, buffer, at + done, length - done, position + done);
    if (count === 0) return buffer.subarray(0, at + done);
    done += count;
  }
  return buffer.subarray(0, at + length);
}
