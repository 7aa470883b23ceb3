import { createHash, randomBytes } from 'node:crypto';
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { PRIVATE, writeAtomically } from '../atomic-write.js';
import { readOwnFile } from '../own-file.js';
import { dictionaryFixedColumn, numberColumn } from '../parquet/column.js';
import { encodeFile } from '../parquet/encode-file.js';
import { columnChunk, readIntegers, readMetadata, readStrings } from './read-column.js';
import { RollupsDamagedError } from './rollups-damaged-error.js';

/** A Parquet file of requesters and their numbers (FORMAT.md section 9). */
export interface RequesterFile {
  /** Bare file name. */
  readonly file: string;
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
}

const ADDRESS_BYTES = 16;

/**
 * Write requesters, durably.
 *
 * @param numbers of each address
 * @param addresses as words, in the same order
 * @throws {CacheWriteError}
 */
export function writeRequesters(
  folder: string,
  numbers: Float64Array,
  addresses: Uint32Array,
): RequesterFile {
  const rows = numbers.length;
  const file = `${randomBytes(16).toString('hex')}.requesters.parquet`;
  const words = new Uint8Array(addresses.buffer, addresses.byteOffset, rows * ADDRESS_BYTES);
  const bytes = encodeFile(
    [
      numberColumn('number', numbers, rows),
      dictionaryFixedColumn(
        'requester',
        ADDRESS_BYTES,
        words,
        Uint32Array.from({ length: rows }, (_, row) => row),
        rows,
      ),
    ],
    rows,
  );
  writeAtomically(join(folder, file), PRIVATE, (fd) => {
    for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
  });
  return { file, rows, bytes: bytes.length, sha256: hashOf(bytes) };
}

/** @throws {RollupsDamagedError} */
export function readRequesters(
  folder: string,
  { file, rows, sha256 }: RequesterFile,
): { readonly numbers: Uint32Array; readonly addresses: Uint32Array } {
  const path = join(folder, file);
  let bytes: Buffer;
  try {
    bytes = readOwnFile(path);
  } catch (error) {
    throw new RollupsDamagedError(path, 'it cannot be read', error);
  }
  if (hashOf(bytes) !== sha256) {
    throw new RollupsDamagedError(path, 'its SHA-256 is not the recorded one');
  }
  try {
    const metadata = readMetadata(bytes);
    const group = metadata.row_groups[0];
    if (group === undefined) throw new RangeError('it is empty');
    const numbers = readIntegers(columnChunk(bytes, metadata, group, 'number'), rows);
    const { strings } = readStrings(columnChunk(bytes, metadata, group, 'requester'), rows);
    const addresses = new Uint32Array(strings.fixed(ADDRESS_BYTES).buffer);
    return { numbers: numbers.low, addresses };
  } catch (error) {
    if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
    throw new RollupsDamagedError(path, error.message, error);
  }
}

function hashOf(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
