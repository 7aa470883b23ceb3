import { closeSync, fsyncSync, openSync, writeSync } from 'node:fs';
import { PRIVATE } from '../../cache/atomic-write.js';

/** Write a new file, private and durable. What it leaves when it fails is for the caller to remove. */
export function writeWhole(path: string | Buffer, text: string): void {
  const fd = openSync(path, 'wx', PRIVATE.file);
  try {
    const bytes = Buffer.from(text);
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
