/** What is needed of the header of a Parquet page. Source: parquet.thrift, PageHeader. */
export interface PageHeader {
  readonly isDictionary: boolean;
  readonly isVersion2: boolean;
  readonly values: number;
  readonly encoding: number;
  /** Bytes of the page as stored, without this header. */
  readonly storedBytes: number;
  readonly uncompressedBytes: number;
  /** Of version 2: levels stand before the values, never compressed. */
  readonly levelBytes: number;
  readonly isCompressed: boolean;
  /** Where the page begins after its header. */
  readonly end: number;
}

const DICTIONARY_PAGE = 2;

/**
 * Read the header of a page in Thrift's compact protocol.
 *
 * @throws RangeError for one that makes no sense or goes on beyond the end
 */
export function readPageHeader(bytes: Uint8Array, at: number): PageHeader {
  const reader = new ThriftReader(bytes, at);
  const fields = reader.struct();
  const number = (from: Fields, id: number, otherwise = 0): number =>
    (from.get(id) as number | undefined) ?? otherwise;
  const v1 = fields.get(5) as Fields | undefined;
  const v2 = fields.get(8) as Fields | undefined;
  const own = v1 ?? v2 ?? (fields.get(7) as Fields | undefined) ?? new Map();
  const header = {
    isDictionary: number(fields, 1) === DICTIONARY_PAGE,
    isVersion2: v2 !== undefined,
    values: number(own, 1),
    encoding: number(own, v2 === undefined ? 2 : 4),
    storedBytes: number(fields, 3),
    uncompressedBytes: number(fields, 2),
    levelBytes: v2 === undefined ? 0 : number(v2, 5) + number(v2, 6),
    isCompressed: v2 === undefined || number(v2, 7, 1) === 1,
    end: reader.at,
  };
  const { values, storedBytes, uncompressedBytes, levelBytes } = header;
  const sizes = [values, storedBytes, uncompressedBytes, levelBytes];
  const areSizes = sizes.every((size) => Number.isSafeInteger(size) && size >= 0);
  if (!areSizes || levelBytes > storedBytes || levelBytes > uncompressedBytes) {
    throw new RangeError('the header of a page makes no sense');
  }
  return header;
}

/** Headers nest three levels; what is not needed of one may do so once more. */
const MOST_LEVELS = 8;

type Fields = Map<number, number | Fields | undefined>;

/** Source: Apache Thrift, "Thrift Compact protocol encoding". */
class ThriftReader {
  constructor(
    readonly bytes: Uint8Array,
    public at: number,
  ) {}

  struct(level = 0): Fields {
    if (level > MOST_LEVELS) throw new RangeError('the header of a page nests too deep');
    const fields: Fields = new Map();
    let id = 0;
    for (;;) {
      const head = this.#byte();
      if (head === 0) return fields;
      id = head >> 4 === 0 ? this.#zigzag() : id + (head >> 4);
      fields.set(id, this.#value(head & 15, level));
    }
  }

  /** Beyond the end there is nothing: so every loop ends there at the latest. */
  #byte(): number {
    const byte = this.bytes[this.at++];
    if (byte === undefined) throw new RangeError('the header of a page beyond the end');
    return byte;
  }

  #value(type: number, level: number): number | Fields | undefined {
    if (type === 1) return 1;
    if (type === 2) return 0;
    if (type === 3) return this.#byte();
    if (type >= 4 && type <= 6) return this.#zigzag();
    if (type === 12) return this.struct(level + 1);
    if (type === 7) this.at += 8;
    else if (type === 8) this.at += this.#varint();
    else if (type === 9 || type === 10) this.#skipList(level + 1);
    else throw new RangeError(`a Thrift value of type ${type}`);
    return undefined;
  }

  #skipList(level: number): void {
    if (level > MOST_LEVELS) throw new RangeError('the header of a page nests too deep');
    const head = this.#byte();
    const count = head >> 4 === 15 ? this.#varint() : head >> 4;
    if (count > this.bytes.length) throw new RangeError('a list beyond the end');
    for (let i = 0; i < count; i++) this.#value(head & 15, level);
  }

  #varint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#byte();
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  }

  #zigzag(): number {
    const value = this.#varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }
}
