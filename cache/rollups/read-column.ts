import { type ColumnMetaData, type FileMetaData, parquetMetadata, type RowGroup } from 'hyparquet';
import { readHybrid } from './bit-unpack.js';
import { Integers, readDeltas, readPlainIntegers } from './integers.js';
import { readPageHeader } from './page-header.js';
import { Scratch } from './scratch.js';
import { Strings } from './strings.js';
import { PADDING, uncompress } from './uncompress.js';

/** A column of byte strings: distinct ones, and which of them each row has. */
export interface StringColumn {
  readonly strings: Strings;
  readonly ids: Uint32Array;
}

/** One chunk of a column: where it stands, and whether it may hold nulls. */
export interface ColumnChunk {
  readonly file: Uint8Array;
  readonly meta: ColumnMetaData;
  readonly isOptional: boolean;
  /** Of FIXED_LEN_BYTE_ARRAY. */
  readonly typeLength: number;
  readonly name: string;
  /** What is read of the column stands in it. */
  readonly scratch: Scratch;
}

/**
 * The end of a Parquet file, which says what is in it.
 *
 * @throws RangeError for one that makes no sense
 */
export function readMetadata(file: Uint8Array): FileMetaData {
  try {
    return parquetMetadata(file as Uint8Array<ArrayBuffer>);
  } catch (error) {
    throw new RangeError(`its metadata cannot be read: ${(error as Error).message}`);
  }
}

/** One column of a row group. @throws RangeError when there is none of that name */
export function columnChunk(
  file: Uint8Array,
  metadata: FileMetaData,
  group: RowGroup,
  name: string,
  scratch = new Scratch(),
): ColumnChunk {
  const isNamed = (path: readonly string[] | undefined) => path?.join('.') === name;
  const meta = group.columns.find(({ meta_data: column }) =>
    isNamed(column?.path_in_schema),
  )?.meta_data;
  const element = metadata.schema.find((column) => column.name === name);
  if (meta === undefined || element === undefined) throw new RangeError(`no column ${name}`);
  return {
    file,
    meta,
    isOptional: element.repetition_type === 'OPTIONAL',
    typeLength: element.type_length ?? 0,
    name,
    scratch,
  };
}

/** @throws RangeError for what it does not understand: nulls, other encodings */
export function readStrings(chunk: ColumnChunk, rows: number): StringColumn {
  const { scratch, name } = chunk;
  const strings = new Strings(scratch, name);
  const ids = scratch.words(`${name} ids`, rows);
  let dictionary = 0;
  const fixed = chunk.meta.type === 'FIXED_LEN_BYTE_ARRAY' ? chunk.typeLength : 0;
  for (const page of pages(chunk, rows)) {
    const { at, count, view, start } = page;
    if (page.isDictionary) {
      strings.addPlain(view, start, fixed, count);
      dictionary = strings.count;
    } else if (isDictionaryEncoding(page.encoding)) {
      readHybrid(view, start + 1, view.getUint8(start), ids, at, count);
      for (let i = at; i < at + count; i++) {
        if (ids[i] >= dictionary) throw new RangeError('an id beyond the dictionary');
      }
    } else {
      for (let i = 0; i < count; i++) ids[at + i] = strings.count + i;
      if (page.encoding === ENCODING.plain) strings.addPlain(view, start, fixed, count);
      else if (page.encoding === ENCODING.deltaLength) strings.addDeltaLength(view, start, count);
      else if (page.encoding === ENCODING.deltaBytes) strings.addDeltaBytes(view, start, count);
      else throw new RangeError(`the encoding ${page.encoding} of strings`);
    }
  }
  return { strings, ids };
}

/** @throws RangeError for what it does not understand */
export function readIntegers(chunk: ColumnChunk, rows: number): Integers {
  const { scratch, name } = chunk;
  const out = new Integers(rows, scratch, name);
  const size = chunk.meta.type === 'INT32' ? 4 : 8;
  let dictionary = new Integers(0);
  for (const { isDictionary, encoding, view, start, at, count } of pages(chunk, rows)) {
    if (isDictionary) {
      if (count * size > view.byteLength) throw new RangeError('numbers beyond the end');
      dictionary = new Integers(count, scratch, `${name} dictionary`);
      readPlainIntegers(view, start, size, dictionary, 0, count);
    } else if (isDictionaryEncoding(encoding)) {
      const ids = scratch.words('ids', count);
      readHybrid(view, start + 1, view.getUint8(start), ids, 0, count);
      for (let i = 0; i < count; i++) {
        const id = ids[i];
        if (id >= dictionary.count) throw new RangeError('an id beyond the dictionary');
        out.low[at + i] = dictionary.low[id];
        out.high[at + i] = dictionary.high[id];
      }
    } else if (encoding === ENCODING.plain) readPlainIntegers(view, start, size, out, at, count);
    else if (encoding === ENCODING.delta) readDeltas(view, start, out, at, count);
    else throw new RangeError(`the encoding ${encoding} of integers`);
  }
  return out;
}

/** @throws RangeError for what it does not understand */
export function readBooleans(chunk: ColumnChunk, rows: number): Uint32Array {
  const out = chunk.scratch.words(chunk.name, rows);
  for (const { encoding, view, start, at, count } of pages(chunk, rows)) {
    if (encoding === ENCODING.runs) readHybrid(view, start + 4, 1, out, at, count);
    else if (encoding === ENCODING.plain) {
      for (let i = 0; i < count; i++) {
        out[at + i] = (view.getUint8(start + (i >>> 3)) >>> (i & 7)) & 1;
      }
    } else throw new RangeError(`the encoding ${encoding} of booleans`);
  }
  return out;
}

const ENCODING = {
  plain: 0,
  plainDictionary: 2,
  runs: 3,
  delta: 5,
  deltaLength: 6,
  deltaBytes: 7,
  dictionary: 8,
} as const;

function isDictionaryEncoding(encoding: number): boolean {
  return encoding === ENCODING.dictionary || encoding === ENCODING.plainDictionary;
}

interface Page {
  readonly isDictionary: boolean;
  readonly encoding: number;
  readonly view: DataView;
  /** Where the values begin in the view. */
  readonly start: number;
  /** Row of the first value. */
  readonly at: number;
  readonly count: number;
}

/** A page may not take more memory than this, nor more than its codec can make of its bytes. */
const MOST_PAGE_BYTES = 2 ** 30;
/** What stored bytes come to at most. Sources: the formats of Snappy, DEFLATE, LZ4 blocks; of zstd a bound of ours. */
const MOST_RATIO: Readonly<Record<string, number>> = {
  UNCOMPRESSED: 1,
  SNAPPY: 64,
  GZIP: 1032,
  LZ4_RAW: 256,
  ZSTD: 1 << 14,
};

/** The pages of a chunk, which hold `rows` values together. @throws RangeError */
function* pages(chunk: ColumnChunk, rows: number): Generator<Page> {
  const { file, meta, isOptional, name, scratch } = chunk;
  const first = Number(meta.dictionary_page_offset ?? 0n) || Number(meta.data_page_offset);
  if (Number(meta.num_values) !== rows) throw new RangeError(`not ${rows} values of ${name}`);
  let position = Math.min(first, Number(meta.data_page_offset));
  if (!(position >= 0)) throw new RangeError('a page before the beginning');
  for (let at = 0; at < rows; ) {
    const header = readPageHeader(file, position);
    const { values, encoding, isDictionary, isVersion2, levelBytes } = header;
    const body = file.subarray(header.end, header.end + header.storedBytes);
    position = header.end + header.storedBytes;
    if (body.length !== header.storedBytes) throw new RangeError('a page beyond the end');
    // Ids and numbers go where there is room for them.
    if (!isDictionary && at + values > rows) {
      throw new RangeError(`a page of ${values} values`);
    }
    const isStoredPlain = meta.codec === 'UNCOMPRESSED' || !header.isCompressed;
    const size = header.uncompressedBytes - levelBytes;
    const most = (header.storedBytes + 64) * (MOST_RATIO[meta.codec] ?? 1);
    if (!isStoredPlain && size > Math.min(most, MOST_PAGE_BYTES)) {
      throw new RangeError(`a page of ${size} bytes`);
    }
    const bytes = isStoredPlain
      ? padded(file, body.subarray(levelBytes))
      : uncompress(
          meta.codec,
          body.subarray(levelBytes),
          // Strings stay where they are in their pages, of which there may be many.
          isDictionary
            ? scratch.bytes(`${name} page`, size + PADDING)
            : new Uint8Array(size + PADDING),
        );
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    let start = 0;
    if (isOptional && !isDictionary) {
      if (isVersion2) requireValues(viewOf(padded(file, body)), 0, values);
      else {
        requireValues(view, 4, values);
        start = 4 + view.getUint32(0, true);
      }
    }
    yield { isDictionary, encoding, view, start, at, count: values };
    if (!isDictionary) at += values;
  }
}

/** Bytes of a file with what follows them there, or with zeros behind them at its end. */
function padded(file: Uint8Array, bytes: Uint8Array): Uint8Array {
  const from = bytes.byteOffset - file.byteOffset;
  const within = from + bytes.length + PADDING <= file.length;
  if (within) return file.subarray(from, from + bytes.length + PADDING);
  const copy = new Uint8Array(bytes.length + PADDING);
  copy.set(bytes);
  return copy;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function requireValues(view: DataView, from: number, count: number): void {
  const levels = new Uint32Array(count);
  readHybrid(view, from, 1, levels, 0, count);
  if (levels.includes(0)) throw new RangeError('a value that is missing');
}
