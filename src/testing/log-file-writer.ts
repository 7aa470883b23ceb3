import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';

/** Small enough to stay in a core's own cache. */
const BUFFER_BYTES = 2 ** 19;
/** No generated line is longer. */
const LONGEST_LINE_BYTES = 8_192;

/** Writes lines to one file after another through one buffer. */
export class LogFileWriter {
  readonly #buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  #length = 0;
  #flushed = 0;
  #file = -1;
  #folder = '';

  /** Bytes of the current file. */
  get bytes(): number {
    return this.#flushed + this.#length;
  }

  open(path: string): void {
    const folder = dirname(path);
    if (folder !== this.#folder) mkdirSync(folder, { recursive: true });
    this.#folder = folder;
    this.#file = openSync(path, 'wx');
    this.#flushed = 0;
  }

  /** @param text Latin-1 */
  write(text: string): void {
    // Before and not after, so that the last LF is still there to be left out.
    if (this.#length > BUFFER_BYTES - LONGEST_LINE_BYTES) this.#flush();
    this.#length += this.#buffer.write(text, this.#length, 'latin1');
    this.#buffer[this.#length++] = 0x0a;
  }

  /** @param withLastLf whether the file's last line ends in LF, as nearly all do */
  close(withLastLf: boolean): void {
    if (!withLastLf && this.#length > 0) this.#length--;
    this.#flush();
    closeSync(this.#file);
    this.#file = -1;
  }

  #flush(): void {
    for (let done = 0; done < this.#length; ) {
      done += writeSync(this.#file, this.#buffer, done, this.#length - done);
    }
    this.#flushed += this.#length;
    this.#length = 0;
  }
}
