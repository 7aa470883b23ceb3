import { createHash } from 'node:crypto';
import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { CacheWriteError, PRIVATE } from '../../../cache/atomic-write.js';

/** Texts are gathered up to this size before they are written. */
const PIECE_CHARACTERS = 1 << 16;

/** A new private file, written piece by piece, and its SHA-256. */
export class FileWriter {
  /** Of all that was written, also what is not on disk yet. */
  sizeBytes = 0;
  readonly #fd: number;
  readonly #hash = createHash('sha256');
  #held: string[] = [];
  #characters = 0;

  /** @throws {CacheWriteError} */
  constructor(readonly path: string) {
    this.#fd = attempt(path, () => openSync(path, 'wx', PRIVATE.file));
  }

  write(text: string): void {
    this.#held.push(text);
    this.#characters += text.length;
    this.sizeBytes += Buffer.byteLength(text, 'utf8');
    if (this.#characters >= PIECE_CHARACTERS) this.#flush();
  }

  /** @returns hex SHA-256 of all that was written */
  end(): string {
    this.#flush();
    closeSync(this.#fd);
    return this.#hash.digest('hex');
  }

  /** Remove what was written. */
  discard(): void {
    closeSync(this.#fd);
    rmSync(this.path, { force: true });
  }

  /** As {@link write}, at once. */
  writeBytes(bytes: Uint8Array): void {
    this.#flush();
    this.sizeBytes += bytes.length;
    this.#put(bytes);
  }

  #flush(): void {
    const bytes = Buffer.from(this.#held.join(''), 'utf8');
    this.#held = [];
    this.#characters = 0;
    this.#put(bytes);
  }

  #put(bytes: Uint8Array): void {
    this.#hash.update(bytes);
    attempt(this.path, () => {
      for (let done = 0; done < bytes.length; ) done += writeSync(this.#fd, bytes, done);
    });
  }
}

function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw new CacheWriteError(path, error);
  }
}
