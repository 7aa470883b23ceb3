import { ByteSink } from './byte-sink.js';

/**
 * A value in Thrift's compact protocol, as far as Parquet's metadata needs it.
 * Source: Apache Thrift, "Thrift Compact protocol encoding".
 */
export type ThriftValue =
  | { readonly i32: number }
  | { readonly i64: number }
  | { readonly bool: boolean }
  | { readonly binary: Uint8Array | string }
  | { readonly list: readonly ThriftValue[] }
  | { readonly struct: ThriftStruct };

/** Field id and value in ascending order of ids. */
export type ThriftStruct = readonly (readonly [number, ThriftValue])[];

const TYPE = { true: 1, false: 2, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;

export function encodeThrift(fields: ThriftStruct): Uint8Array {
  const sink = new ByteSink(512);
  writeStruct(sink, fields);
  return sink.written();
}

function writeStruct(sink: ByteSink, fields: ThriftStruct): void {
  let previous = 0;
  for (const [id, value] of fields) {
    sink.u8(((id - previous) << 4) | typeOf(value));
    previous = id;
    writeValue(sink, value);
  }
  sink.u8(0);
}

function writeValue(sink: ByteSink, value: ThriftValue): void {
  if ('i32' in value) sink.zigzag(value.i32);
  else if ('i64' in value) sink.zigzag(value.i64);
  else if ('binary' in value) writeBinary(sink, value.binary);
  else if ('struct' in value) writeStruct(sink, value.struct);
  else if ('list' in value) writeList(sink, value.list);
  // A boolean field is its type and has no bytes of its own.
}

function writeBinary(sink: ByteSink, binary: Uint8Array | string): void {
  const bytes = typeof binary === 'string' ? Buffer.from(binary, 'utf8') : binary;
  sink.varint(bytes.length);
  sink.append(bytes);
}

function writeList(sink: ByteSink, values: readonly ThriftValue[]): void {
  const type = values.length > 0 ? typeOf(values[0]) : TYPE.i32;
  if (values.length < 15) {
    sink.u8((values.length << 4) | type);
  } else {
    sink.u8(0xf0 | type);
    sink.varint(values.length);
  }
  for (const value of values) writeValue(sink, value);
}

function typeOf(value: ThriftValue): number {
  if ('i32' in value) return TYPE.i32;
  if ('i64' in value) return TYPE.i64;
  if ('bool' in value) return value.bool ? TYPE.true : TYPE.false;
  if ('binary' in value) return TYPE.binary;
  if ('list' in value) return TYPE.list;
  return TYPE.struct;
}
