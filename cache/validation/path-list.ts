import { closeSync, openSync, readSync, writeSync } from 'node:fs';
import { CacheWriteError } from '../atomic-write.js';

/** Bytes that wait to be written together. */
const BUFFER_BYTES = 1 << 16;

/** Paths by their number from 0, on disk: those of fifty million files do not fit into memory. */
export class PathList {
  readonly #paths: number;
  /** Where each path ends, 8 bytes each. */
  readonly #ends: number;
  #waiting: string[] = [];
  #waitingBytes = 0;
  #written = { paths: 0, bytes: 0 };

  /** @param path of two new files, with `.paths` and `.ends` behind */
  constructor(private readonly path: string) {
    this.#paths = openSync(`${path}.paths`, 'wx+', 0o600);
    this.#ends = openSync(`${path}.ends`, 'wx+', 0o600);
  }

  /** @param path one character a byte */
  add(path: string): void {
    this.#waiting.push(path);
    this.#waitingBytes += path.length;
    if (this.#waitingBytes + 8 * this.#waiting.length >= BUFFER_BYTES) this.#flush();
  }

  /** @throws {RangeError} when there is no such path */
  get(number: number): string {
    this.#flush();
    if (number >= this.#written.paths) throw new RangeError('There is no path of that number.');
    const ends = Buffer.alloc(16);
    if (number === 0) readSync(this.#ends, ends, 8, 8, 0);
    else readSync(this.#ends, ends, 0, 16, 8 * (number - 1));
    const start = ends.readDoubleLE(0);
    const bytes = Buffer.alloc(ends.readDoubleLE(8) - start);
    readSync(this.#paths, bytes, 0, bytes.length, start);
    return bytes.toString('latin1');
  }

  /** The files stay. */
  close(): void {
    closeSync(this.#paths);
    closeSync(this.#ends);
  }

  #flush(): void {
    if (this.#waiting.length === 0) return;
    const ends = Buffer.alloc(8 * this.#waiting.length);
    let end = this.#written.bytes;
    this.#waiting.forEach((path, i) => {
      end += path.length;
      ends.writeDoubleLE(end, 8 * i);
    });
    try {
      const text = Buffer.from(this.#waiting.join(''), 'latin1');
      writeAll(this.#paths, text, this.#written.bytes);
      writeAll(this.#ends, ends, 8 * this.#written.paths);
    } catch (error) {
      throw new CacheWriteError(`${this.path}.paths`, error);
    }
    this.#written = { paths: this.#written.paths + this.#waiting.length, bytes: end };
    this.#waiting = [];
    this.#waitingBytes = 0;
  }
}

function writeAll(fd: number, bytes: Uint8Array, position: number): void {
  for (let done = 0; done < bytes.length; ) {
    done += writeSync(fd, bytes, done, bytes.length - done, position + done);
  }
}
