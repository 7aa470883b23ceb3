import { setImmediate } from 'node:timers/promises';
import { decodeMmdb, type MmdbMap, type MmdbValue } from './mmdb-decode.js';
import { MmdbError, MmdbFile } from './mmdb-file.js';

/** A database whose records can be gone through, which the libraries for look-ups cannot do. */
export interface MmdbWalk {
  /** Says which edition of which database it is. */
  readonly edition: string;
  /**
   * Go through all records, each with the number of networks that have it. A record may be
   * met several times, with numbers that add up.
   *
   * @param wants names in maps that are of interest
   * @returns false when stopped on request
   * @throws {MmdbError}
   */
  records(
    wants: (name: string) => boolean,
    onRecord: (record: MmdbValue, networks: number) => void,
    shouldStop: () => boolean,
  ): Promise<boolean>;
  close(): void;
}

/** Data pointers counted before their records are read: bounds memory, not what is found. */
const MOST_POINTERS = 200_000;
const NODES_AT_ONCE = 50_000;
const RECORDS_AT_ONCE = 10_000;
const SEPARATOR_BYTES = 16;
const METADATA_MARKER = Buffer.from('\xab\xcd\xefMaxMind.com', 'latin1');
/** "The maximum allowable size for the metadata section, including the marker [...] is 128KiB." */
const METADATA_BYTES = 128 * 1024;

/**
 * Open a database in the MaxMind DB format (specification 2.0) for going through its records.
 *
 * The nodes of the search tree are read one after another as they stand in the file, not along its
 * branches: each edge is met once, networks that alias others (6to4 and the like) add nothing, and a
 * damaged tree cannot lead in circles.
 *
 * @throws {MmdbError}
 */
export function openMmdbWalk(path: string): MmdbWalk {
  const file = new MmdbFile(path);
  try {
    const { nodes, recordBits, edition } = readMetadata(file);
    const nodeBytes = recordBits / 4;
    const treeBytes = nodes * nodeBytes;
    if (treeBytes + SEPARATOR_BYTES > file.sizeBytes) throw file.damaged();
    const dataStart = treeBytes + SEPARATOR_BYTES;

    return {
      edition,
      close: () => file.close(),
      async records(wants, onRecord, shouldStop) {
        let counts = new Map<number, number>();
        const flush = async (): Promise<boolean> => {
          let done = 0;
          // In file order, which is quicker to read.
          for (const pointer of [...counts.keys()].sort((a, b) => a - b)) {
            if (done++ % RECORDS_AT_ONCE === 0 && (await isStopped(shouldStop))) return false;
            const offset = pointer - nodes + treeBytes;
            if (offset < dataStart) throw file.damaged();
            onRecord(decodeMmdb(file, dataStart, offset, wants), counts.get(pointer) as number);
          }
          counts = new Map();
          return true;
        };
        for (let node = 0; node < nodes; node++) {
          if (node % NODES_AT_ONCE === 0 && (await isStopped(shouldStop))) return false;
          for (const pointer of readNode(file, node * nodeBytes, recordBits)) {
            // Less: another node. Equal: nothing is known of that network.
            if (pointer > nodes) counts.set(pointer, (counts.get(pointer) ?? 0) + 1);
          }
          if (counts.size >= MOST_POINTERS && !(await flush())) return false;
        }
        return flush();
      },
    };
  } catch (error) {
    file.close();
    throw error;
  }
}

/** Lets signals through, then asks. */
async function isStopped(shouldStop: () => boolean): Promise<boolean> {
  await setImmediate();
  return shouldStop();
}

function readNode(file: MmdbFile, offset: number, recordBits: number): [number, number] {
  if (recordBits !== 28) {
    const bytes = recordBits / 8;
    return [file.uint(offset, bytes), file.uint(offset + bytes, bytes)];
  }
  // The middle byte holds the high four bits of both.
  const middle = file.byte(offset + 3);
  const left = (middle >> 4) * 2 ** 24 + file.uint(offset, 3);
  return [left, (middle & 15) * 2 ** 24 + file.uint(offset + 4, 3)];
}

interface Metadata {
  readonly nodes: number;
  readonly recordBits: number;
  readonly edition: string;
}

function readMetadata(file: MmdbFile): Metadata {
  const length = Math.min(METADATA_BYTES, file.sizeBytes);
  const start = file.sizeBytes - length;
  const marker = file.bytes(start, length).lastIndexOf(METADATA_MARKER);
  if (marker === -1) throw new MmdbError(file.path, 'it is no MaxMind database');
  const offset = start + marker + METADATA_MARKER.length;
  const metadata = decodeMmdb(file, offset, offset, () => true) as MmdbMap | null;
  const { node_count, record_size, database_type, build_epoch } = metadata ?? {};
  const isSupported =
    metadata?.binary_format_major_version === 2 &&
    typeof node_count === 'number' &&
    (record_size === 24 || record_size === 28 || record_size === 32);
  if (!isSupported) throw new MmdbError(file.path, 'its format is not version 2');
  return {
    nodes: node_count,
    recordBits: record_size,
    edition: `${String(database_type)} ${String(build_epoch)}`,
  };
}
