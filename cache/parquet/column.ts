import { gzipSync } from 'node:zlib';
import { ByteSink } from './byte-sink.js';
import { encodeDeltas, MOST_FOR_DELTAS } from './delta-encoding.js';
import { bitWidth, encodeDictionaryIds } from './hybrid-encoding.js';

/** Numbers of the Parquet format (parquet.thrift). */
export const PARQUET = {
  type: { boolean: 0, int32: 1, int64: 2, byteArray: 6, fixedLengthByteArray: 7 },
  encoding: { plain: 0, rle: 3, deltaBinaryPacked: 5, deltaByteArray: 7, rleDictionary: 8 },
  codec: { uncompressed: 0, snappy: 1, gzip: 2 },
  utf8: 0,
  decimal: 5,
  date: 6,
} as const;

/** One page's payload and how it is encoded. */
export interface Page {
  readonly values: number;
  readonly encoding: number;
  readonly uncompressedBytes: number;
  readonly bytes: Uint8Array;
  readonly compressed: boolean;
  /** Of an optional column: which rows have a value. The page has those alone. */
  readonly levels?: Uint8Array;
  readonly nulls?: number;
}

/** One column of a file, encoded: what `writeParquet` puts together. */
export interface EncodedColumn {
  readonly name: string;
  readonly type: number;
  readonly typeLength?: number;
  readonly isText?: boolean;
  /** Days since 1970. */
  readonly isDate?: boolean;
  /** A whole number of so many digits, big-endian. */
  readonly decimalDigits?: number;
  /** Its page has `levels`. */
  readonly isOptional?: boolean;
  readonly codec: number;
  readonly dictionary?: Page;
  readonly data: Page;
  /** Least and greatest value, for columns of whole numbers. */
  readonly range?: readonly [number | bigint, number | bigint];
}

/** Distinct byte strings, one after the other: string i is `bytes[offsets[i] .. offsets[i + 1]]`. */
export interface ByteStrings {
  readonly bytes: Uint8Array;
  readonly offsets: Uint32Array;
  readonly count: number;
}

/** Text by dictionary: `ids` point into distinct `strings`. */
export function dictionaryTextColumn(
  name: string,
  strings: ByteStrings,
  ids: Uint32Array,
  rows: number,
): EncodedColumn {
  return {
    name,
    type: PARQUET.type.byteArray,
    isText: true,
    codec: PARQUET.codec.gzip,
    dictionary: page(strings.count, PARQUET.encoding.plain, plainByteStrings(strings), true),
    data: idsPage(ids, rows, strings.count),
  };
}

/** Byte strings of one length by dictionary; `values` holds the distinct ones back to back. */
export function dictionaryFixedColumn(
  name: string,
  length: number,
  values: Uint8Array,
  ids: Uint32Array,
  rows: number,
): EncodedColumn {
  const count = values.length / length;
  return {
    name,
    type: PARQUET.type.fixedLengthByteArray,
    typeLength: length,
    codec: PARQUET.codec.uncompressed,
    dictionary: page(count, PARQUET.encoding.plain, values, false),
    data: idsPage(ids, rows, count),
  };
}

/** Text, each value written out. */
export function textColumn(name: string, values: readonly string[]): EncodedColumn {
  const sink = new ByteSink(values.length * 32 + 64);
  for (const value of values) {
    const bytes = Buffer.from(value, 'utf8');
    sink.u32(bytes.length);
    sink.append(bytes);
  }
  return {
    name,
    type: PARQUET.type.byteArray,
    isText: true,
    codec: PARQUET.codec.gzip,
    data: page(values.length, PARQUET.encoding.plain, sink.written(), true),
  };
}

/**
 * 64-bit whole numbers from 0 to 2^63 - 1, by dictionary or by differences, whichever is
 * smaller; those too large for exact differences are written out.
 *
 * @param low the lower 32 bits of each value
 * @param high the upper 32 bits
 */
export function int64Column(
  name: string,
  low: Uint32Array,
  high: Uint32Array,
  rows: number,
): EncodedColumn {
  const values = new Float64Array(rows);
  let most = 0;
  for (let i = 0; i < rows; i++) {
    const value = high[i] * 4_294_967_296 + low[i];
    values[i] = value;
    if (value > most) most = value;
  }
  if (most > MOST_FOR_DELTAS) return plainInt64Column(name, low, high, rows);
  const deltas = numberColumn(name, values, rows);
  const dictionary = dictionaryOf(low, high, rows);
  if (dictionary === undefined) return deltas;
  const { ids, distinctLow, distinctHigh, count } = dictionary;
  const sink = new ByteSink(count * 8 + 16);
  for (let d = 0; d < count; d++) {
    sink.u32(distinctLow[d]);
    sink.u32(distinctHigh[d]);
  }
  const data = idsPage(ids, rows, count);
  const words = page(count, PARQUET.encoding.plain, sink.written(), true);
  if (data.bytes.length + words.bytes.length >= deltas.data.bytes.length) return deltas;
  return { ...deltas, codec: PARQUET.codec.gzip, dictionary: words, data };
}

/** Whole numbers from 0 to 2^52 as INT64, by differences. */
export function numberColumn(name: string, values: Float64Array, rows: number): EncodedColumn {
  let least = Number.POSITIVE_INFINITY;
  let most = 0;
  for (let i = 0; i < rows; i++) {
    if (values[i] < least) least = values[i];
    if (values[i] > most) most = values[i];
  }
  const encoded = encodeDeltas(values, rows).written();
  return {
    name,
    type: PARQUET.type.int64,
    codec: PARQUET.codec.uncompressed,
    data: page(rows, PARQUET.encoding.deltaBinaryPacked, encoded, false),
    ...(rows > 0 ? { range: [least, most] as const } : {}),
  };
}

/** Flags: one bit each. */
export function booleanColumn(name: string, flags: Uint8Array, rows: number): EncodedColumn {
  const bits = new Uint8Array((rows + 7) >> 3);
  for (let i = 0; i < rows; i++) if (flags[i] !== 0) bits[i >> 3] |= 1 << (i & 7);
  return {
    name,
    type: PARQUET.type.boolean,
    codec: PARQUET.codec.uncompressed,
    data: page(rows, PARQUET.encoding.plain, bits, false),
  };
}

function plainInt64Column(
  name: string,
  low: Uint32Array,
  high: Uint32Array,
  rows: number,
): EncodedColumn {
  const sink = new ByteSink(rows * 8 + 16);
  for (let i = 0; i < rows; i++) {
    sink.u32(low[i]);
    sink.u32(high[i]);
  }
  return {
    name,
    type: PARQUET.type.int64,
    codec: PARQUET.codec.gzip,
    data: page(rows, PARQUET.encoding.plain, sink.written(), true),
  };
}

/** Distinct values and each row's id, or undefined when most rows differ. */
function dictionaryOf(low: Uint32Array, high: Uint32Array, rows: number) {
  const most = Math.min(1 << 16, Math.max(16, rows >> 2));
  const mask = (1 << (bitWidth(most) + 2)) - 1;
  const slots = new Uint32Array(mask + 1);
  const distinctLow = new Uint32Array(most);
  const distinctHigh = new Uint32Array(most);
  const ids = new Uint32Array(rows);
  let count = 0;
  for (let i = 0; i < rows; i++) {
    let hash = Math.imul(low[i] ^ Math.imul(high[i], 0x85ebca6b), 0x9e3779b1);
    hash ^= hash >>> 15;
    let slot = hash & mask;
    for (;;) {
      const id = slots[slot] - 1;
      if (id < 0) {
        if (count === most) return undefined;
        distinctLow[count] = low[i];
        distinctHigh[count] = high[i];
        slots[slot] = ++count;
        ids[i] = count - 1;
        break;
      }
      if (distinctLow[id] === low[i] && distinctHigh[id] === high[i]) {
        ids[i] = id;
        break;
      }
      slot = (slot + 1) & mask;
    }
  }
  return { ids, distinctLow, distinctHigh, count };
}

function idsPage(ids: Uint32Array, rows: number, distinct: number): Page {
  const encoded = encodeDictionaryIds(ids, rows, bitWidth(distinct)).written();
  return page(rows, PARQUET.encoding.rleDictionary, encoded, false);
}

function plainByteStrings(strings: ByteStrings): Uint8Array {
  const sink = new ByteSink(strings.offsets[strings.count] + strings.count * 4 + 16);
  for (let i = 0; i < strings.count; i++) {
    const start = strings.offsets[i];
    const end = strings.offsets[i + 1];
    sink.u32(end - start);
    sink.append(strings.bytes.subarray(start, end));
  }
  return sink.written();
}

function page(values: number, encoding: number, raw: Uint8Array, compress: boolean): Page {
  return {
    values,
    encoding,
    uncompressedBytes: raw.length,
    bytes: compress ? gzipSync(raw, { level: 1 }) : raw,
    compressed: compress,
  };
}
