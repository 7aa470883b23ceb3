import { availableParallelism } from 'node:os';
import { S3LogExtractionError } from '../../cache/error.js';

/** What to generate. 1 MB = 1,000,000 bytes, 1 KB = 1,000 bytes. */
export interface BenchmarkOptions {
  /** Where the log files go; made when missing. */
  readonly directory: string;
  readonly sizeMb: number;
  /** Same options and seed, same bytes. Default 1. */
  readonly seed?: number;
  /** Size of every file; without it sizes vary from 4 KB to 4 MB. */
  readonly fileSizeKb?: number;
  /** `flat`, or `nested`: account/region/bucket/YYYY/MM/DD. Default flat. */
  readonly layout?: 'flat' | 'nested';
  /** How many different keys, addresses, datasets and buckets to draw from. */
  readonly keys?: number;
  readonly addresses?: number;
  readonly datasets?: number;
  readonly buckets?: number;
  /** How many days the requests spread over, from 2024-01-01. Default 30. */
  readonly days?: number;
  /** How many threads write. They change nothing but the time. Default: all cores, where it pays. */
  readonly threads?: number;
}

export type ResolvedBenchmarkOptions = Required<Omit<BenchmarkOptions, 'fileSizeKb'>> & {
  readonly fileSizeKb: number | null;
};

/** The options of `testing generate benchmark` make no sense. */
export class BenchmarkOptionError extends S3LogExtractionError {
  constructor(option: string, why: string) {
    super('BENCHMARK_OPTION_INVALID', `Cannot generate benchmark logs: ${option} ${why}.`, {
      hint: 'See `s3logextraction testing generate benchmark --help`.',
    });
  }
}

/** An index of an address is 24 bits (see benchmark-addresses.ts). */
const MOST_ADDRESSES = 2 ** 24;
const MOST_KEYS = 2 ** 24;

/** Less is written before other threads have started. */
const THREADS_FROM_MB = 64;
const MOST_THREADS = 64;

/** @throws {BenchmarkOptionError} */
export function resolveBenchmarkOptions(options: BenchmarkOptions): ResolvedBenchmarkOptions {
  const keys = wholeNumber('keys', options.keys ?? 20_000, MOST_KEYS);
  const sizeMb = positive('size', options.sizeMb);
  return {
    directory: options.directory,
    sizeMb,
    seed: wholeNumber('seed', options.seed ?? 1, Number.MAX_SAFE_INTEGER),
    fileSizeKb: options.fileSizeKb === undefined ? null : positive('file size', options.fileSizeKb),
    layout: options.layout ?? 'flat',
    keys,
    addresses: wholeNumber('addresses', options.addresses ?? 5_000, MOST_ADDRESSES),
    datasets: Math.min(keys, wholeNumber('datasets', options.datasets ?? 400, 900_000)),
    buckets: wholeNumber('buckets', options.buckets ?? 1, 100_000),
    days: wholeNumber('days', options.days ?? 30, 3_650),
    threads: wholeNumber('threads', options.threads ?? defaultThreads(sizeMb), MOST_THREADS),
  };
}

function defaultThreads(sizeMb: number): number {
  return sizeMb < THREADS_FROM_MB ? 1 : Math.min(availableParallelism(), MOST_THREADS);
}

function positive(option: string, value: number): number {
  if (Number.isFinite(value) && value > 0) return value;
  throw new BenchmarkOptionError(option, 'must be a number above 0');
}

function wholeNumber(option: string, value: number, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value;
  throw new BenchmarkOptionError(option, `must be a whole number from 1 to ${most}`);
}
