import type { BenchmarkKeys } from './benchmark-keys.js';
import type { BenchmarkLine } from './benchmark-lines.js';
import type { ResolvedBenchmarkOptions } from './benchmark-options.js';
import { DAY_SECONDS, isoDay } from './benchmark-time.js';
import { BitSet, Sums, type SumsPart, type TruthSums } from './truth-sums.js';

/** What generated logs must come to, counted while they were written and not by reading them. */
export interface BenchmarkTruth {
  /** Program and version. */
  readonly generator: string;
  /** The options, without what changes no byte. */
  readonly options: Omit<ResolvedBenchmarkOptions, 'directory' | 'threads'>;
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

/** How every truth file of this generator begins, whatever its version. */
export const GENERATOR = 's3logextraction testing generate benchmark, version ';
/** 2: every file is made of a stream of random numbers of its own. */
const VERSION = 2;

/** What one thread counted, as it travels to another. */
export interface TruthPart {
  readonly lines: { total: number; kept: number; skipped: number; rejected: number };
  readonly reasons: ReadonlyMap<string, number>;
  readonly datasets: ReadonlyMap<number, { sums: SumsPart; requesters: Uint32Array }>;
  readonly days: ReadonlyMap<number, SumsPart>;
  readonly requesters: Uint32Array;
  readonly keys: Uint32Array;
}

/** Counts lines as they are made. */
export class TruthCounter {
  readonly #lines = { total: 0, kept: 0, skipped: 0, rejected: 0 };
  readonly #reasons = new Map<string, number>();
  readonly #datasets = new Map<number, { sums: Sums; requesters: BitSet }>();
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
      this.#addReason(line.outcome, 1);
    }
  }

  /** Everything counted so far, for {@link merge} of another counter of the same options. */
  part(): TruthPart {
    return {
      lines: this.#lines,
      reasons: this.#reasons,
      datasets: new Map(
        [...this.#datasets].map(([number, { sums, requesters }]) => [
          number,
          { sums: sums.part(), requesters: requesters.part() },
        ]),
      ),
      days: new Map([...this.#days].map(([day, sums]) => [day, sums.part()])),
      requesters: this.#requesters.part(),
      keys: this.#usedKeys.part(),
    };
  }

  merge(part: TruthPart): void {
    for (const name of ['total', 'kept', 'skipped', 'rejected'] as const) {
      this.#lines[name] += part.lines[name];
    }
    for (const [reason, count] of part.reasons) this.#addReason(reason, count);
    for (const [number, { sums, requesters }] of part.datasets) {
      const dataset = this.#dataset(number);
      dataset.sums.merge(sums);
      dataset.requesters.merge(requesters);
    }
    for (const [day, sums] of part.days) this.#day(day).merge(sums);
    this.#requesters.merge(part.requesters);
    this.#usedKeys.merge(part.keys);
  }

  #addReason(reason: string, count: number): void {
    this.#reasons.set(reason, (this.#reasons.get(reason) ?? 0) + count);
  }

  #addRecord(line: BenchmarkLine, day: number): void {
    const dataset = this.#dataset(this.#keys.datasetOf(line.key));
    dataset.sums.add(line);
    dataset.requesters.add(line.address);
    this.#day(day).add(line);
    this.#requesters.add(line.address);
    this.#usedKeys.add(line.key);
  }

  #dataset(number: number) {
    let dataset = this.#datasets.get(number);
    if (dataset === undefined) {
      dataset = { sums: new Sums(), requesters: new BitSet(this.#addressCount) };
      this.#datasets.set(number, dataset);
    }
    return dataset;
  }

  #day(day: number): Sums {
    let sums = this.#days.get(day);
    if (sums === undefined) {
      sums = new Sums();
      this.#days.set(day, sums);
    }
    return sums;
  }

  finish(
    options: ResolvedBenchmarkOptions,
    written: { files: number; bytes: number; listing: string },
  ): BenchmarkTruth {
    const { directory: _directory, threads: _threads, ...kept } = options;
    const days = [...this.#days].sort(([a], [b]) => a - b);
    const total = new Sums();
    for (const [, sums] of days) total.merge(sums.part());
    return {
      generator: `${GENERATOR}${VERSION}`,
      options: kept,
      ...written,
      lines: { ...this.#lines, reasons: Object.fromEntries([...this.#reasons].sort()) },
      keys: this.#usedKeys.count,
      datasets: Object.fromEntries(
        [...this.#datasets]
          .map(([number, { sums, requesters }]) => {
            const value = { ...sums.toTruth(), requesters: requesters.count };
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
