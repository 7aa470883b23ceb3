import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { DamagedCacheError } from './commit-record.js';
import { systemErrorCode } from './error.js';
import { READ_OWN } from './own-file.js';

/** What is recorded of a file that must not change. */
export interface FileSeal {
  /** Size in bytes. */
  readonly bytes: number;
  /** Hex SHA-256. */
  readonly sha256: string;
}

/**
 * Compare a file with what is recorded of it: size first, SHA-256 after.
 *
 * @throws {DamagedCacheError} naming the file
 */
export async function verifyFile(path: string, seal: FileSeal): Promise<void> {
  const bytes = await sizeOf(path);
  if (bytes !== seal.bytes) {
    throw new DamagedCacheError(path, `it has ${bytes} bytes, ${seal.bytes} were written`);
  }
  const found = await sealFile(path);
  if (found.sha256 !== seal.sha256) {
    throw new DamagedCacheError(path, 'its SHA-256 is not the recorded one');
  }
}

const OWN_STREAM = { highWaterMark: 1 << 20, flags: READ_OWN as unknown as string };

/** Size and SHA-256 of a file, in bounded memory. */
export async function sealFile(path: string): Promise<FileSeal> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(path, OWN_STREAM)) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { bytes, sha256: hash.digest('hex') };
}

async function sizeOf(path: string): Promise<number> {
  try {
    const found = await lstat(path);
    if (!found.isFile()) throw new DamagedCacheError(path, 'it is not a regular file');
    return found.size;
  } catch (error) {
    if (systemErrorCode(error) !== 'ENOENT') throw error;
    throw new DamagedCacheError(path, 'it is missing', error);
  }
}
