import type { Integers } from './integers.js';
import {
  columnChunk,
  readBooleans,
  readIntegers,
  readMetadata,
  readStrings,
  type StringColumn,
} from './read-column.js';
import { Scratch } from './scratch.js';

/** Records of one row group, in columns. */
export interface SegmentPart {
  readonly rows: number;
  readonly keys: StringColumn;
  /** Seconds since 1970. */
  readonly times: Integers;
  /** Sealed addresses, 16 bytes each. */
  readonly requesters: StringColumn;
  readonly bytesSent: Integers;
  readonly downloads: Uint32Array;
}

/** A run of equal values says nothing of how many there may be: memory is bounded here. We write half a million. */
const MOST_ROWS = 1 << 24;

/**
 * The records of a segment (FORMAT.md section 5), row group by row group. Reads what this program
 * and DuckDB write: every encoding and codec but BYTE_STREAM_SPLIT, BROTLI and LZO.
 *
 * Why not the engine: it hands out keys and addresses as strings, row by row; here each is looked
 * at once a segment, because the segment numbers them already.
 *
 * @param file the whole file
 * @param scratch holds a part until the next one is asked for
 * @throws RangeError or TypeError, when the file is not what it should be
 */
export function* readSegment(file: Uint8Array, scratch = new Scratch()): Generator<SegmentPart> {
  const metadata = readMetadata(file);
  for (const group of metadata.row_groups) {
    const rows = Number(group.num_rows);
    if (!(rows >= 0 && rows <= MOST_ROWS)) throw new RangeError(`a row group of ${rows} rows`);
    const chunkOf = (name: string) => columnChunk(file, metadata, group, name, scratch);
    yield {
      rows,
      keys: readStrings(chunkOf('key'), rows),
      times: readIntegers(chunkOf('time'), rows),
      requesters: readStrings(chunkOf('requester'), rows),
      bytesSent: readIntegers(chunkOf('bytes_sent'), rows),
      downloads: readBooleans(chunkOf('download'), rows),
    };
  }
}
