/** Sums of some requests. Byte sums are exact, as decimal strings, for they may exceed 2^53. */
export interface TruthSums {
  readonly bytes_sent: string;
  readonly requests: number;
  readonly downloads: number;
}

/** Sums as they travel between threads. */
export interface SumsPart {
  readonly bytes: bigint;
  readonly requests: number;
  readonly downloads: number;
}

/** A bigint per line would be slow: numbers gather below 2^52 and are carried over before that. */
export class Sums {
  #bytes = 0n;
  #recentBytes = 0;
  requests = 0;
  downloads = 0;

  add(line: { readonly bytesSent: number; readonly download: boolean }): void {
    this.#recentBytes += line.bytesSent;
    if (this.#recentBytes > 2 ** 52) this.#carry();
    this.requests++;
    if (line.download) this.downloads++;
  }

  merge(other: SumsPart): void {
    this.#bytes += other.bytes;
    this.requests += other.requests;
    this.downloads += other.downloads;
  }

  part(): SumsPart {
    this.#carry();
    return { bytes: this.#bytes, requests: this.requests, downloads: this.downloads };
  }

  toTruth(): TruthSums {
    this.#carry();
    return {
      bytes_sent: this.#bytes.toString(),
      requests: this.requests,
      downloads: this.downloads,
    };
  }

  #carry(): void {
    this.#bytes += BigInt(this.#recentBytes);
    this.#recentBytes = 0;
  }
}

/** A set of small integers that knows its size. */
export class BitSet {
  readonly #words: Uint32Array;
  count = 0;

  constructor(limit: number) {
    this.#words = new Uint32Array((limit >>> 5) + 1);
  }

  add(value: number): void {
    const word = value >>> 5;
    const bit = 1 << (value & 31);
    if ((this.#words[word] & bit) !== 0) return;
    this.#words[word] |= bit;
    this.count++;
  }

  /** Its words, to be merged into another of the same limit. */
  part(): Uint32Array {
    return this.#words;
  }

  merge(words: Uint32Array): void {
    for (let w = 0; w < words.length; w++) {
      const added = words[w] & ~this.#words[w];
      if (added === 0) continue;
      this.#words[w] |= added;
      for (let rest = added; rest !== 0; rest &= rest - 1) this.count++;
    }
  }
}
