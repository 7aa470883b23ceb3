import type { BenchmarkKeys } from './benchmark-keys.js';
import type { BenchmarkLine } from './benchmark-lines.js';
import type { ResolvedBenchmarkOptions } from './benchmark-options.js';
import { DAY_SECONDS, isoDay } from './benchmark-time.js';

/** Sums of some requests. Byte sums are exact, as decimal strings, for they may exceed 2^53. */
export interface TruthSums {
  readonly bytes_sent: string;
  readonly requests: number;
  readonly downloads: number;
}

/** What generated logs must come to, counted while they were written and not by reading them. */
export interface BenchmarkTruth {
  readonly generator: typeof GENERATOR;
  /** The options, without the directory. */
  readonly options: Omit<ResolvedBenchmarkOptions, 'directory'>;
  /** SHA-256 over names and sizes of all files. */
  readonly listing: string;
  readonly files: number;
  readonly bytes: number;
  readonly lines: {
    readonly total: number;
    readonly kept: number;
    readonly skipped: number;
    readonly rejected: number;
    readonly reasons: Readonly<Record<string, number>>;
  };
  /** Different keys among the kept lines. */
  readonly keys: number;
  /** By dataset, in code-point order; `requesters` are different addresses. */
  readonly datasets: Readonly<Record<string, TruthSums & { readonly requesters: number }>>;
  readonly archive: TruthSums & {
    readonly requesters: number;
    readonly by_day: readonly (TruthSums & { readonly date: string })[];
  };
}

export const GENERATOR = 's3logextraction testing generate benchmark, version 1';

/** Counts lines as they are made. */
export class TruthCounter {
  readonly #lines = { total: 0, kept: 0, skipped: 0, rejected: 0 };
  readonly #reasons = new Map<string, number>();
  readonly #datasets = new Map<number, Sums & { requesters: BitSet }>();
  readonly #days = new Map<number, Sums>();
  readonly #requesters: BitSet;
  readonly #usedKeys: BitSet;
  readonly #keys: BenchmarkKeys;
  readonly #addressCount: number;

  constructor(keys: BenchmarkKeys, keyCount: number, addressCount: number) {
    this.#keys = keys;
    this.#addressCount = addressCount;
    this.#requesters = new BitSet(addressCount);
    this.#usedKeys = new BitSet(keyCount);
  }

  add(line: BenchmarkLine, timeSeconds: number): void {
    this.#lines.total++;
    if (line.outcome === 'skipped') {
      this.#lines.skipped++;
    } else if (line.outcome === 'kept') {
      this.#lines.kept++;
      this.#addRecord(line, Math.floor(timeSeconds / DAY_SECONDS));
    } else {
      this.#lines.rejected++;
      this.#reasons.set(line.outcome, (this.#reasons.get(line.outcome) ?? 0) + 1);
    }
  }

  #addRecord(line: BenchmarkLine, day: number): void {
    const number = this.#keys.datasetOf(line.key);
    let dataset = this.#datasets.get(number);
    if (dataset === undefined) {
      dataset = Object.assign(new Sums(), { requesters: new BitSet(this.#addressCount) });
      this.#datasets.set(number, dataset);
    }
    let sums = this.#days.get(day);
    if (sums === undefined) {
      sums = new Sums();
      this.#days.set(day, sums);
    }
    dataset.add(line);
    dataset.requesters.add(line.address);
    sums.add(line);
    this.#requesters.add(line.address);
    this.#usedKeys.add(line.key);
  }

  finish(
    options: ResolvedBenchmarkOptions,
    written: { files: number; bytes: number; listing: string },
  ): BenchmarkTruth {
    const { directory: _, ...kept } = options;
    const days = [...this.#days].sort(([a], [b]) => a - b);
    const total = new Sums();
    for (const [, sums] of days) total.merge(sums);
    return {
      generator: GENERATOR,
      options: kept,
      ...written,
      lines: { ...this.#lines, reasons: Object.fromEntries([...this.#reasons].sort()) },
      keys: this.#usedKeys.count,
      datasets: Object.fromEntries(
        [...this.#datasets]
          .map(([number, d]) => {
            const value = { ...d.toTruth(), requesters: d.requesters.count };
            return [this.#keys.datasets[number], value] as const;
          })
          .sort(([a], [b]) => (a < b ? -1 : 1)),
      ),
      archive: {
        ...total.toTruth(),
        requesters: this.#requesters.count,
        by_day: days.map(([day, sums]) => ({ date: isoDay(day), ...sums.toTruth() })),
      },
    };
  }
}

/** A bigint per line would be slow: numbers gather below 2^52 and are carried over before that. */
class Sums {
  #bytes = 0n;
  #recentBytes = 0;
  requests = 0;
  downloads = 0;

  add(line: BenchmarkLine): void {
    this.#recentBytes += line.bytesSent;
    if (this.#recentBytes > 2 ** 52) this.#carry();
    this.requests++;
    if (line.download) this.downloads++;
  }

  merge(other: Sums): void {
    other.#carry();
    this.#bytes += other.#bytes;
    this.requests += other.requests;
    this.downloads += other.downloads;
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
class BitSet {
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
}
