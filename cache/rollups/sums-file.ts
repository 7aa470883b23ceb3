import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fchmodSync, fsyncSync, lstatSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { CacheWriteError, fsyncDirectory, PRIVATE, TEMPORARY_SUFFIX } from '../atomic-write.js';
import { S3LogExtractionError } from '../error.js';
import { renameToOwn } from '../own-file.js';
import { isListOf, isObject, isText, isWhole } from '../sealed-json.js';
import { type Block, encodeBlock } from './block.js';
import { ByteWriter } from './byte-writer.js';
import type { DatasetSums } from './dataset-sums.js';
import type { MergedAssets } from './merged-assets.js';
import { RollupsDamagedError } from './rollups-damaged-error.js';
import { SumsReader } from './sums-reader.js';

/** A file of sums as the manifest names it (FORMAT.md section 9). */
export interface SumsFile {
  /** Bare file name. */
  readonly file: string;
  /** Sums by day, by asset and by requester. */
  readonly rows: number;
  readonly bytes: number;
  readonly sha256: string;
  /** Modification time, milliseconds; while it is the same, the file is taken to be, too. */
  readonly modified: number;
  /** Where the list of blocks begins, and its CRC-32. */
  readonly index: number;
  readonly indexCheck: number;
}

const FLUSH_BYTES = 1 << 22;

/** Writes a file of sums, durable once finished. Not part of the rollups before a manifest names it. */
export class SumsFileWriter {
  readonly file = `${randomBytes(16).toString('hex')}.sums`;
  readonly #path: string;
  readonly #temporary: string;
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  readonly #pending = new ByteWriter(FLUSH_BYTES * 2);
  readonly #blocks: Block[] = [];
  #offset = 0;
  #rows = 0;

  /**
   * @param folder `rollups/`
   * @param hasWeeks whether assets have sums by week
   * @throws {CacheWriteError} as every method
   */
  constructor(
    folder: string,
    private readonly hasWeeks = false,
  ) {
    this.#path = join(folder, this.file);
    this.#temporary = `${this.#path}.${randomBytes(6).toString('hex')}${TEMPORARY_SUFFIX}`;
    this.#fd = this.#writing(() => openSync(this.#temporary, 'wx', PRIVATE.file));
  }

  /** @param assets when they are not among the sums */
  add(dataset: string, sums: DatasetSums, assets?: MergedAssets): void {
    const offset = this.#offset + this.#pending.length;
    const block = encodeBlock(sums, assets, this.#pending, this.hasWeeks);
    this.#rows += sums.byDay.count + sums.byRequester.count;
    this.#rows += assets === undefined ? sums.byAsset.count : assets.count;
    this.#blocks.push({ dataset, offset, ...block });
    if (this.#pending.length >= FLUSH_BYTES) this.#flush();
  }

  /** @returns undefined, and leaves nothing behind, when nothing was added */
  finish(): SumsFile | undefined {
    if (this.#blocks.length === 0) {
      this.discard();
      return undefined;
    }
    this.#flush();
    const index = this.#offset;
    const blocks = Buffer.from(JSON.stringify(this.#blocks), 'utf8');
    this.#write(blocks);
    return this.#writing(() => {
      fchmodSync(this.#fd, PRIVATE.file);
      fsyncSync(this.#fd);
      closeSync(this.#fd);
      const { mtimeMs } = lstatSync(this.#temporary);
      renameToOwn(this.#temporary, this.#path);
      fsyncDirectory(join(this.#path, '..'));
      return {
        file: this.file,
        rows: this.#rows,
        bytes: this.#offset,
        sha256: this.#hash.digest('hex'),
        modified: mtimeMs,
        index,
        indexCheck: crc32(blocks),
      };
    });
  }

  discard(): void {
    closeSync(this.#fd);
    rmSync(this.#temporary, { force: true });
  }

  #flush(): void {
    this.#write(this.#pending.written());
    this.#pending.length = 0;
  }

  #write(bytes: Uint8Array): void {
    this.#writing(() => {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    });
    this.#hash.update(bytes);
    this.#offset += bytes.length;
  }

  #writing<T>(action: () => T): T {
    try {
      return action();
    } catch (error) {
      throw error instanceof S3LogExtractionError ? error : new CacheWriteError(this.#path, error);
    }
  }
}

/** Blocks of a file of sums. @throws {RollupsDamagedError} */
export function readBlocks(folder: string, file: SumsFile): Block[] {
  const reader = new SumsReader(folder);
  try {
    const path = join(folder, file.file);
    const bytes = reader.piece(file.file, file.index, file.bytes - file.index);
    if (crc32(bytes) !== file.indexCheck) {
      throw new RollupsDamagedError(path, 'the list of its blocks has changed');
    }
    const blocks = parseBlocks(Buffer.from(bytes).toString('utf8'), file.index);
    if (blocks === undefined) throw new RollupsDamagedError(path, 'its list of blocks is none');
    return blocks;
  } finally {
    reader.close();
  }
}

/** @param end where the last block ends at the latest */
function parseBlocks(text: string, end: number): Block[] | undefined {
  const isBlock = (value: unknown): value is Block =>
    isObject(value) &&
    isText(value.dataset) &&
    isWhole(value.offset) &&
    isFour(value.sections) &&
    isFour(value.checks) &&
    value.sections.reduce((sum, bytes) => sum + bytes, value.offset) <= end;
  try {
    const blocks: unknown = JSON.parse(text);
    return isListOf(blocks, isBlock) ? [...blocks] : undefined;
  } catch {
    return undefined;
  }
}

function isFour(value: unknown): value is readonly number[] {
  return isListOf(value, isWhole) && value.length === 4;
}
