import { ByteSink } from './byte-sink.js';
import { type EncodedColumn, PARQUET } from './column.js';
import { encodeDeltas, MOST_FOR_DELTAS } from './delta-encoding.js';
import { encodeDictionaryIds } from './hybrid-encoding.js';

/** The largest number of an INT64 column. */
const MOST_INT64 = 2n ** 63n - 1n;

/**
 * Columns of tables that are published: equal values give equal bytes, on whatever machine and under whatever version of a library, so nothing is
 * compressed but by what the encodings save.
 */

/** Whole numbers from 0 on, or null: as INT64, or where one is too large for that as DECIMAL(38). */
export function optionalNumberColumn(
  name: string,
  values: readonly (bigint | null)[],
): EncodedColumn {
  const present = values.filter((value) => value !== null);
  if (present.some((value) => value > MOST_INT64)) return decimalColumn(name, values, present);
  const isSmall = present.every((value) => value <= BigInt(MOST_FOR_DELTAS));
  return {
    name,
    type: PARQUET.type.int64,
    isOptional: true,
    codec: PARQUET.codec.uncompressed,
    data: {
      ...page(
        present.length,
        isSmall ? PARQUET.encoding.deltaBinaryPacked : PARQUET.encoding.plain,
        isSmall ? deltas(present.map(Number)) : plainInt64(present),
      ),
      levels: levelsOf(values),
      nulls: values.length - present.length,
    },
  };
}

function decimalColumn(
  name: string,
  values: readonly (bigint | null)[],
  present: readonly bigint[],
): EncodedColumn {
  const bytes = new Uint8Array(present.length * DECIMAL_BYTES);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of present.entries()) {
    view.setBigUint64(i * DECIMAL_BYTES, value >> 64n);
    view.setBigUint64(i * DECIMAL_BYTES + 8, value & (2n ** 64n - 1n));
  }
  return {
    name,
    type: PARQUET.type.fixedLengthByteArray,
    typeLength: DECIMAL_BYTES,
    decimalDigits: 38,
    isOptional: true,
    codec: PARQUET.codec.uncompressed,
    data: {
      ...page(present.length, PARQUET.encoding.plain, bytes),
      levels: levelsOf(values),
      nulls: values.length - present.length,
    },
  };
}

const DECIMAL_BYTES = 16;

/** Days since 1970-01-01 as DATE. */
export function dateColumn(name: string, days: readonly number[]): EncodedColumn {
  // Differences are of numbers from 0; days before 1970 are written out.
  const isLate = days.every((day) => day >= 0);
  return {
    name,
    type: PARQUET.type.int32,
    isDate: true,
    codec: PARQUET.codec.uncompressed,
    data: page(
      days.length,
      isLate ? PARQUET.encoding.deltaBinaryPacked : PARQUET.encoding.plain,
      isLate ? deltas(days) : plainInt32(days),
    ),
  };
}

/**
 * Text, of each value only what differs from the one before: for sorted names.
 * Source: Apache Parquet format, "Delta Strings (DELTA_BYTE_ARRAY)".
 */
export function sortedTextColumn(name: string, values: readonly string[]): EncodedColumn {
  const prefixes: number[] = [];
  const suffixes: Buffer[] = [];
  let before = Buffer.alloc(0);
  for (const value of values) {
    const bytes = Buffer.from(value, 'utf8');
    let shared = 0;
    const most = Math.min(before.length, bytes.length);
    while (shared < most && bytes[shared] === before[shared]) shared++;
    prefixes.push(shared);
    suffixes.push(bytes.subarray(shared));
    before = bytes;
  }
  const lengths = suffixes.map(({ length }) => length);
  const encoded = Buffer.concat([deltas(prefixes), deltas(lengths), ...suffixes]);
  return {
    name,
    type: PARQUET.type.byteArray,
    isText: true,
    codec: PARQUET.codec.uncompressed,
    data: page(values.length, PARQUET.encoding.deltaByteArray, encoded),
  };
}

/** 1 for a value, 0 for none, as runs and groups of bits. */
function levelsOf(values: readonly unknown[]): Uint8Array {
  const levels = Uint32Array.from(values, (value) => (value === null ? 0 : 1));
  // Without the width before them, which is known.
  return encodeDictionaryIds(levels, levels.length, 1).written().subarray(1);
}

function deltas(values: readonly number[]): Uint8Array {
  return encodeDeltas(Float64Array.from(values), values.length).written();
}

function plainInt64(values: readonly bigint[]): Uint8Array {
  const bytes = new Uint8Array(values.length * 8);
  const view = new DataView(bytes.buffer);
  for (const [i, value] of values.entries()) view.setBigInt64(i * 8, value, true);
  return bytes;
}

function plainInt32(values: readonly number[]): Uint8Array {
  const sink = new ByteSink(values.length * 4 + 16);
  for (const value of values) sink.u32(value >>> 0);
  return sink.written();
}

function page(values: number, encoding: number, bytes: Uint8Array) {
  return { values, encoding, uncompressedBytes: bytes.length, bytes, compressed: false };
}
