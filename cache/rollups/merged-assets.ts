import { ByteReader } from './byte-reader.js';
import { RADIX } from './sums.js';

/** Goes through the assets of one section in order. */
class AssetCursor {
  /** See assetOrder; undefined behind the last one. */
  name: string | undefined = '';
  readonly sums: ByteReader;
  readonly #text: Buffer;

  constructor(section: Uint8Array) {
    this.sums = new ByteReader(section);
    this.#text = Buffer.from(section.buffer, section.byteOffset, section.byteLength);
    this.next();
  }

  next(): void {
    const { sums } = this;
    const shared = sums.varint();
    const rest = sums.varint();
    if (shared + rest === 0) {
      this.name = undefined;
      return;
    }
    const end = sums.at + rest;
    this.name =
      (this.name as string).slice(0, shared) + this.#text.toString('latin1', sums.at, end);
    sums.at = end;
    sums.sums();
  }
}

/**
 * Goes through the assets of several sections in order; what stands in several, or several times
 * in one (keys that differ only in a final slash), comes once. None of them is kept.
 */
export class MergedAssets {
  /** See assetOrder. */
  name = '';
  low = 0;
  high = 0;
  requests = 0;
  downloads = 0;
  /** How many there were so far. */
  count = 0;
  readonly #cursors: AssetCursor[];

  constructor(sections: readonly Uint8Array[]) {
    this.#cursors = sections.map((section) => new AssetCursor(section));
  }

  /** @returns whether there is one more */
  next(): boolean {
    let least: string | undefined;
    for (const { name } of this.#cursors) {
      if (name !== undefined && (least === undefined || name < least)) least = name;
    }
    if (least === undefined) return false;
    this.name = least;
    this.low = 0;
    this.high = 0;
    this.requests = 0;
    this.downloads = 0;
    this.count++;
    for (const cursor of this.#cursors) {
      for (; cursor.name === least; cursor.next()) this.#add(cursor.sums);
    }
    return true;
  }

  #add(sums: ByteReader): void {
    this.low += sums.low;
    this.high += sums.high;
    if (this.low >= RADIX) {
      this.low -= RADIX;
      this.high++;
    }
    this.requests += sums.requests;
    this.downloads += sums.downloads;
  }
}
