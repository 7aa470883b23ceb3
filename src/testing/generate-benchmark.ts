import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { PUBLISHED, writeFileAtomic } from '../../cache/atomic-write.js';
import { LogFileWriter, listingOf, prepareDirectory, truthPath } from './benchmark-files.js';
import { benchmarkKeys } from './benchmark-keys.js';
import { benchmarkLines } from './benchmark-lines.js';
import {
  type BenchmarkOptions,
  type ResolvedBenchmarkOptions,
  resolveBenchmarkOptions,
} from './benchmark-options.js';
import { bucketName } from './benchmark-tails.js';
import { DAY_SECONDS, FIRST_SECOND } from './benchmark-time.js';
import { type BenchmarkTruth, TruthCounter } from './benchmark-truth.js';
import { type Random, seededRandom } from './random.js';

export type { BenchmarkOptions } from './benchmark-options.js';
export type { BenchmarkTruth } from './benchmark-truth.js';

/** Sizes of files vary from 4 KB to 4 MB when no size is asked for. */
const SMALLEST_FILE_BYTES = 4_000;
const LARGEST_RATIO = 1_000;

/**
 * Write made-up logs that look like those of a busy archive, and `<directory>.truth.json` with what
 * they must come to. The same options give the same bytes and names.
 *
 * @param onProgress called now and then with the bytes written so far
 * @throws {BenchmarkOptionError} @throws {BenchmarkDirectoryError}
 */
export async function generateBenchmark(
  options: BenchmarkOptions,
  onProgress: (bytes: number) => void = () => {},
): Promise<BenchmarkTruth> {
  const resolved = resolveBenchmarkOptions(options);
  const { directory } = resolved;
  prepareDirectory(directory);
  const random = seededRandom(resolved.seed);
  const keys = benchmarkKeys(resolved.keys, resolved.datasets, random);
  const makeLine = benchmarkLines(resolved, keys, random);
  const counter = new TruthCounter(keys, resolved.keys, resolved.addresses);
  const writer = new LogFileWriter();
  const files: { name: string; bytes: number }[] = [];
  const wantedBytes = resolved.sizeMb * 1e6;
  const spanSeconds = resolved.days * DAY_SECONDS;
  let bytes = 0;
  let reported = 0;
  while (bytes < wantedBytes) {
    const fileBytes = Math.min(
      nextFileBytes(resolved, random, files.length, bytes),
      wantedBytes - bytes,
    );
    // A file covers its share of the days, so that days fill up as files do.
    const from = (bytes / wantedBytes) * spanSeconds;
    const width = Math.max(1, (fileBytes / wantedBytes) * spanSeconds);
    const name = fileName(resolved, files.length, FIRST_SECOND + Math.floor(from + width), random);
    writer.open(join(directory, name));
    do {
      const second = Math.min(spanSeconds - 1, Math.floor(from + random.fraction() * width));
      const line = makeLine(FIRST_SECOND + second);
      counter.add(line, FIRST_SECOND + second);
      writer.write(line.text);
    } while (writer.bytes < fileBytes);
    const withLastLf = files.length % 7 !== 3;
    files.push({ name, bytes: writer.bytes - (withLastLf ? 0 : 1) });
    writer.close(withLastLf);
    bytes += files[files.length - 1].bytes;
    if (bytes - reported > 16e6) {
      reported = bytes;
      onProgress(bytes);
      await setImmediate();
    }
  }
  const truth = counter.finish(resolved, { files: files.length, bytes, listing: listingOf(files) });
  writeFileAtomic(truthPath(directory), `${JSON.stringify(truth, null, 2)}\n`, PUBLISHED);
  onProgress(bytes);
  return truth;
}

/** Lines end where they end: a file makes up for those before it, so that the count comes out. */
function nextFileBytes(
  options: ResolvedBenchmarkOptions,
  random: Random,
  number: number,
  bytesBefore: number,
): number {
  if (options.fileSizeKb !== null) return (number + 1) * options.fileSizeKb * 1e3 - bytesBefore;
  return SMALLEST_FILE_BYTES * LARGEST_RATIO ** random.fraction();
}

/** `[folders/]YYYY-MM-DD-hh-mm-ss-<16 HEX>`; the number of the file in it makes it unique. */
function fileName(
  options: ResolvedBenchmarkOptions,
  number: number,
  deliveredSeconds: number,
  random: Random,
): string {
  const time = new Date(deliveredSeconds * 1_000).toISOString().slice(0, 19);
  const unique = [random.next(), Math.imul(number, 0x9e3779b1) >>> 0]
    .map((half) => half.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
  const base = `${time.replace(/[T:]/g, '-')}-${unique}`;
  if (options.layout === 'flat') return base;
  const bucket = bucketName(number % options.buckets);
  return `111122223333/us-east-1/${bucket}/${time.slice(0, 10).replaceAll('-', '/')}/${base}`;
}
