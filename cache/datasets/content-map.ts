import type { CachePaths } from '../paths.js';
import { type DatasetFile, readDatasetFile, writeDatasetFile } from './dataset-files.js';

/** Where a content belongs. */
export interface ContentPlace {
  readonly content: string;
  readonly dataset: string;
  readonly path: string;
}

/** A file of places, as the settings name it. */
export interface ContentFile extends DatasetFile {
  readonly contents: number;
}

/** Bytes, and where places begin in them by a hash of their content: shared by all threads. */
export interface ContentIndex {
  readonly bytes: Uint8Array;
  /** Offset + 1, 0 for none; a power of two. */
  readonly slots: Uint32Array;
}

/** Lengths of content, dataset and path, before them. */
const HEAD_BYTES = 8;
/** Read beyond the end of a place. */
const PADDING = 8;
const HINT = 'Run "s3logextraction update summaries --mode dandi": it gets the mapping anew.';

/**
 * Write places (FORMAT.md section 15), durably, under a new name.
 *
 * @param places each content once
 * @throws {CacheWriteError} @throws {RangeError} a name of 64 KiB
 */
export function writeContents(paths: CachePaths, places: readonly ContentPlace[]): ContentFile {
  const pieces: Buffer[] = [];
  for (const { content, dataset, path } of [...places].sort(byContent)) {
    const names = [content, dataset, path].map((name) => Buffer.from(name, 'utf8')) as [
      Buffer,
      Buffer,
      Buffer,
    ];
    const head = Buffer.alloc(HEAD_BYTES);
    head.writeUInt16LE(names[0].length, 0);
    head.writeUInt16LE(names[1].length, 2);
    head.writeUInt32LE(names[2].length, 4);
    pieces.push(head, names[0], names[1], SLASH, names[2]);
  }
  return {
    ...writeDatasetFile(paths, 'contents', Buffer.concat(pieces)),
    contents: places.length,
  };
}

const SLASH = Buffer.from('/');

/**
 * Read a file of places and index it.
 *
 * @throws {DamagedCacheError}
 */
export function readContents(paths: CachePaths, file: ContentFile): ContentIndex {
  const read = readDatasetFile(paths, file, HINT);
  const bytes = new Uint8Array(new SharedArrayBuffer(read.length + PADDING));
  bytes.set(read);
  const view = new DataView(bytes.buffer);
  const offsets: number[] = [];
  for (let at = 0; at < read.length; at = placeEnd(view, at)) offsets.push(at);
  const size = 2 ** Math.ceil(Math.log2(offsets.length * 2 + 2));
  const slots = new Uint32Array(new SharedArrayBuffer(size * 4));
  for (const at of offsets) {
    const length = view.getUint16(at, true);
    let slot = hashOf(bytes, at + HEAD_BYTES, length) & (size - 1);
    while (slots[slot] !== 0) slot = (slot + 1) & (size - 1);
    slots[slot] = at + 1;
  }
  return { bytes, slots };
}

/** All places of a file, in order of their content. @throws {DamagedCacheError} */
export function* listContents(paths: CachePaths, file: ContentFile): Generator<ContentPlace> {
  const bytes = readDatasetFile(paths, file, HINT);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let at = 0; at < bytes.length; at = placeEnd(view, at)) {
    const names = at + HEAD_BYTES;
    const dataset = names + view.getUint16(at, true);
    const slash = dataset + view.getUint16(at + 2, true);
    const pathEnd = slash + 1 + view.getUint32(at + 4, true);
    yield {
      content: bytes.toString('utf8', names, dataset),
      dataset: bytes.toString('utf8', dataset, slash),
      path: bytes.toString('utf8', slash + 1, pathEnd),
    };
  }
}

/** Finds the places of contents. */
export class ContentMap {
  /** Of the content found last: `dataset/path`, and how long the dataset is. */
  start = 0;
  length = 0;
  datasetLength = 0;
  readonly bytes: Uint8Array;
  readonly #slots: Uint32Array;
  readonly #view: DataView;

  constructor({ bytes, slots }: ContentIndex) {
    this.bytes = bytes;
    this.#slots = slots;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** @returns whether the content at `from` in some bytes has a place */
  find(bytes: Uint8Array, from: number, length: number): boolean {
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (
      let slot = hashOf(bytes, from, length) & mask;
      slots[slot] !== 0;
      slot = (slot + 1) & mask
    ) {
      const at = slots[slot] - 1;
      if (this.#view.getUint16(at, true) !== length) continue;
      if (!this.#isSame(at + HEAD_BYTES, bytes, from, length)) continue;
      this.start = at + HEAD_BYTES + length;
      this.datasetLength = this.#view.getUint16(at + 2, true);
      this.length = this.datasetLength + 1 + this.#view.getUint32(at + 4, true);
      return true;
    }
    return false;
  }

  #isSame(at: number, bytes: Uint8Array, from: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.bytes[at + i] !== bytes[from + i]) return false;
    return true;
  }
}

function placeEnd(view: DataView, at: number): number {
  const lengths =
    view.getUint16(at, true) + view.getUint16(at + 2, true) + view.getUint32(at + 4, true);
  return at + HEAD_BYTES + lengths + 1;
}

/** FNV-1a; contents come from the archive itself, not from who asks for them. */
function hashOf(bytes: Uint8Array, from: number, length: number): number {
  let hash = 0x811c9dc5;
  for (let i = from; i < from + length; i++) hash = Math.imul(hash ^ bytes[i], 0x01000193);
  return (hash ^ (hash >>> 15)) >>> 0;
}

function byContent(one: ContentPlace, other: ContentPlace): number {
  return one.content < other.content ? -1 : one.content > other.content ? 1 : 0;
}
