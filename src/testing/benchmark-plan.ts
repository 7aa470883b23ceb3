import type { ResolvedBenchmarkOptions } from './benchmark-options.js';
import { bucketName } from './benchmark-tails.js';
import { DAY_SECONDS, FIRST_SECOND } from './benchmark-time.js';
import { type Random, seededRandom } from './random.js';

/** A log file that will be made; whoever makes it needs nothing of the others. */
export interface PlannedFile {
  /** From 0; also the number of its stream of random numbers, less one. */
  readonly number: number;
  /** Relative to the directory, with `/`. */
  readonly name: string;
  /** Its size, up to the rest of a line. */
  readonly bytes: number;
  /** What its requests spread over, in seconds after the first day's beginning. */
  readonly fromSecond: number;
  readonly widthSeconds: number;
  readonly withLastLf: boolean;
}

/** Sizes of files vary from 4 KB to 4 MB when no size is asked for. */
const SMALLEST_FILE_BYTES = 4_000;
const LARGEST_RATIO = 1_000;

/** None that a file has. */
const STREAM_OF_PLAN = -1;

/** All files of a benchmark. The same options give the same plan. */
export function planFiles(options: ResolvedBenchmarkOptions): PlannedFile[] {
  const random = seededRandom(options.seed);
  random.restart(STREAM_OF_PLAN);
  const plan: PlannedFile[] = [];
  const wantedBytes = options.sizeMb * 1e6;
  const spanSeconds = options.days * DAY_SECONDS;
  for (let planned = 0; wantedBytes - planned >= 1; ) {
    const bytes = Math.min(nextFileBytes(options, random), wantedBytes - planned);
    // A file covers its share of the days, so that days fill up as files do.
    const fromSecond = (planned / wantedBytes) * spanSeconds;
    const widthSeconds = Math.max(1, (bytes / wantedBytes) * spanSeconds);
    const number = plan.length;
    const name = fileName(options, number, Math.floor(fromSecond + widthSeconds), random);
    plan.push({ number, name, bytes, fromSecond, widthSeconds, withLastLf: number % 7 !== 3 });
    planned += bytes;
  }
  return plan;
}

function nextFileBytes(options: ResolvedBenchmarkOptions, random: Random): number {
  if (options.fileSizeKb !== null) return options.fileSizeKb * 1e3;
  return SMALLEST_FILE_BYTES * LARGEST_RATIO ** random.fraction();
}

/** `[folders/]YYYY-MM-DD-hh-mm-ss-<16 HEX>`; the number of the file in it makes it unique. */
function fileName(
  options: ResolvedBenchmarkOptions,
  number: number,
  deliveredSecond: number,
  random: Random,
): string {
  const time = new Date((FIRST_SECOND + deliveredSecond) * 1_000).toISOString().slice(0, 19);
  const unique = [random.next(), Math.imul(number, 0x9e3779b1) >>> 0]
    .map((half) => half.toString(16).toUpperCase().padStart(8, '0'))
    .join('');
  const base = `${time.replace(/[T:]/g, '-')}-${unique}`;
  if (options.layout === 'flat') return base;
  const bucket = bucketName(number % options.buckets);
  return `111122223333/us-east-1/${bucket}/${time.slice(0, 10).replaceAll('-', '/')}/${base}`;
}
