import { closeSync, openSync, readSync } from 'node:fs';
import type { KnownFile } from '../../cache/ledger.js';
import { contentCheck } from '../source/content-check.js';
import { hasContentSize } from '../source/content-size.js';
import { detectEncoding, SIGNATURE_BYTES } from '../source/encoding.js';
import { pathBytes } from '../source/log-path.js';
import type { SourceFile } from '../source/walk-folder.js';

/**
 * Whether a file found under a known name is the one extracted (cache/FORMAT.md section 7): the same
 * stored bytes, as far as the check tells, or compressed otherwise and of the same uncompressed size.
 */
export async function compareFile(
  file: SourceFile,
  known: KnownFile,
): Promise<'same' | 'different' | 'unreadable'> {
  try {
    const fd = openSync(pathBytes(file.path), 'r');
    try {
      return (await isSame(fd, file.sizeBytes, known)) ? 'same' : 'different';
    } finally {
      closeSync(fd);
    }
  } catch {
    return 'unreadable';
  }
}

async function isSame(fd: number, sizeBytes: number, known: KnownFile): Promise<boolean> {
  const signature = Buffer.alloc(SIGNATURE_BYTES);
  const length = readSync(fd, signature, 0, SIGNATURE_BYTES, 0);
  const encoding = detectEncoding(signature.subarray(0, length));
  if (encoding !== known.encoding) {
    return hasContentSize(fd, sizeBytes, encoding, known.contentBytes);
  }
  return sizeBytes === known.sizeBytes && contentCheck(fd, sizeBytes) === known.check;
}
