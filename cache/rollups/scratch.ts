/**
 * Memory that is used again for each segment. Fresh memory costs as much as what is done with it: the
 * system clears it, page by page, and the garbage collector gives it back.
 */
export class Scratch {
  readonly #buffers = new Map<string, ArrayBuffer>();

  /** Holds whatever was left there. A name is for one thing at a time. */
  words(name: string, count: number): Uint32Array {
    return new Uint32Array(this.#buffer(name, count * 4), 0, count);
  }

  /** As {@link words}, signed. */
  integers(name: string, count: number): Int32Array {
    return new Int32Array(this.#buffer(name, count * 4), 0, count);
  }

  bytes(name: string, count: number): Uint8Array {
    return new Uint8Array(this.#buffer(name, count), 0, count);
  }

  #buffer(name: string, bytes: number): ArrayBuffer {
    const known = this.#buffers.get(name);
    if (known !== undefined && known.byteLength >= bytes) return known;
    const made = new ArrayBuffer(Math.ceil((bytes * 1.25) / 4096) * 4096);
    this.#buffers.set(name, made);
    return made;
  }
}
