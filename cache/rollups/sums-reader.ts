import { closeSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { readFailure } from '../error.js';
import { openOwnFile } from '../own-file.js';
import { type Block, SECTION, type Section } from './block.js';
import { RollupsDamagedError } from './rollups-damaged-error.js';

const SMALL_BLOCK_BYTES = 1 << 18;
const MOST_RECENT = 12;

interface SmallBlock {
  readonly file: string;
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** Reads sections of files of sums, and keeps the files open. */
export class SumsReader {
  readonly #folder: string;
  readonly #open = new Map<string, number>();
  /** Small blocks read last: those of one dataset, from several files, are read section by section. */
  readonly #recent: SmallBlock[] = [];

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** One section of a block, compared with its check. @throws {RollupsDamagedError} */
  read(file: string, block: Block, section: Section): Uint8Array {
    const n = SECTION[section];
    let start = 0;
    for (let i = 0; i < n; i++) start += block.sections[i] as number;
    const length = block.sections[n] as number;
    const whole = this.#smallBlock(file, block);
    const bytes =
      whole?.subarray(start, start + length) ?? this.piece(file, block.offset + start, length);
    if (crc32(bytes) !== block.checks[n]) {
      throw new RollupsDamagedError(join(this.#folder, file), `sums by ${section} have changed`);
    }
    return bytes;
  }

  /** Most blocks are small, and all their sections are asked for: one call of the system for all. */
  #smallBlock(file: string, { offset, sections }: Block): Uint8Array | undefined {
    const known = this.#recent.find((one) => one.file === file && one.offset === offset);
    if (known !== undefined) return known.bytes;
    const length = sections.reduce((sum, bytes) => sum + bytes, 0);
    if (length > SMALL_BLOCK_BYTES) return undefined;
    const bytes = this.piece(file, offset, length);
    if (this.#recent.unshift({ file, offset, bytes }) > MOST_RECENT) this.#recent.pop();
    return bytes;
  }

  /** @throws {RollupsDamagedError} */
  piece(file: string, offset: number, length: number): Uint8Array {
    const path = join(this.#folder, file);
    try {
      let fd = this.#open.get(file);
      if (fd === undefined) {
        fd = openOwnFile(path);
        this.#open.set(file, fd);
      }
      const bytes = new Uint8Array(length);
      for (let done = 0; done < length; ) {
        const read = readSync(fd, bytes, done, length - done, offset + done);
        if (read === 0) throw new RollupsDamagedError(path, 'it is too short');
        done += read;
      }
      return bytes;
    } catch (error) {
      throw readFailure(path, error, (why) => new RollupsDamagedError(path, why, error));
    }
  }

  close(): void {
    for (const fd of this.#open.values()) closeSync(fd);
    this.#open.clear();
  }
}
