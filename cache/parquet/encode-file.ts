import { ByteSink } from './byte-sink.js';
import { type EncodedColumn, PARQUET, type Page } from './column.js';
import { encodeThrift, type ThriftStruct, type ThriftValue } from './thrift.js';

const MAGIC = Buffer.from('PAR1', 'latin1');
const PAGE_TYPE = { dictionary: 2, dataV2: 3 } as const;
const REPETITION = { required: 0, optional: 1 } as const;

/**
 * Put encoded columns together to a Parquet file of one row group. All columns are flat.
 * Source: Apache Parquet format, "File format" and parquet.thrift.
 *
 * Why not a library: extraction has interned its values already, and writes their ids and
 * dictionaries as they are; the libraries at hand take values row by row or column by column as
 * objects, find the duplicates again and took 5 to 20 times as long for twice the size.
 */
export function encodeFile(columns: readonly EncodedColumn[], rows: number): Uint8Array {
  const sink = new ByteSink(columns.reduce((sum, column) => sum + sizeOf(column), 4096));
  sink.append(MAGIC);
  const chunks = columns.map((column) => writeColumn(sink, column, rows));
  const metadata = encodeThrift(fileMetadata(columns, chunks, rows));
  sink.append(metadata);
  sink.u32(metadata.length);
  sink.append(MAGIC);
  return sink.written();
}

const NO_BYTES = new Uint8Array(0);

interface Chunk {
  readonly offset: number;
  readonly dictionaryOffset: number | undefined;
  readonly dataOffset: number;
  readonly bytes: number;
  readonly uncompressedBytes: number;
}

function writeColumn(sink: ByteSink, column: EncodedColumn, rows: number): Chunk {
  const offset = sink.length;
  let uncompressed = 0;
  let dictionaryOffset: number | undefined;
  if (column.dictionary !== undefined) {
    dictionaryOffset = sink.length;
    uncompressed += writePage(sink, column.dictionary, PAGE_TYPE.dictionary, [
      7,
      {
        struct: [
          [1, { i32: column.dictionary.values }],
          [2, { i32: column.dictionary.encoding }],
        ],
      },
    ]);
  }
  const dataOffset = sink.length;
  uncompressed += writePage(sink, column.data, PAGE_TYPE.dataV2, [
    8,
    {
      struct: [
        [1, { i32: rows }],
        [2, { i32: column.data.nulls ?? 0 }],
        [3, { i32: rows }],
        [4, { i32: column.data.encoding }],
        [5, { i32: column.data.levels?.length ?? 0 }],
        [6, { i32: 0 }],
        [7, { bool: column.data.compressed }],
      ],
    },
  ]);
  return {
    offset,
    dictionaryOffset,
    dataOffset,
    bytes: sink.length - offset,
    uncompressedBytes: uncompressed,
  };
}

/** @returns the uncompressed size of header and payload */
function writePage(
  sink: ByteSink,
  page: Page,
  type: number,
  header: readonly [number, ThriftValue],
): number {
  const { levels = NO_BYTES } = page;
  const bytes = encodeThrift([
    [1, { i32: type }],
    [2, { i32: levels.length + page.uncompressedBytes }],
    [3, { i32: levels.length + page.bytes.length }],
    header,
  ]);
  sink.append(bytes);
  // Never compressed.
  sink.append(levels);
  sink.append(page.bytes);
  return bytes.length + levels.length + page.uncompressedBytes;
}

function fileMetadata(
  columns: readonly EncodedColumn[],
  chunks: readonly Chunk[],
  rows: number,
): ThriftStruct {
  const total = chunks.reduce((sum, chunk) => sum + chunk.uncompressedBytes, 0);
  const compressed = chunks.reduce((sum, chunk) => sum + chunk.bytes, 0);
  return [
    [1, { i32: 2 }],
    [2, { list: [rootElement(columns.length), ...columns.map(schemaElement)] }],
    [3, { i64: rows }],
    [
      4,
      {
        list: [
          {
            struct: [
              [1, { list: columns.map((column, i) => columnChunk(column, chunks[i], rows)) }],
              [2, { i64: total }],
              [3, { i64: rows }],
              [5, { i64: chunks[0].offset }],
              [6, { i64: compressed }],
            ],
          },
        ],
      },
    ],
    [6, { binary: 's3logextraction' }],
  ];
}

function rootElement(children: number): ThriftValue {
  return {
    struct: [
      [4, { binary: 'schema' }],
      [5, { i32: children }],
    ],
  };
}

function schemaElement(column: EncodedColumn): ThriftValue {
  const fields: [number, ThriftValue][] = [[1, { i32: column.type }]];
  if (column.typeLength !== undefined) fields.push([2, { i32: column.typeLength }]);
  const repetition = column.isOptional ? REPETITION.optional : REPETITION.required;
  fields.push([3, { i32: repetition }], [4, { binary: column.name }]);
  if (column.isText) {
    // Both the older converted type and the logical type STRING, for readers of either.
    fields.push([6, { i32: PARQUET.utf8 }], [10, { struct: [[1, { struct: [] }]] }]);
  }
  if (column.decimalDigits !== undefined) {
    const digits = { i32: column.decimalDigits };
    const logical: ThriftStruct = [
      [1, { i32: 0 }],
      [2, digits],
    ];
    fields.push(
      [6, { i32: PARQUET.decimal }],
      [7, { i32: 0 }],
      [8, digits],
      [10, { struct: [[5, { struct: logical }]] }],
    );
  }
  if (column.isDate) {
    fields.push([6, { i32: PARQUET.date }], [10, { struct: [[6, { struct: [] }]] }]);
  }
  return { struct: fields };
}

function columnChunk(column: EncodedColumn, chunk: Chunk, rows: number): ThriftValue {
  const encodings = [column.data.encoding];
  if (column.dictionary !== undefined) encodings.push(column.dictionary.encoding);
  const fields: [number, ThriftValue][] = [
    [1, { i32: column.type }],
    [2, { list: encodings.map((encoding) => ({ i32: encoding })) }],
    [3, { list: [{ binary: column.name }] }],
    [4, { i32: column.codec }],
    [5, { i64: rows }],
    [6, { i64: chunk.uncompressedBytes }],
    [7, { i64: chunk.bytes }],
    [9, { i64: chunk.dataOffset }],
  ];
  if (chunk.dictionaryOffset !== undefined) fields.push([11, { i64: chunk.dictionaryOffset }]);
  if (column.range !== undefined) {
    const [least, most] = column.range;
    fields.push([
      12,
      {
        struct: [
          [3, { i64: 0 }],
          [5, { binary: int64Bytes(most) }],
          [6, { binary: int64Bytes(least) }],
        ],
      },
    ]);
  }
  return {
    struct: [
      [2, { i64: 0 }],
      [3, { struct: fields }],
    ],
  };
}

function int64Bytes(value: number | bigint): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigInt64(0, BigInt(value), true);
  return bytes;
}

function sizeOf(column: EncodedColumn): number {
  return column.data.bytes.length + (column.dictionary?.bytes.length ?? 0) + 256;
}
