import { gzipSync } from 'node:zlib';
import { type ByteStrings, type EncodedColumn, PARQUET, type Page } from './column.js';
import { type Encoder, PIECE_ROWS, withEncoder } from './encoder.js';

/**
 * Records as columns (FORMAT.md section 5), with ids into their distinct keys and requesters. Rows
 * stand in any order.
 */
export interface RecordColumns {
  /** From 1 to {@link MOST_IDS}. */
  readonly rows: number;
  /** At most {@link MOST_IDS}. */
  readonly keys: ByteStrings;
  readonly keyIds: Uint32Array;
  /** Seconds since 1970, whole, within 2^40 of each other. */
  readonly times: Float64Array;
  /** Sealed addresses, 16 bytes each; 16 zero bytes for "none". At most {@link MOST_IDS}. */
  readonly requesters: Uint8Array;
  readonly requesterIds: Uint32Array;
  /** Lower and upper 32 bits of the bytes sent, up to 2^63 - 1. */
  readonly bytesLow: Uint32Array;
  readonly bytesHigh: Uint32Array;
  /** 1 for a download. */
  readonly downloads: Uint8Array;
}

/** A row's requester has 24 bits in the encoder, its time 40. */
export const MOST_IDS = 2 ** 24;
const MOST_SECONDS = 2 ** 40;

const ADDRESS_BYTES = 16;

/**
 * A dictionary of keys up to this size is compressed with GZIP, which makes half of what SNAPPY does of
 * it, at 10 ns a byte; a larger one would take a third of the time of all extraction (FORMAT.md section 5).
 */
const MOST_GZIP_BYTES = 2 << 20;
const GZIP_LEVEL = 6;

interface KeyDictionary {
  readonly page: Page;
  readonly codec: number;
}

/**
 * The columns of a segment of records, with rows grouped by key.
 *
 * @throws {RangeError} more rows, keys or requesters than there may be
 */
export function encodeRecordColumns(columns: RecordColumns): EncodedColumn[] {
  const requesters = columns.requesters.length / ADDRESS_BYTES;
  if (columns.rows < 1 || Math.max(columns.rows, columns.keys.count, requesters) > MOST_IDS) {
    throw new RangeError('A segment has 1 to 2^24 records, and as many keys and requesters.');
  }
  return withEncoder((encoder) => {
    const keys = encodeKeys(encoder, columns.keys);
    const range = sendRows(encoder, columns);
    return [
      keyColumn(encoder, columns, keys),
      timeColumn(encoder, columns.rows, range),
      requesterColumn(encoder, columns, requesters),
      bytesColumn(encoder, columns.rows),
      downloadColumn(encoder, columns.rows),
    ];
  });
}

function encodeKeys(encoder: Encoder, keys: ByteStrings): KeyDictionary {
  const { count } = keys;
  const bytes = keys.offsets[count];
  encoder.start(count, bytes);
  const { buffer } = encoder.memory;
  new Uint32Array(buffer, encoder.keyOffsets.value, count + 1).set(
    keys.offsets.subarray(0, count + 1),
  );
  new Uint8Array(buffer, encoder.keyBytes.value, bytes).set(keys.bytes.subarray(0, bytes));
  encoder.groupDistinctKeys();
  const uncompressedBytes = bytes + 4 * count;
  const isSmall = uncompressedBytes <= MOST_GZIP_BYTES;
  const stored = isSmall
    ? gzipSync(
        allPieces(encoder, () => encoder.nextPlainDictionaryBytes()),
        { level: GZIP_LEVEL },
      )
    : allPieces(encoder, () => encoder.nextDictionaryBytes());
  return {
    page: {
      values: count,
      encoding: PARQUET.encoding.plain,
      uncompressedBytes,
      bytes: stored,
      compressed: true,
    },
    codec: isSmall ? PARQUET.codec.gzip : PARQUET.codec.snappy,
  };
}

function allPieces(encoder: Encoder, nextBytes: () => number): Uint8Array {
  const pieces: Uint8Array[] = [];
  for (let length = nextBytes(); length > 0; length = nextBytes()) {
    pieces.push(copyOf(encoder, encoder.dictionaryOutput.value, length));
  }
  return pieces.length === 1 ? pieces[0] : Buffer.concat(pieces);
}

/** Hand the rows over, piece by piece, and have them ordered. @returns least and greatest time */
function sendRows(encoder: Encoder, columns: RecordColumns): [number, number] {
  const { rows } = columns;
  const [least, most] = rangeOf(columns.times, rows);
  if (!(most - least < MOST_SECONDS)) throw new RangeError('Times are too far from each other.');
  encoder.startRows(rows, least, most);
  const { buffer } = encoder.memory;
  const pieces = [
    [columns.keyIds, new Uint32Array(buffer, encoder.keyIds.value, PIECE_ROWS)],
    [columns.times, new Float64Array(buffer, encoder.times.value, PIECE_ROWS)],
    [columns.requesterIds, new Uint32Array(buffer, encoder.requesterIds.value, PIECE_ROWS)],
    [columns.bytesLow, new Uint32Array(buffer, encoder.bytesLow.value, PIECE_ROWS)],
    [columns.bytesHigh, new Uint32Array(buffer, encoder.bytesHigh.value, PIECE_ROWS)],
    [columns.downloads, new Uint8Array(buffer, encoder.downloads.value, PIECE_ROWS)],
  ] as const;
  for (let start = 0; start < rows; start += PIECE_ROWS) {
    const end = Math.min(rows, start + PIECE_ROWS);
    for (const [column, piece] of pieces) piece.set(column.subarray(start, end));
    encoder.packRows(end - start);
  }
  encoder.sortRows();
  encoder.arrangeRows();
  return [least, most];
}

function keyColumn(
  encoder: Encoder,
  { rows }: RecordColumns,
  { page, codec }: KeyDictionary,
): EncodedColumn {
  return {
    name: 'key',
    type: PARQUET.type.byteArray,
    isText: true,
    codec,
    dictionary: page,
    data: plainPage(encoder, rows, PARQUET.encoding.rleDictionary, encoder.keyPage()),
  };
}

function timeColumn(encoder: Encoder, rows: number, range: [number, number]): EncodedColumn {
  const length = encoder.timePage(BigInt(range[0]));
  return {
    name: 'time',
    type: PARQUET.type.int64,
    codec: PARQUET.codec.uncompressed,
    data: plainPage(encoder, rows, PARQUET.encoding.deltaBinaryPacked, length),
    range,
  };
}

function requesterColumn(
  encoder: Encoder,
  { rows, requesters }: RecordColumns,
  count: number,
): EncodedColumn {
  const length = encoder.requesterPage(count);
  return {
    name: 'requester',
    type: PARQUET.type.fixedLengthByteArray,
    typeLength: ADDRESS_BYTES,
    codec: PARQUET.codec.uncompressed,
    dictionary: {
      values: count,
      encoding: PARQUET.encoding.plain,
      uncompressedBytes: requesters.length,
      bytes: requesters,
      compressed: false,
    },
    data: plainPage(encoder, rows, PARQUET.encoding.rleDictionary, length),
  };
}

/** Differences, or a dictionary when that is smaller. */
function bytesColumn(encoder: Encoder, rows: number): EncodedColumn {
  const { encoding } = PARQUET;
  const deltas: EncodedColumn = {
    name: 'bytes_sent',
    type: PARQUET.type.int64,
    codec: PARQUET.codec.snappy,
    data: snappyPage(encoder, rows, encoding.deltaBinaryPacked, encoder.bytesPage()),
    range: [encoder.leastBytes.value, encoder.mostBytes.value],
  };
  if (!encoder.findDistinctBytes()) return deltas;
  const data = plainPage(encoder, rows, encoding.rleDictionary, encoder.bytesIdsPage());
  const distinct = encoder.distinctCount.value;
  const dictionary = snappyPage(encoder, distinct, encoding.plain, encoder.distinctBytesPage());
  const isSmaller = data.bytes.length + dictionary.bytes.length < deltas.data.bytes.length;
  return isSmaller ? { ...deltas, dictionary, data } : deltas;
}

function downloadColumn(encoder: Encoder, rows: number): EncodedColumn {
  return {
    name: 'download',
    type: PARQUET.type.boolean,
    codec: PARQUET.codec.snappy,
    data: snappyPage(encoder, rows, PARQUET.encoding.plain, encoder.downloadPage()),
  };
}

function plainPage(encoder: Encoder, values: number, encoding: number, length: number): Page {
  const bytes = copyOf(encoder, encoder.page.value, length);
  return { values, encoding, uncompressedBytes: length, bytes, compressed: false };
}

function snappyPage(encoder: Encoder, values: number, encoding: number, length: number): Page {
  const bytes = copyOf(encoder, encoder.page.value, length);
  const uncompressedBytes = encoder.uncompressedBytes.value;
  return { values, encoding, uncompressedBytes, bytes, compressed: true };
}

function copyOf(encoder: Encoder, at: number, length: number): Uint8Array {
  return new Uint8Array(encoder.memory.buffer, at, length).slice();
}

function rangeOf(times: Float64Array, rows: number): [number, number] {
  let least = times[0];
  let most = times[0];
  for (let i = 1; i < rows; i++) {
    const time = times[i];
    if (time < least) least = time;
    if (time > most) most = time;
  }
  return [least, most];
}
