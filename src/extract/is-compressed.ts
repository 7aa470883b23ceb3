import { closeSync, constants, openSync, readSync } from 'node:fs';
import { systemErrorCode } from '../../cache/error.js';
import { detectEncoding, ENCODING, SIGNATURE_BYTES } from '../source/encoding.js';
import { pathBytes } from '../source/log-path.js';
import type { FoundFile } from './read-log-file.js';

/** Compressed data cannot be entered in its middle. A file that cannot be read shows so in its worker. */
export function isCompressed(file: FoundFile): boolean {
  try {
    const fd = openSync(pathBytes(file.path), constants.O_RDONLY | constants.O_NONBLOCK);
    try {
      const signature = Buffer.alloc(SIGNATURE_BYTES);
      const length = readSync(fd, signature, 0, SIGNATURE_BYTES, 0);
      return detectEncoding(signature.subarray(0, length)) !== ENCODING.plain;
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    if (systemErrorCode(error) === undefined) throw error;
    return true;
  }
}
