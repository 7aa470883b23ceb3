import { randomBytes } from 'node:crypto';
import { closeSync, createReadStream, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { lstat } from 'node:fs/promises';
import { join } from 'node:path';
import { makeDirectory, replacePublished } from './atomic-write.js';
import { systemErrorCode } from './error.js';
import { READ_OWN, readOwnFile } from './own-file.js';
import type { CachePaths } from './paths.js';

/** Content up to this size is held in memory; more goes to `<cache>/tmp` until it is whole. */
const IN_MEMORY_BYTES = 1 << 20;
const PIECE_BYTES = 1 << 20;
const OWN_STREAM = { highWaterMark: PIECE_BYTES, flags: READ_OWN as unknown as string };

/**
 * A file to be published, whose content comes in pieces. It replaces what stands under its name
 * as a whole (FORMAT.md W1), unless that has the same bytes already: then it is left untouched,
 * with its modification time, so that rsync and git have nothing to do.
 */
export class PublishedFile {
  readonly #paths: CachePaths;
  readonly #path: string;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #bytes = 0;
  #spool: { readonly path: string; readonly fd: number } | undefined;

  /** @param path final name; its directory must exist when {@link publish} is called */
  constructor(paths: CachePaths, path: string) {
    this.#paths = paths;
    this.#path = path;
  }

  write(text: string): void {
    const piece = Buffer.from(text, 'utf8');
    this.#held.push(piece);
    this.#heldBytes += piece.length;
    this.#bytes += piece.length;
    if (this.#heldBytes > IN_MEMORY_BYTES) this.#spill();
  }

  /**
   * @param assertHeld called right before the file is replaced
   * @returns whether the file changed
   * @throws {CacheWriteError}
   */
  async publish(assertHeld: () => void = () => {}): Promise<boolean> {
    try {
      if (this.#spool !== undefined) this.#spill();
      if (await this.#isPublished()) return false;
      await replacePublished(this.#path, this.#pieces(), assertHeld);
      return true;
    } finally {
      this.discard();
    }
  }

  /** Forget the content. */
  discard(): void {
    this.#held = [];
    if (this.#spool === undefined) return;
    closeSync(this.#spool.fd);
    rmSync(this.#spool.path, { force: true });
    this.#spool = undefined;
  }

  #spill(): void {
    if (this.#spool === undefined) {
      makeDirectory(this.#paths.tmp);
      const path = join(this.#paths.tmp, `published-${randomBytes(6).toString('hex')}`);
      this.#spool = { path, fd: openSync(path, 'wx+', 0o600) };
    }
    for (const piece of this.#held) writeFully(this.#spool.fd, piece);
    this.#held = [];
    this.#heldBytes = 0;
  }

  async #isPublished(): Promise<boolean> {
    const size = await regularFileSize(this.#path);
    if (size !== this.#bytes) return false;
    if (this.#spool === undefined) return readOwnFile(this.#path).equals(this.#content());
    const pieces = this.#pieces();
    let piece: Buffer = Buffer.alloc(0);
    for await (const chunk of createReadStream(this.#path, OWN_STREAM)) {
      for (let found = chunk as Buffer; found.length > 0; ) {
        if (piece.length === 0) piece = pieces.next().value ?? Buffer.alloc(0);
        const length = Math.min(piece.length, found.length);
        if (length === 0 || !piece.subarray(0, length).equals(found.subarray(0, length))) {
          return false;
        }
        piece = piece.subarray(length);
        found = found.subarray(length);
      }
    }
    return true;
  }

  #content(): Buffer {
    return Buffer.concat(this.#held);
  }

  *#pieces(): Generator<Buffer, undefined> {
    if (this.#spool === undefined) {
      yield this.#content();
      return;
    }
    for (let position = 0; position < this.#bytes; ) {
      const piece = Buffer.allocUnsafe(PIECE_BYTES);
      const read = readSync(this.#spool.fd, piece, 0, PIECE_BYTES, position);
      if (read === 0) return;
      yield piece.subarray(0, read);
      position += read;
    }
  }
}

function writeFully(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) done += writeSync(fd, bytes, done);
}

async function regularFileSize(path: string): Promise<number | undefined> {
  try {
    const found = await lstat(path);
    return found.isFile() ? found.size : undefined;
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
